"""What the Singer SDK's metrics log is told of calls, which the SDK cannot see."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from singer_sdk import metrics
from singer_sdk.metrics import Counter, Metric, Point, Status, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable
    from logging import LogRecord

    from target_clevertap.clevertap import Attempt


class SdkMetrics:
    """HTTP calls by endpoint and status, and how long each upload took its streams.

    All is logged by `singer_sdk.metrics`, in the form that Meltano and others read. For any
    thread.
    """

    def __init__(self) -> None:
        self._logger = metrics.get_metrics_logger()
        self._logger.addFilter(_name_stream)
        self._lock = Lock()
        self._counters: dict[tuple[str, int | None], Counter] = {}

    def attempt(self, attempt: Attempt) -> None:
        """A try of a call has ended."""
        status = Status.SUCCEEDED if attempt.error is None else Status.FAILED
        tags: dict[str, Any] = {
            Tag.ENDPOINT: attempt.call,
            Tag.HTTP_STATUS_CODE: attempt.status,
        }
        timed = tags | {Tag.STATUS: status}
        metrics.log(
            self._logger, Point("timer", Metric.HTTP_REQUEST_DURATION, attempt.seconds, timed)
        )
        with self._lock:
            key = (attempt.call, attempt.status)
            if key not in self._counters:
                self._counters[key] = Counter(Metric.HTTP_REQUEST_COUNT, tags)
            self._counters[key].increment()

    def batch(self, streams: Iterable[str], seconds: float, *, succeeded: bool) -> None:
        """A call with rows of these streams, and all its tries, took so long."""
        status = Status.SUCCEEDED if succeeded else Status.FAILED
        for stream in streams:
            tags: dict[str, Any] = {Tag.STREAM: stream, Tag.STATUS: status}
            metrics.log(self._logger, Point("timer", Metric.BATCH_PROCESSING_TIME, seconds, tags))

    def close(self) -> None:
        """Log the counts that have not been."""
        with self._lock:
            for counter in self._counters.values():
                counter.exit()
            self._counters.clear()


def _name_stream(record: LogRecord) -> bool:
    """Gives a measurement of one stream the name where structured logs look for it.

    The SDK has it among the tags only. As one function it is a filter once, however often added.
    """
    if isinstance(record.args, tuple) and record.args and isinstance(record.args[0], Point):
        record.stream_name = record.args[0].tags.get(Tag.STREAM)
    return True
