"""Sinks: a record of one stream into an item on its way, or into a rejection."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from logging import LoggerAdapter
from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk.sinks import Sink
from typing_extensions import override

from target_clevertap.mapping import (
    Policies,
    Rejection,
    SchemaCheck,
    compile_mapping,
    compile_shortcut,
)
from target_clevertap.reader import beginning_of
from target_clevertap.rejects import Refused, Stream
from target_clevertap.settings import EventMapping, ProfileMapping, SegmentMapping, StreamMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_sdk.mapper import PluginMapper
    from singer_sdk.target_base import Target

    from target_clevertap.delivery import Preview, Run, Ticket
    from target_clevertap.mapping import EventRules, ProfileRules, SegmentRules, Shortcut
    from target_clevertap.mapping.rules import Rules
    from target_clevertap.reader import LineReader

Record = dict[str, Any]

COUNTS_WHEN_READ = not hasattr(Sink, "_clean_up")
"""Until singer-sdk 0.54 `record_count` grows with each record read, from 0.55 on when drained."""


class Origin(Protocol):
    """The target, as far as its sinks know it: the run, and the message being processed."""

    run: Run | Preview
    mapper: PluginMapper
    message: Record
    message_reader: LineReader
    trying_again: bool
    """Whether the messages are those of rows that a former run rejected."""


class CleverTapSink(Sink):
    """What all sinks share. Items are batched across streams, so the SDK's own batches stay unused.

    `_parse_timestamps_in_record` and `_after_process_record` do nothing here: the mapping reads
    dates, and the SDK's version would log at DEBUG for every record.
    """

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: Record,
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self.origin: Origin = target  # type: ignore[assignment] # only our target makes our sinks
        # As the SDK does for the streams of a tap: its own lines about a sink carry the name too.
        self.logger = LoggerAdapter(self.logger, {"stream_name": stream_name})  # type: ignore[assignment]
        self._uncounted = 0
        self._cleaned_up = False

    @override
    def setup(self) -> None:
        super().setup()
        self.announce()

    def announced(self) -> Stream:
        """The stream as its SCHEMA line announces it, before any stream map."""
        message = self.origin.message
        return Stream(
            self.stream_name,
            message["schema"],
            tuple(message.get("key_properties") or ()),
            _nameless,
            origin=message["stream"],
            again=self.origin.trying_again,
        )

    def announce(self) -> None:
        """A SCHEMA of its stream has come: rows belong to that from now on."""
        self._stream = self.announced()
        self.origin.run.outcomes.begin(self._stream)

    @override
    def process_record(self, record: Record, context: Record) -> None:
        """Send a record on its way, or reject it."""
        outcomes = self.origin.run.outcomes
        reader = self.origin.message_reader
        ticket = outcomes.read(self._stream, reader.line, reader.row_number)
        try:
            self.deliver(record, ticket)
        except Rejection as rejection:
            refused = Refused(rejection.code, rejection.reason, rejection.property)
            outcomes.rejected(ticket, refused)

    @abstractmethod
    def deliver(self, record: Record, ticket: Ticket) -> None:
        """Send the record on its way.

        Raises:
            Rejection: when it cannot go to CleverTap as it is.
        """

    def count_rows(self, count: int) -> None:
        """Counts rows that did not come through the SDK, for the SDK's metrics."""
        self._uncounted += count

    @override
    def clean_up(self) -> None:
        """Tells the SDK's metrics of the rows that did not come through it; once is enough."""
        if not self._cleaned_up:
            self._cleaned_up = True
            self.tally_record_read(self._uncounted)
            rows = self._uncounted if COUNTS_WHEN_READ else self._total_records_read
            self.record_counter_metric.increment(rows)
            self.record_counter_metric.exit()  # from 0.55 on the SDK's own clean_up does not

    @override
    def get_validator(self) -> None:
        """None: a row that does not fit its SCHEMA is rejected, it does not stop the run."""

    @property
    @override
    def is_full(self) -> bool:
        """Never: the batch that counts is the one all streams share."""
        return False

    @override
    def process_batch(self, context: Record) -> None:
        """Nothing is left to do: records are on their way since `process_record`."""

    @override
    def _parse_timestamps_in_record(self, *_args: object, **_kwargs: object) -> None:
        pass

    @override
    def _after_process_record(self, context: Record) -> None:
        pass


