"""What was delivered, on disk: so that events are sent once, and profiles when they change."""

from target_clevertap.ledger.calls import Recovered
from target_clevertap.ledger.ledger import Ledger, open_ledger
from target_clevertap.ledger.packed import DIGEST_BYTES, MARK_BYTES, STREAM_BYTES
from target_clevertap.ledger.segments import SegmentEntry
from target_clevertap.ledger.streams import StreamEntry
from target_clevertap.ledger.waiting import Rejected, WaitingRow

__all__ = [
    "DIGEST_BYTES",
    "MARK_BYTES",
    "STREAM_BYTES",
    "Ledger",
    "Recovered",
    "Rejected",
    "SegmentEntry",
    "StreamEntry",
    "WaitingRow",
    "open_ledger",
]
