"""Rejected rows of former runs, on their way once more as if their tap sent them."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_clevertap.configuration import ConfiguredTarget
from target_clevertap.errors import InputError, SettingsError
from target_clevertap.reader import LineReader, decode
from target_clevertap.rejects import former_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.mapper import StreamMap

    from target_clevertap.delivery import Preview, Run
    from target_clevertap.delivery.waiting import TriedAgain


class RetryingTarget(ConfiguredTarget):
    """A target that sends what its former runs have rejected, before newer versions of it come.

    The rows take the way of the input: a SCHEMA of their own, the stream maps of today, and the
    sink of the one stream that rejected them. `trying_again` tells the sinks of it.
    """

    run: Run | Preview
    message_reader: LineReader

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own arguments
        """Nothing was tried again yet; `kwargs` are those of the SDK."""
        super().__init__(**kwargs)
        self.trying_again = False
        self._replays = False

    @property
    @abstractmethod
    def is_stopped(self) -> bool:
        """Whether a signal has ended the reading."""

    @abstractmethod
    def close_short_way(self) -> None:
        """Rows mean something else from now on."""

    def begin(self, first: bytes) -> None:
        """Send what waits on its way, unless the first line is that of a rejected row.

        The input is a mended file then, and has a newer version of what waits. Whatever is not in
        it waits for the next run.
        """
        self._replays = former_reason(first) is not None
        self.try_again()

    def try_again(self) -> bool:
        """Send the rows that former runs have rejected on their way: newer versions come after.

        Returns whether there were any.
        """
        if self._replays or self.trying_again:
            return False
        self.trying_again, found = True, False
        for rejected in self.run.rows_to_try_again():
            found = True
            for why in self._send(rejected):
                extra = {"stream_name": rejected.stream}
                message = "%s: rejected rows wait on: %s"
                self.logger.warning(message, rejected.stream, why, extra=extra)
            if self.is_stopped:
                return False
        self.trying_again = False
        self.close_short_way()
        return found

    def _send(self, rejected: TriedAgain) -> Sequence[object]:
        """Send rows on their way, until the reading is stopped; returns why some are not sent."""
        stream, name_in_tap = rejected.stream, rejected.schema["stream"]
        try:
            self._process_schema_message(rejected.schema)
        except (InputError, SettingsError) as error:
            # The next SCHEMA of the stream must count, though it may be the same again.
            self.mapper.stream_maps.pop(name_in_tap, None)
            return [error]
        if not self._maps(stream, name_in_tap):
            return [f"no stream map makes it of the tap's {name_in_tap}"]
        with self._mapped_for(stream, name_in_tap):
            return self._send_rows(stream, rejected.lines)

    def _send_rows(self, stream: str, lines: Iterable[bytes]) -> Sequence[object]:
        failures: list[Exception] = []
        rows, arrived = 0, self.run.tried_again(stream)
        for line in lines:
            rows += 1
            self.message_reader.line = line
            try:
                self._process_record_message(decode(line))
            except (InputError, SettingsError) as error:
                failures.append(error)
            self.message_reader.tick()
            if self.is_stopped:
                break
        why = []
        if filtered := rows - (self.run.tried_again(stream) - arrived) - len(failures):
            why.append(f"{filtered:,}, which a filter of stream_maps leaves out")
        if failures:
            why.append(f"{len(failures):,}: {failures[0]}")
        return why

    def _maps(self, stream: str, name_in_tap: str) -> list[StreamMap]:
        """What makes a stream of the tap's; the SDK has a map also where rows stay as they are."""
        maps = self.mapper.stream_maps[name_in_tap]
        return [each for each in maps if each.stream_alias == stream]

    @contextmanager
    def _mapped_for(self, stream: str, name_in_tap: str) -> Iterator[None]:
        """Rows of the tap's stream go to this one only: others made of it have theirs already."""
        maps = self.mapper.stream_maps
        for_all, maps[name_in_tap] = maps[name_in_tap], self._maps(stream, name_in_tap)
        try:
            yield
        finally:
            maps[name_in_tap] = for_all
