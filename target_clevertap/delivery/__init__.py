"""Delivery: items into calls, in order, with states that are never ahead of their rows."""

from target_clevertap.delivery.batch import Limits
from target_clevertap.delivery.checkpoints import Checkpoints
from target_clevertap.delivery.delivery import Delivery
from target_clevertap.delivery.outcomes import Outcomes, Ticket
from target_clevertap.delivery.preview import Preview
from target_clevertap.delivery.run import Run
from target_clevertap.delivery.segments import SegmentList, Segments
from target_clevertap.delivery.waiting import Waiting

__all__ = [
    "Checkpoints",
    "Delivery",
    "Limits",
    "Outcomes",
    "Preview",
    "Run",
    "SegmentList",
    "Segments",
    "Ticket",
    "Waiting",
]
