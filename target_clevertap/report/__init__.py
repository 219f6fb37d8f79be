"""What happened in a run."""

from target_clevertap.report.tally import Tally

__all__ = ["Tally"]
