"""The parts of one run, wired together."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timezone
from importlib.metadata import version
from threading import Event
from time import monotonic as clock
from typing import TYPE_CHECKING

from target_clevertap.clevertap import Client, Credentials, Retries, Timeouts, api_url
from target_clevertap.delivery.batch import Limits
from target_clevertap.delivery.checkpoints import Checkpoints
from target_clevertap.delivery.delivery import Delivery
from target_clevertap.delivery.outcomes import Outcomes
from target_clevertap.delivery.pool import Pool
from target_clevertap.delivery.segments import Segments
from target_clevertap.delivery.slots import Slots
from target_clevertap.errors import GivenUp
from target_clevertap.rejects import Rejects

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.settings import Settings

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
        self.folder = settings.account_dir / "runs" / f"{started:%Y%m%dT%H%M%SZ}-{os.getpid()}"
        self.rejects = Rejects(self.folder / "rejected.jsonl")
        self.checkpoints = Checkpoints(_nowhere if settings.dry_run else write_state)
        self.outcomes = Outcomes(self.rejects, self.checkpoints)
        self._giving_up = Event()
        self.client = self._connect(settings)
        self._pool = Pool(settings.max_concurrency, wake)
        self.delivery = Delivery(
            self.client,
            self.outcomes,
            self._pool,
            Limits(settings.batch_size_rows, settings.batch_max_bytes),
            uncertain=settings.uncertain_events,
            wait_limit=settings.batch_wait_limit_seconds,
        )
        self.segments = Segments(self.outcomes, self.folder)
        self._closed = False

    def state(self, value: bytes) -> None:
        """The tap sent a STATE: all rows before it have been read."""
        self.segments.seen_whole()
        self.checkpoints.state(value)

    def tick(self) -> float | None:
        """Do what is due by now; returns in how many seconds something will be, if anything will.

        Raises:
            TargetCleverTapError: when a call has failed for good.
        """
        dues = [self.delivery.tick(), self.checkpoints.tick()]
        return min((due for due in dues if due is not None), default=None)

    def finish(self, *, cut_off: bool) -> None:
        """The input has ended: deliver what is left, then the segments, then the last state.

        Args:
            cut_off: the input was left by a signal; no list is known to be whole then.

        Raises:
            TargetCleverTapError: when the run could not do all that it should.
        """
        self.delivery.finish()
        self.checkpoints.flush()
        if cut_off or self.settings.dry_run:
            return
        refusals = self.segments.upload(self.client)
        self.checkpoints.flush()
        if refusals:
            raise max(refusals, key=lambda refusal: refusal.exit_code == 1)

    def close(self) -> None:
        """Write what is true, say what happened, and let go of files, threads and connections.

        Calls that are still under way are awaited, for what they deliver belongs into the state;
        but not their next tries.
        """
        if self._closed:
            return
        self._closed = True
        self._giving_up.set()
        try:
            self.delivery.abandon()
            self.checkpoints.flush()
        finally:
            self._pool.close()
            self.segments.close()
            self.rejects.close()
            self.client.close()
            self._summarise()

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
            ),
            user_agent=f"target-clevertap/{version('target-clevertap')}",
            dry_run=settings.dry_run,
            slot=lambda call: (uploads if call == "upload" else others).slot(),
        )

    def _sleep(self, seconds: float) -> None:
        """Waits before the next try of a call, which there is none of when the run gives up."""
        if self._giving_up.wait(seconds):
            raise GivenUp("The run has ended before the next try of a call.")

    def _summarise(self) -> None:
        for stream, tally in self.outcomes.tallies.items():
            log.info("%s: %s", stream, tally)
        for group in self.rejects.groups():
            log.warning("%s", group)
        if any(tally.rejected for tally in self.outcomes.tallies.values()):
            log.warning("Rejected rows are kept with their reasons in %s", self.rejects.path)


def _nowhere(_state: bytes) -> None:
    """A dry run leaves no state behind: nothing was delivered."""