class MappedSink(CleverTapSink):
    """A sink whose stream has a mapping, compiled when the SCHEMA comes."""

    mapping: StreamMapping
    rules: Rules

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: Record,
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        settings = self.origin.run.settings
        key, self.mapping = settings.mapping_for(stream_name)
        self.rules = compile_mapping(
            self.mapping,
            self.schema,
            Policies.of(settings),
            path=f"streams.{key}",
            key_properties=self.key_properties,
        )
        in_tap = str(self.origin.message["stream"])
        self.origin.run.open_stream(self.stream_name, self.mapping, in_tap)
        self._check = SchemaCheck(stream_name, self.schema) if self.validate_schema else None
        self.shortcut = self._compile_shortcut()
        for notice in self.rules.notices:
            self.logger.warning("%s: %s", stream_name, notice)

    @override
    def announced(self) -> Stream:
        return replace(super().announced(), row_key=self._row_key(), retried=self.retries)

    def _row_key(self) -> Callable[[Record], Sequence[object]]:
        """What names a row, out of its record as the tap sends it: read where the mapping reads."""
        maps = self.origin.mapper.stream_maps[self.origin.message["stream"]]
        mapped = next(each.transform for each in maps if each.stream_alias == self.stream_name)
        key = self.rules.row_key
        return lambda record: key(mapped(record) or {})

    @property
    def retries(self) -> bool:
        """Whether a rejected row is tried again in the next run."""
        return self.origin.run.settings.retry_rejected

    def _compile_shortcut(self) -> Shortcut | None:
        """The short way of a clean row; None where there is none."""
        return None

    def open_short_way(self, line: bytes) -> None:
        """Let lines that begin like this one, a RECORD of the stream, be taken undecoded."""
        short_way = self.origin.run.short_way
        if self.shortcut is None or short_way is None:
            return
        if (beginning := beginning_of(line, self.stream_name)) is not None:
            short_way.open(beginning, self._stream, self.shortcut, self.count_rows)

    @override
    def deliver(self, record: Record, ticket: Ticket) -> None:
        if self._check is not None:
            self._check.refuse_misfit(record)
        if is_deleted(self.origin.message):
            self.deliver_deletion(record, ticket)
        else:
            self.deliver_row(record, ticket)

    @abstractmethod
    def deliver_row(self, record: Record, ticket: Ticket) -> None:
        """Send a row that is there on its way."""

    def deliver_deletion(self, record: Record, ticket: Ticket) -> None:  # noqa: ARG002
        """A row that the source has deleted: nothing to send, unless a kind says otherwise."""
        self.origin.run.outcomes.ignored(ticket)


class ItemSink(MappedSink):
    """A sink whose rows become items of uploads."""

    rules: ProfileRules | EventRules

    @override
    def _compile_shortcut(self) -> Shortcut | None:
        return compile_shortcut(self.rules, self.schema, self.key_properties)

    @override
    def deliver_row(self, record: Record, ticket: Ticket) -> None:
        self.origin.run.items.add(self.rules.item(record), ticket)


class ProfileSink(ItemSink):
    """Rows become profiles."""

    rules: ProfileRules

    @override
    def announced(self) -> Stream:
        return replace(super().announced(), moving=self.retries and self.rules.moving)

    @override
    def deliver_deletion(self, record: Record, ticket: Ticket) -> None:
        if self.rules.deletes:
            self.origin.run.items.add(self.rules.deletion(record), ticket)
        else:
            super().deliver_deletion(record, ticket)


class EventSink(ItemSink):
    """Rows become events."""

    rules: EventRules


class SegmentSink(MappedSink):
    """Rows become the members of a custom list."""

    mapping: SegmentMapping
    rules: SegmentRules

    @override
    def setup(self) -> None:
        super().setup()
        self._segment: Any = self.origin.run.segments.open(self.mapping, self._stream)

    @property
    @override
    def retries(self) -> bool:
        """Not for a list that each run brings as a whole: the row is in it, or it is not."""
        return super().retries and self.mapping.membership == "accumulate"

    @override
    def deliver_row(self, record: Record, ticket: Ticket) -> None:
        self.origin.run.segments.add(self._segment, self.rules.member(record), ticket)

    @override
    def deliver_deletion(self, record: Record, ticket: Ticket) -> None:
        if self.mapping.membership == "accumulate":
            member = self.rules.member(record)
            self.origin.run.segments.add(self._segment, member, ticket, gone=True)
        else:
            super().deliver_deletion(record, ticket)


class IgnoredSink(CleverTapSink):
    """The sink of a stream that no mapping covers, with `unmapped_streams: ignore`."""

    @override
    def setup(self) -> None:
        super().setup()
        self.logger.warning(
            "Stream %s has no mapping under `streams`: its rows are not sent.", self.stream_name
        )

    @override
    def deliver(self, record: Record, ticket: Ticket) -> None:
        self.origin.run.outcomes.ignored(ticket)


def _nameless(_record: Record) -> Sequence[object]:
    """The key of a row whose stream has no mapping: it is not rejected, so nobody asks."""
    return ()


def is_deleted(message: Record) -> bool:
    """Whether a RECORD says that its row is gone at the source.

    The message is asked and not the record: the SDK takes the `_sdc_` columns out of that.
    """
    return message["record"].get("_sdc_deleted_at") is not None


SINKS: dict[type[StreamMapping], type[CleverTapSink]] = {
    ProfileMapping: ProfileSink,
    EventMapping: EventSink,
    SegmentMapping: SegmentSink,
}
"""The sink for a kind of mapping; a stream without one has the IgnoredSink."""
