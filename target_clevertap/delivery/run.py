"""The parts of one run, wired together."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING

from target_clevertap.clevertap import Client, Credentials, Retries, Timeouts, api_url
from target_clevertap.delivery.batch import Limits
from target_clevertap.delivery.checkpoints import Checkpoints
from target_clevertap.delivery.delivery import Delivery
from target_clevertap.delivery.outcomes import Outcomes
from target_clevertap.delivery.segments import Segments
from target_clevertap.rejects import Rejects

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.settings import Settings

log = logging.getLogger(__name__)


class Run:
    """Everything between the sinks and CleverTap, from the first record to the last state."""

    def __init__(self, settings: Settings, write_state: Callable[[bytes], None]) -> None:
        self.settings = settings
        started = datetime.now(timezone.utc)
        self.folder = settings.account_dir / "runs" / f"{started:%Y%m%dT%H%M%SZ}-{os.getpid()}"
        self.rejects = Rejects(self.folder / "rejected.jsonl")
        self.checkpoints = Checkpoints(_nowhere if settings.dry_run else write_state)
        self.outcomes = Outcomes(self.rejects, self.checkpoints)
        self.client = _client(settings)
        limits = Limits(settings.batch_size_rows, settings.batch_max_bytes)
        self.delivery = Delivery(self.client, self.outcomes, limits)
        self.segments = Segments(self.outcomes, self.folder)
        self._closed = False

    def state(self, value: bytes) -> None:
        """The tap sent a STATE: all rows before it have been read."""
        self.segments.seen_whole()
        self.checkpoints.state(value)

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
        """Write what is true so far, say what happened, and let go of files and connections."""
        if self._closed:
            return
        self._closed = True
        try:
            self.checkpoints.flush()
        finally:
            self.segments.close()
            self.rejects.close()
            self.client.close()
            self._summarise()

    def _summarise(self) -> None:
        for stream, tally in self.outcomes.tallies.items():
            log.info("%s: %s", stream, tally)
        for group in self.rejects.groups():
            log.warning("%s", group)
        if any(tally.rejected for tally in self.outcomes.tallies.values()):
            log.warning("Rejected rows are kept with their reasons in %s", self.rejects.path)


def _nowhere(_state: bytes) -> None:
    """A dry run leaves no state behind: nothing was delivered."""


def _client(settings: Settings) -> Client:
    return Client(
        settings.api_url or api_url(settings.region),
        Credentials(settings.account_id, settings.passcode),
        timeouts=Timeouts(read=settings.request_timeout_seconds),
        retries=Retries(limit_seconds=settings.retry_limit_seconds),
        user_agent=f"target-clevertap/{version('target-clevertap')}",
        dry_run=settings.dry_run,
    )
