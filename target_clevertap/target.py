"""The Singer target: the SDK's hooks, and nothing that another part could decide."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack, closing, suppress
from itertools import count, islice
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from target_clevertap import stream_maps
from target_clevertap.batch_files import Batch, BatchRow, Storage, batch_rows
from target_clevertap.errors import InputError, StateNotWritten, TargetCleverTapError
from target_clevertap.options import OPTIONS, print_check, print_line, print_suggestion
from target_clevertap.reader import LOOK_AT_TAP, LineReader, Message, StateLine
from target_clevertap.rejects import former_reason
from target_clevertap.retrying import RetryingTarget
from target_clevertap.sinks import SINKS, CleverTapSink, IgnoredSink, MappedSink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.sinks import Sink

    from target_clevertap.delivery import Preview, Run

ENDED_AT_ONCE = (
    b"Ended at once by a second signal: calls under way may or may not have arrived, and come "
    b"again with the next run.\n"
)

KEEP_SCHEMA = "Put back the SCHEMA line that stands before it in rejected.jsonl."

ROWS_BETWEEN_TICKS = 256
"""Of a batch file: what is due meanwhile does not wait for its end."""


class TargetCleverTap(RetryingTarget):
    """Loads profiles, events and segments into CleverTap."""

    name = "target-clevertap"
    message_reader_class = LineReader
    message_reader: LineReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.BATCH,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]

    def __init__(self, *, preview: int | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own arguments
        """Ready to listen.

        Args:
            preview: send nothing, and print what so many rows of each stream would be sent as.
            kwargs: of the SDK.
        """
        super().__init__(**kwargs)
        # At DEBUG it logs what the filter of a stream map finds in each record.
        logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)
        self.max_parallelism = 1  # no sink keeps anything that would have to be drained
        self.message: Message = {}
        self.run = self._run(preview)
        if self.run.short_way is not None:
            self.message_reader.take = self.run.short_way.take
        self.message_reader.tick = self.run.tick
        self.message_reader.before = self.begin
        self.message_reader.failed = self.close
        self._signal: int | None = None
        self._sinks: dict[tuple[str, str], Sink] = {}
        """By the tap's name of a stream, and the name that a stream map has given it."""
        self._plain_sinks: dict[object, CleverTapSink] = {}

    def _run(self, preview: int | None) -> Run | Preview:
        # A third of what this program adds to the start of the SDK: `--version` does without.
        from target_clevertap.delivery import Preview, Run  # noqa: PLC0415

        if preview is not None:
            return Preview(self.settings, preview, print_line)
        return Run(self.settings, _write_state, wake=self.message_reader.ring)

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        """The sink for the kind of the stream's mapping.

        Raises:
            SettingsError: when no mapping covers the stream and that is not allowed.
        """
        if self.settings.unmapped_streams == "ignore" and not self.settings.covers(stream_name):
            return IgnoredSink
        _, mapping = self.settings.mapping_for(stream_name)
        return SINKS[type(mapping)]

    @override
    def get_sink(
        self,
        stream_name: str,
        *,
        record: Message | None = None,
        schema: Message | None = None,
        key_properties: Sequence[str] | None = None,
    ) -> Sink:
        """The sink for the tap's stream that the message is of.

        The SDK has one for each name; streams that a stream map gives the same one would take it
        from each other, and rows be read by the SCHEMA of another stream.
        """
        theirs = str(self.message["stream"]), stream_name
        self._sinks_active.pop(stream_name, None)
        if (sink := self._sinks.pop(theirs, None)) is not None:
            self._sinks_active[stream_name] = sink
        sink = super().get_sink(
            stream_name, record=record, schema=schema, key_properties=key_properties
        )
        self._sinks[theirs] = sink
        return sink

    @override
    def _process_schema_message(self, message_dict: Message) -> None:
        schema = message_dict.get("schema", {})
        if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
            raise self.message_reader.error("has a schema that is no object")
        self.message = message_dict
        self.close_short_way()
        try:
            with stream_maps.told(str(message_dict.get("stream"))):
                super()._process_schema_message(message_dict)
        except TargetCleverTapError as error:
            error.stream = message_dict.get("stream")
            raise
        stream = str(message_dict["stream"])
        stream_maps.guard(stream, self.mapper.stream_maps[stream], self._which_row)
        for (name_in_tap, _), sink in self._sinks.items():
            if name_in_tap == stream and isinstance(sink, CleverTapSink):
                sink.announce()
        self._find_plain_sink(stream)
        if self.try_again():
            self._process_schema_message(message_dict)  # its own SCHEMA is in force again

    def _which_row(self) -> str:
        if self.trying_again:
            return "a row that a former run has rejected"
        return f"the row in line {self.message_reader.line_number} of the input"

    def _find_plain_sink(self, stream: str) -> None:
        """Remember a sink that needs nothing of what the SDK does with a record on its way."""
        self._plain_sinks.pop(stream, None)
        maps = self.mapper.stream_maps[stream]
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform
        if plain and not maps[0].flattening_enabled:
            sink = self._sinks.get((stream, stream))
            if isinstance(sink, CleverTapSink) and not sink.include_sdc_metadata_properties:
                self._plain_sinks[stream] = sink

    @override
    def _process_record_message(self, message_dict: Message) -> None:
        if not isinstance(message_dict.get("record", {}), dict):
            raise self.message_reader.error("has a record that is no object")
        self.message = message_dict
        try:
            sink = self._plain_sinks.get(message_dict.get("stream"))
            if sink is None or "record" not in message_dict:
                super()._process_record_message(message_dict)
            else:
                self._process_plain_record(sink, message_dict["record"])
        except MissingKeyPropertiesError:
            problem = "has a record without a key property of its stream"
            raise KeyMissing(self.message_reader.error(problem)) from None
        except RecordsWithoutSchemaException:
            raise self._schema_missing("has a RECORD that came before its SCHEMA") from None

    def _schema_missing(self, problem: str) -> SchemaMissing:
        reader = self.message_reader
        replayed = former_reason(reader.line) is not None
        return SchemaMissing(reader.error(problem, KEEP_SCHEMA if replayed else LOOK_AT_TAP))

    def _process_plain_record(self, sink: CleverTapSink, record: Message) -> None:
        """What the SDK does with a record that no stream map, flattening or metadata changes.

        Its way costs more than all the rest: 24 of 37 microseconds a record, measured.
        """
        sink._remove_sdc_metadata_from_record(plain := dict(record))  # noqa: SLF001 - the SDK's own step
        sink._singer_validate_message(plain)  # noqa: SLF001 - the SDK's own step
        sink.process_record(plain, {})
        sink.count_rows(1)
        if isinstance(sink, MappedSink):
            sink.open_short_way(self.message_reader.line)

    @property
    @override
    def is_stopped(self) -> bool:
        return self._signal is not None

    @override
    def close_short_way(self) -> None:
        """What a row means changes with the SCHEMA in force, and with where the row comes from."""
        if self.run.short_way is not None:
            self.run.short_way.close()

    @override
    def _process_state_message(self, message_dict: Message) -> None:
        """Hands the bytes of the value on: no float in it is ever read and written again."""
        self._assert_line_requires(message_dict, requires={"value"})
        try:
            line = msgspec.json.decode(self.message_reader.line, type=StateLine)
        except msgspec.DecodeError:  # NaN and the like, which the reader takes in records
            raise self.message_reader.error("has a STATE that is not valid JSON") from None
        self.run.state(bytes(line.value))

    @override
    def _process_activate_version_message(self, message_dict: Message) -> None:
        """The tap has sent every row of a stream: the sign that it is whole."""
        self._assert_line_requires(message_dict, requires={"stream"})
        self.run.seen_whole(message_dict["stream"])

    @override
    def _process_batch_message(self, message_dict: Message) -> None:
        """Every record in the files of the manifest goes the way of a RECORD line of its own."""
        rows = batch_rows(self._batch(message_dict), self._batch_storage())
        with closing(rows):
            while self._signal is None and (some := list(islice(rows, ROWS_BETWEEN_TICKS))):
                self._process_batch_rows(some)
                self.message_reader.tick()

    def _process_batch_rows(self, rows: Sequence[BatchRow]) -> None:
        reader = self.message_reader
        lines, at = [row.line for row in rows], 0
        while at < len(rows):
            if took := reader.take(islice(lines, at, None), count(reader.row_number + 1)):
                at += took
                reader.batch_rows += took
                continue
            reader.line = lines[at]
            reader.batch_rows += 1
            try:
                self._process_record_message(rows[at].message)
            except MissingKeyPropertiesError:
                raise KeyMissing(rows[at].error("lacks a key property of its stream")) from None
            at += 1

    def _batch(self, message_dict: Message) -> Batch:
        self._assert_line_requires(message_dict, requires={"stream", "encoding", "manifest"})
        try:
            batch = msgspec.convert(message_dict, Batch)
        except msgspec.ValidationError:
            problem = "is a BATCH whose encoding or manifest is not as the SDK defines it"
            raise self.message_reader.error(problem) from None
        if batch.stream not in self.mapper.stream_maps:
            raise self._schema_missing("has a BATCH that came before its SCHEMA")
        return batch

    def _batch_storage(self) -> Storage:
        settings = self.config.get("batch_config") or {}
        return msgspec.convert(settings.get("storage") or {}, Storage)

    @override
    def process_endofpipe(self) -> None:
        """The input has ended: everything read gets its outcome.

        Raises:
            TargetCleverTapError: when the run could not do all that it should.
        """
        with ExitStack() as ending:
            ending.push(lambda _kind, error, _traceback: self.close(error))
            self.run.finish(cut_off=self._signal is not None)
            if self._signal is not None:
                raise self.run.interruption(self._signal)

    @override
    def _drain_all(self, sink_list: Iterable[Sink], parallelism: int) -> None:
        """Nothing: sinks keep no record, so no time would be spent on them."""

    def close(self, error: BaseException | None = None) -> None:
        """Settle what can be settled, and let go of everything; once is enough.

        `error`: what ended the run, if anything did.
        """
        with ExitStack() as closing:
            closing.callback(self.message_reader.close)
            closing.callback(self.run.close, error)
            for sink in (*self._sinks_to_clear, *self._sinks.values()):
                closing.callback(sink.clean_up)  # before the run, which has the last word

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """The first signal ends the reading, the second one the process.

        Nothing is logged here: the log may be what the signal has interrupted.
        """
        if self._signal is not None:
            _say_at_once(ENDED_AT_ONCE)
            os._exit(128 + signum)
        self._signal = signum
        self.run.interrupted(signum)
        self.message_reader.stop()

    @classmethod
    @override
    def invoke(  # type: ignore[override] # as in the SDK's own Target
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[Any] | None = None,
        check: bool = False,
        suggest: Path | None = None,
        preview: int | None = None,
    ) -> int:
        """Run the command: print what is asked for, or load what the tap sends.

        Returns the exit code; a run that could not do all raises instead.
        """
        if about:
            cls.print_about(about_format)
            return 0
        if suggest is not None:
            return print_suggestion(suggest)
        config = config or _ConfigInput()
        if check:
            return print_check(lambda: cls.typed(cls.merged(config)))
        cls(config=cls.merged(config), preview=preview).listen(file_input)
        return 0

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """The SDK's command, reading its input as bytes, with options of our own."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "file_input":
                option.type = click.File("rb")
        command.params += OPTIONS
        return command


class KeyMissing(InputError, MissingKeyPropertiesError):
    """A record lacks a key property."""


class SchemaMissing(InputError, RecordsWithoutSchemaException):
    """A RECORD came before its SCHEMA."""


def _say_at_once(sentence: bytes) -> None:
    """Write to standard error past everything that may be in the middle of writing to it."""
    if sys.stderr is not None:  # closed, its number may be that of another file by now
        with suppress(OSError):
            os.write(2, sentence)


def _write_state(value: bytes) -> None:
    if sys.stdout is None:
        raise StateNotWritten(
            "A STATE could not be written: standard output is closed. Send it to a file at least "
            "(> /dev/null, if no state is to be kept)."
        )
    try:
        sys.stdout.write(value.decode() + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise StateNotWritten(
            f"A STATE could not be written to standard output: {error.strerror}. "
            "Whatever keeps the state has ended, or its disk is full."
        ) from error
