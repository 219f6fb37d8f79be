"""The parts of one run, wired together."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import partial
from threading import Event
from time import monotonic as clock
from typing import TYPE_CHECKING

from target_clevertap.clevertap import Client, Credentials, Retries, Timeouts, api_url, is_local
from target_clevertap.delivery.batch import Limits
from target_clevertap.delivery.calls import Calls, NotedCalls
from target_clevertap.delivery.checkpoints import Checkpoints
from target_clevertap.delivery.chronicle import Chronicle
from target_clevertap.delivery.completeness import Completeness
from target_clevertap.delivery.delivery import Delivery
from target_clevertap.delivery.outcomes import Outcomes
from target_clevertap.delivery.pool import Pool
from target_clevertap.delivery.screening import Screening
from target_clevertap.delivery.segments import Segments
from target_clevertap.delivery.short_way import ShortWay
from target_clevertap.delivery.slots import Slots
from target_clevertap.delivery.waiting import Waiting
from target_clevertap.errors import GivenUp, Interrupted, TargetCleverTapError, TooManyRejected
from target_clevertap.process import program_version
from target_clevertap.rejects import Rejects
from target_clevertap.report.folder import RunFolder, run_id
from target_clevertap.settings import LEDGER_OFF, EventMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_clevertap.delivery.waiting import TriedAgain
    from target_clevertap.ledger import Ledger
    from target_clevertap.settings import Settings, StreamMapping

log = logging.getLogger(__name__)

OTHER_CALLS_AT_ONCE = 3
"""Deletions and list steps at once, for an account (CleverTap: P-LIM, 2026-03)."""


class Run:
    """Everything between the sinks and CleverTap, from the first record to the last state."""

    def __init__(
        self,
        settings: Settings,
        write_state: Callable[[bytes], None],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is sent or written yet.

        Args:
            settings: of the run.
            write_state: writes a STATE that is true.
            wake: is called from any thread when `tick` has something to do.
        """
        self.settings = settings
        started = datetime.now(timezone.utc)
        folder = RunFolder(settings.account_dir / "runs" / run_id(started))
        self.rejects = Rejects(folder.path / "rejected.jsonl")
        self.checkpoints = Checkpoints(_nowhere if settings.dry_run else self._write_state)
        self._write = write_state
        self.chronicle = Chronicle(folder, started, settings.retry_limit_seconds)
        self._giving_up = Event()
        self.client = self._connect(settings)
        self.ledger = _open_ledger(settings)
        self.waiting = None if self.ledger is None else Waiting(self.ledger)
        self.outcomes = Outcomes(self.rejects, self.checkpoints, self.waiting)
        self.chronicle.watch(self.outcomes)
        self.completeness = Completeness(self.outcomes.from_tap)
        self._pool = Pool(settings.max_concurrency, wake, self.chronicle.tick)
        self.delivery = Delivery(
            self._calls(),
            self.outcomes,
            self._pool,
            Limits(settings.batch_size_rows, settings.batch_max_bytes),
            uncertain=settings.uncertain_events,
            wait_limit=settings.batch_wait_limit_seconds,
        )
        self._lookups = Pool(1, wake)
        self.screening = self._screening()
        self.items: Delivery | Screening = self.screening or self.delivery
        """What takes items over: the first part on their way."""
        self.short_way = ShortWay(self.outcomes, self.checkpoints, self.items)
        self.segments = Segments(
            self.outcomes, folder.path, self.ledger, self.completeness, resync=settings.resync
        )
        self.failures: list[BaseException] = []
        """What went wrong; the first decides about the exit code."""
        self._closed = False

    def open_stream(self, stream: str, mapping: StreamMapping, in_tap: str) -> None:
        """A stream begins, which its tap calls `in_tap`.

        Raises:
            LedgerError: when another run has it, or the ledger cannot be read.
        """
        self.completeness.begin(stream, in_tap)
        if self.screening is not None:
            skip = isinstance(mapping, EventMapping) and mapping.first_run == "skip"
            self.screening.open(stream, skip_first_run=skip)
        if self.waiting is not None:
            self.waiting.begin(stream)

    def rows_to_try_again(self) -> Iterator[TriedAgain]:
        """The rows that former runs have rejected.

        Ask when the run begins, and whenever a stream has: each row is handed out once.
        """
        if self.waiting is None or not self.settings.retry_rejected:
            return
        for rejected in self.waiting.rows():
            if self.settings.comes_whole(rejected.stream):
                self.waiting.forget(rejected.stream)
            else:
                yield rejected

    def tried_again(self, stream: str) -> int:
        """How many of these rows were handed to the stream until now."""
        tally = self.outcomes.again.get(stream)
        return 0 if tally is None else tally.read

    def state(self, value: bytes) -> None:
        """The tap sent a STATE: all rows before it have been read."""
        self.seen_whole()
        self.checkpoints.state(value)

    def seen_whole(self, in_tap: str | None = None) -> None:
        """The tap has sent all rows so far, of one of its streams or of all."""
        self.completeness.seen_whole(in_tap)

    def tick(self) -> float | None:
        """Do what is due by now; returns in how many seconds something will be, if anything will.

        Raises:
            TargetCleverTapError: when a call has failed for good.
        """
        dues = [self.chronicle.tick(), self.items.tick(), self.checkpoints.tick()]
        return min((due for due in dues if due is not None), default=None)

    def finish(self, *, cut_off: bool) -> None:
        """The input has ended: deliver what is left, then the segments, then the last state.

        Args:
            cut_off: the input was left by a signal; no list is known to be whole then.

        Raises:
            TargetCleverTapError: when the run could not do all that it should.
        """
        self.chronicle.tick()
        self.items.finish()
        self.checkpoints.flush()
        if cut_off:
            return
        self._end_first_runs()  # whatever becomes of the lists
        refusals: Sequence[TargetCleverTapError] = ()
        if not self.settings.dry_run:
            refusals = self._upload_lists()
            self.checkpoints.flush()
        if self.ledger is not None and not refusals:
            self.ledger.finish_run()
        # What was not done at all weighs more than what was refused.
        failures = [*refusals, *self._too_many_rejected()]
        failures.sort(key=lambda failure: failure.exit_code != 1)
        self.failures += failures
        for failure in failures[1:]:
            log.error("%s", failure, extra={"stream_name": failure.stream})
        if self.failures:
            raise self.failures[0]

    def _upload_lists(self) -> Sequence[TargetCleverTapError]:
        """As `Segments.upload`, in a thread: this one says meanwhile how the run stands."""
        refusals: list[TargetCleverTapError] = []
        self._pool.start(
            partial(self.segments.upload, self.client),
            lambda tried: refusals.extend(tried.result()),
        )
        self._pool.take_all()
        return refusals

    def _end_first_runs(self) -> None:
        """Of the streams that are whole; of the others more may come of what was there before."""
        if self.ledger is None or self.screening is None:
            return
        whole = self.completeness.whole
        self.ledger.end_first_runs(whole)
        for stream in self.screening.skipped - set(whole):
            log.warning(
                "%s: its first run goes on, and the next run skips its rows too: the input ended "
                "with no STATE after its last row, as it does when a tap dies in the middle. If "
                "this tap never writes one, set first_run: send now; what was skipped stays so.",
                stream,
                extra={"stream_name": stream},
            )

    def interrupted(self, signum: int) -> None:
        """A signal has ended the reading. For its handler: nothing is said before the next tick."""
        self.chronicle.interrupted(signum)

    def interruption(self, signum: int) -> Interrupted:
        """What there is to say when a signal has ended a run that could finish its work."""
        done = "checked and nothing stored" if self.settings.dry_run else "delivered"
        if self.rejects.any:
            done += " or kept as rejected"
        if (unsettled := self._unsettled()) is None:
            return Interrupted(signum, f"what had been read is {done}")
        why = " (a segment is uploaded only when all of it was read)"
        return Interrupted(
            signum,
            f"of what had been read, {unsettled}{why if any(self.segments.untried) else ''}; "
            f"all else is {done}",
        )

    def _unsettled(self) -> str | None:
        """How many rows have no outcome, in words; None when all have one."""
        count = sum(tally.unsettled for tally in self.outcomes.tallies.values())
        if not count:
            return None
        return "1 row has no outcome" if count == 1 else f"{count:,} rows have no outcome"

    def close(self, error: BaseException | None = None) -> None:
        """Write what is true, say what happened, and let go of files, threads and connections.

        Calls that are still under way are awaited, for what they deliver belongs into the state;
        but not their next tries. `error`: what ended the run, if anything did.

        Raises:
            WorkDirError: when the report cannot be kept, and nothing else went wrong.
        """
        if self._closed:
            return
        self._closed = True
        self._giving_up.set()
        if error is not None and not self.failures:
            self.failures = [error]
        self._tell_of_crash()
        with ExitStack() as closing:
            closing.callback(self.chronicle.close, self)
            closing.push(self._failed)
            if self.ledger is not None:
                closing.callback(self.ledger.close)
            for part in (self.client, self.rejects, self.segments, self._lookups, self._pool):
                closing.callback(part.close)
            if self.waiting is not None:
                closing.callback(self.waiting.flush)
            self.delivery.abandon()
            self.checkpoints.flush()

    def _failed(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """What went wrong while the run was closed belongs into its report, too."""
        if error is not None and not self.failures:
            self.failures = [error]

    def _write_state(self, value: bytes) -> None:
        """Write a STATE when what it covers is on disk, and nothing is drawn where it may go."""
        self.rejects.sync()
        if self.waiting is not None:
            self.waiting.flush()
        self.chronicle.wipe()
        self._write(value)

    def _tell_of_crash(self) -> None:
        """Say what became of the rows that an earlier run had under way when it was cut off."""
        if self.ledger is None:
            return
        recovered = self.ledger.recovered
        counts = {"events": recovered.events, "profiles with counters": recovered.counters}
        if not any(counts.values()):
            return
        fate = "are held" if self.settings.uncertain_events == "hold" else "may be there twice"
        log.warning(
            "An earlier run was cut off with %s under way; those that come again %s.",
            " and ".join(f"{count} {rows}" for rows, count in counts.items() if count),
            fate,
        )

    def _too_many_rejected(self) -> Iterator[TooManyRejected]:
        percent = self.settings.max_rejected_percent
        for stream, tally in self.outcomes.tallies.items():
            if tally.too_many_rejected(percent):
                refusal = TooManyRejected(
                    f"{stream}: {tally.rejected:,} of {tally.read:,} rows were rejected, more than "
                    f"max_rejected_percent ({percent}) allows. {self._rest()} The rejected rows "
                    f"are in {self.rejects.path} with their reasons."
                )
                refusal.stream = stream
                yield refusal

    def _rest(self) -> str:
        """What became of the rows that were not rejected."""
        tallies = (*self.outcomes.tallies.values(), *self.outcomes.again.values())
        if not any(tally.there for tally in tallies):
            return "Nothing is delivered."
        done = "was checked" if self.settings.dry_run else "is delivered"
        if (unsettled := self._unsettled()) is None:
            return f"Everything that was not rejected {done}."
        return f"Also {unsettled}; everything that was neither of these {done}."

    def _calls(self) -> Calls:
        metrics = self.chronicle.metrics
        if self.ledger is None or self.waiting is None:
            return Calls(self.client, metrics, clock)
        hold = self.settings.uncertain_events == "hold"
        return NotedCalls(self.client, metrics, clock, self.ledger, self.waiting, hold=hold)

    def _screening(self) -> Screening | None:
        if self.ledger is None or self.waiting is None:
            return None
        return Screening(
            self.ledger,
            self._lookups,
            self.delivery,
            self.outcomes,
            self.waiting,
            resync=self.settings.resync,
            wait_limit=self.settings.batch_wait_limit_seconds,
        )

    def _connect(self, settings: Settings) -> Client:
        uploads, others = Slots(settings.max_concurrency), Slots(OTHER_CALLS_AT_ONCE)
        return Client(
            settings.api_url or api_url(settings.region),
            Credentials(settings.account_id, settings.passcode),
            timeouts=Timeouts(read=settings.request_timeout_seconds),
            retries=Retries(
                limit_seconds=settings.retry_limit_seconds,
                sleep=self._sleep,
                clock=clock,
                on_retry=self.chronicle.troubles.retrying,
            ),
            user_agent=f"target-clevertap/{program_version()}",
            dry_run=settings.dry_run,
            on_attempt=self.chronicle.attempt,
            slot=lambda call: self.chronicle.holding(
                (uploads if call == "upload" else others).slot()
            ),
        )

    def _sleep(self, seconds: float) -> None:
        """Waits before the next try of a call, which there is none of when the run gives up."""
        if self._giving_up.wait(seconds):
            raise GivenUp("The run has ended before the next try of a call.")


def _open_ledger(settings: Settings) -> Ledger | None:
    """What was delivered before; a dry run neither reads it nor writes to it."""
    if settings.ledger_url == LEDGER_OFF or settings.dry_run:
        return None
    from target_clevertap.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy, for those who need it

    return open_ledger(
        settings.ledger_url,
        account=settings.account_id,
        folder=settings.account_dir,
        uncertain=settings.uncertain_events,
        local=is_local(settings.api_url or api_url(settings.region)),
    )


def _nowhere(_state: bytes) -> None:
    """A dry run leaves no state behind: nothing was delivered."""
