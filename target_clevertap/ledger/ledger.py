"""The ledger as a run sees it."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from target_clevertap.errors import LedgerError
from target_clevertap.ledger import tables
from target_clevertap.ledger.calls import Calls, Recovered
from target_clevertap.ledger.counters import Counters
from target_clevertap.ledger.forgetting import (
    Forgettable,
    count_rows,
    forget_rows,
    forget_segment,
)
from target_clevertap.ledger.known import Known, Settled
from target_clevertap.ledger.migrations import migrate
from target_clevertap.ledger.packed import MARK_BYTES, count
from target_clevertap.ledger.place import open_database
from target_clevertap.ledger.recent import Recent
from target_clevertap.ledger.run import Run
from target_clevertap.ledger.segments import SegmentEntry, Segments
from target_clevertap.ledger.service import remember_service
from target_clevertap.ledger.sqlite import SqliteDatabase
from target_clevertap.ledger.streams import StreamEntry, Streams
from target_clevertap.ledger.waiting import Rejected, Waiting, WaitingRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from typing_extensions import Self

    from target_clevertap.ledger.calls import Uncertain
    from target_clevertap.ledger.database import Database

log = logging.getLogger(__name__)


class Ledger:
    """What was delivered to one account.

    `note`, `settle`, `superseded` and `waits_for` are for any thread, all others for the main one.
    Every method may raise LedgerError. `recovered` counts what calls of cut off runs held.
    """

    def __init__(
        self, database: Database, run: Run, uncertain: Uncertain, clock: Callable[[], float]
    ) -> None:
        """Take up what earlier runs have left.

        Args:
            database: with the tables of this program.
            run: who will write.
            uncertain: whether events and counters of cut off calls are sent again, or held.
            clock: seconds since the epoch.
        """
        self._database = database
        self._clock = clock
        self._account = run.account
        self._uncertain = uncertain
        at_once = Known(database)
        self._known = Recent(database) if isinstance(database, SqliteDatabase) else at_once
        self._streams = Streams(database, run, clock)
        self._counters = Counters(database, self._streams, clock)
        self._calls = Calls(database, at_once, self._streams, self._counters, run, clock)
        self._segments = Segments(database, run, clock)
        with database.reading() as connection:
            self.digest = str(connection.scalar(select(tables.version.c.digest)))
            """The name of what makes the digests in it."""
        self._calls.begin()
        self.recovered: Recovered = self._calls.recover(uncertain)
        self._waiting = Waiting(database, self._streams, run, clock)
        self._trouble: LedgerError | None = None
        self._unsettled: list[Recovered] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shared(self) -> bool:
        """Whether runs that have other streams may use it at the same time."""
        return self._database.shared

    def claim(self, stream: str) -> StreamEntry:
        """The stream, which no other run can have until this one ends.

        Raises:
            LedgerBusy: another run has it.
        """
        if self._streams.has(stream):
            return self._streams.claim(stream)
        entry = self._streams.claim(stream)
        # Who had the stream may have ended since this run began.
        self.recovered += self._calls.recover(self._uncertain)
        self._counters.look_up(entry.number)
        self._waiting.begin(stream)
        return entry

    def end_first_runs(self, streams: Collection[str]) -> None:
        """All that was there of these streams of the run has come."""
        self._streams.end_first_runs(streams)

    def finish_run(self) -> None:
        """The run ends well.

        Raises:
            LedgerError: also when everything is kept, but the room that was set aside was needed.
        """
        self._streams.finish_run()
        self._counters.forget_taken()
        self._stop_in_trouble()

    def known_events(self, marks: bytes) -> list[tuple[int, bool]]:
        """Position of each packed mark that is there, and whether the event is held."""
        return self._known.events(marks)

    def unchanged_profiles(self, marks: bytes, contents: bytes) -> list[int]:
        """Position of each packed mark whose content is the one that was accepted last."""
        return self._known.unchanged(marks, contents)

    @property
    def holds_counters(self) -> bool:
        """Whether `take_held_counter` may find something."""
        return self._counters.any

    def take_held_counter(self, mark: bytes, content: bytes) -> bool:
        """Whether such a profile may have been counted before a crash; each is held once.

        It is forgotten when the run ends well: until then its row may come again.
        """
        return self._counters.take(mark + content)

    def note(self, events: bytes, profiles: bytes, counters: bytes = b"") -> int:
        """A number for a call that is about to be made; on disk when this returns.

        Args:
            events: marks of those that are in the call.
            profiles: marks of those that are in it.
            counters: mark and content of each of the profiles that must not be sent twice.

        Raises:
            LedgerError: also when the ledger has failed before: no further call may be made then.
        """
        self._stop_in_trouble()
        try:
            return self._calls.note(events, profiles, counters)
        except LedgerError as error:
            self._trouble = error
            raise

    def _stop_in_trouble(self) -> None:
        if self._trouble is not None:
            raise LedgerError(str(self._trouble))

    def settle(  # noqa: PLR0913 - what an answer says
        self,
        call: int | None,
        *,
        events: bytes = b"",
        held: bytes = b"",
        profiles: bytes = b"",
        contents: bytes = b"",
        forgotten: bytes = b"",
        hold_counters: bool = False,
    ) -> None:
        """Keep the outcome of a call, or of rows that need none; on disk when this returns.

        Args:
            call: the number of its note.
            events: marks of those that were delivered.
            held: marks of those that may have been, and must not be sent again.
            profiles: marks of those that were accepted.
            contents: their digests.
            forgotten: digests of the identities of which nothing is known any more.
            hold_counters: counters of the call may have been added, and are kept as rejected.

        Raises:
            LedgerError: when it cannot be kept, not even in the room that was set aside.
        """
        outcome = Settled(int(self._clock()), events, held, profiles, contents)
        try:
            self._settle(call, outcome, forgotten, hold=hold_counters)
        except LedgerError as error:
            self._trouble = error
            self._known.keep_aside()
            try:
                if not self._database.make_room():
                    raise
                self._settle(call, outcome, forgotten, hold=hold_counters)
            except LedgerError:
                self._lose(call, outcome)
                raise

    def _settle(self, call: int | None, outcome: Settled, forgotten: bytes, *, hold: bool) -> None:
        with self._database.writing() as connection:
            if call is not None:
                self._calls.settle(connection, call, hold=hold)
            if forgotten:
                gone = self._calls.of_all_streams(connection, forgotten)
                outcome = replace(outcome, forgotten=gone)
            self._known.write(connection, outcome)
        if call is not None:
            self._calls.settled(call, hold=hold)

    def _lose(self, call: int | None, outcome: Settled) -> None:
        """CleverTap has taken something that only the note of its call tells of."""
        if call is None:
            return
        events = count(outcome.events, MARK_BYTES)
        counters = self._counters.among(call, outcome.profiles, outcome.contents)
        self._unsettled.append(Recovered(events, counters=counters))

    def wait(self, rejected: Iterable[Rejected]) -> list[int]:
        """How often each row was tried again until now; they wait in place of older versions.

        On disk when this returns.
        """
        return self._waiting.wait(rejected)

    def waiting(self, stream: str | None = None) -> Iterator[WaitingRow]:
        """The rows that wait now, in the order in which they came; of one stream, or of all."""
        return self._waiting.rows(stream)

    def waits_for(self, stream: str) -> bool:
        """Whether a row of the stream waits; costs nothing."""
        return self._waiting.waits_for(stream)

    def superseded(self, stream: str, versions: Mapping[bytes, int]) -> None:
        """Nothing as old as these versions waits any more: by digests of keys, numbers of lines."""
        self._waiting.superseded(stream, versions)

    def rename_waiting(self, stream: str, before: bytes, key: bytes | None) -> None:
        """What waits under the digest `before` waits under another one, or (None) no longer."""
        self._waiting.rename(stream, before, key)

    def forget_waiting(self, stream: str) -> None:
        """Nothing waits of a stream any more."""
        self._waiting.forget(stream)

    def segment(self, name: str) -> SegmentEntry | None:
        """The last upload of a list; None when there was none."""
        return self._segments.last_upload(name)

    def may_have_uploaded(self, name: str) -> bool:
        """Whether a list was uploaded, or an upload has begun whose end nobody has seen."""
        return self._segments.may_have_uploaded(name)

    def segment_begun(self, name: str) -> None:
        """A list is about to be uploaded for the first time."""
        self._segments.begun(name)

    def segment_refused(self, name: str) -> None:
        """The first upload of a list, which had begun, has failed."""
        self._segments.refused(name)

    def segment_uploaded(self, name: str, members: int, digest: bytes) -> None:
        """A list has been uploaded."""
        self._segments.uploaded(name, members, digest)

    def change_members(
        self, name: str, added: Iterable[tuple[str, str]], removed: Iterable[tuple[str, str]]
    ) -> None:
        """Remove members (type and identity) of a list, then add some; again does no harm."""
        self._segments.change_members(name, added, removed)

    def members(self, name: str) -> Iterator[tuple[str, str]]:
        """Type and identity of each member of a list, in the order of their bytes."""
        return self._segments.members(name)

    def member_count(self, name: str) -> int:
        """How many members a list has."""
        return self._segments.member_count(name)

    def knows(self, stream: str) -> bool:
        """Whether a run has had the stream."""
        return self._streams.known(stream)

    def forgettable(self, stream: str, before: int | None = None) -> Forgettable:
        """How many rows `forget` would forget."""
        number = self.claim(stream).number
        self._known.fold()
        with self._database.reading() as connection:
            return count_rows(connection, number, before)

    def forget(self, stream: str, before: int | None = None) -> None:
        """Forget what was delivered of a stream, and what waits.

        Args:
            stream: its name.
            before: in seconds since the epoch; only what is older. None: everything.
        """
        number = self.claim(stream).number
        self._known.fold()
        with self._database.writing() as connection:
            forget_rows(connection, number, before)
        self._counters.look_up(number)
        self._waiting.count()

    def forget_segment(self, name: str) -> None:
        """Forget the last upload of a list, and its members."""
        with self._database.writing() as connection:
            forget_segment(connection, self._account, name)

    def shrink(self) -> None:
        """Give room that is no longer needed back to the disk."""
        self._database.shrink()

    def size(self) -> int:
        """Bytes on disk."""
        return self._database.size()

    def close(self) -> None:
        """Let go of the ledger; what was noted and not settled is the next run's to decide."""
        self._tell_of_unsettled()
        try:
            # What cannot be tidied up now is not lost: the next run does it, or says what is wrong.
            with suppress(LedgerError):
                if self._trouble is None:  # else the report needs the room more
                    self._known.fold()
                    self._waiting.tidy()
                self._calls.end()
        finally:
            self._database.close()

    def _tell_of_unsettled(self) -> None:
        lost = sum(self._unsettled, Recovered())
        counts = {"events": lost.events, "profiles with counters": lost.counters}
        if not any(counts.values()):
            return
        fate = "holds those that come again, and does not send them"
        if self._uncertain == "resend":
            fate = "may send them twice, unless uncertain_events is set to hold before it"
        log.error(
            "CleverTap has taken %s that could not be written down in the ledger: the next run %s.",
            " and ".join(f"{number:,} {rows}" for rows, number in counts.items() if number),
            fate,
        )


def open_ledger(  # noqa: PLR0913 - what a run is about
    url: str | None,
    *,
    account: str,
    folder: Path,
    uncertain: Uncertain,
    local: bool | None = None,
    clock: Callable[[], float] = time.time,
) -> Ledger:
    """A ledger that nobody else writes to, ready for a run.

    Args:
        url: of a SQLite file or a PostgreSQL database; None for a file in `folder`.
        account: whose ledger it is.
        folder: of the account.
        uncertain: whether events and counters of calls that were cut off are sent again, or held.
        local: whether CleverTap is one on this machine; None when nothing is sent.
        clock: seconds since the epoch.

    Raises:
        LedgerBusy: another run has it.
        LedgerError: it cannot be used, or it speaks of another CleverTap.
    """
    run = Run.begin(account, clock)
    database = open_database(url, folder, run)
    with ExitStack() as opened:
        opened.callback(database.close)
        migrate(database)
        if local is not None:
            remember_service(database, account, local=local)
        ledger = Ledger(database, run, uncertain, clock)
        opened.pop_all()
    return ledger
