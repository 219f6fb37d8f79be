"""What happened in a run."""

from target_clevertap.report.measures import Measures
from target_clevertap.report.model import (
    Reason,
    Report,
    ReportedRun,
    ReportedSegment,
    ReportedStream,
    total,
)
from target_clevertap.report.tally import Tally

__all__ = [
    "Measures",
    "Reason",
    "Report",
    "ReportedRun",
    "ReportedSegment",
    "ReportedStream",
    "Tally",
    "total",
]
