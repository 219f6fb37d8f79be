"""Reports of runs that could have been, made through the same parts as those of real runs."""

from __future__ import annotations

import random
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_clevertap.clevertap import Attempt
from target_clevertap.errors import (
    AnswerLost,
    CleverTapError,
    NotReached,
    Throttled,
    TooManyRejected,
)
from target_clevertap.report import Measures, Tally
from target_clevertap.report.compose import compose
from target_clevertap.report.folder import run_id
from target_clevertap.report.model import Reason, Report, ReportedSegment, ReportedStream
from target_clevertap.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STARTED = datetime(2026, 3, 1, 4, 0, 7, tzinfo=timezone.utc)
HOUR = 3600

PROFILE = {
    "type": "profile",
    "identifier": {"identity": "id"},
    "properties": {"Name": "full_name", "Email": "email", "Phone": "mobile"},
}
EVENT = {
    "type": "event",
    "identifier": {"identity": "user_id"},
    "event_name": "Charged",
    "properties": {"Amount": "total"},
}
SEGMENT = {
    "type": "segment",
    "identifier": {"identity": "user_id"},
    "segment_name": "VIP customers",
    "owner_email": "admin@shop.example",
}


def settings(**others: Any) -> Settings:  # noqa: ANN401 - any setting
    return Settings.parse(
        {
            "account_id": "SHOP-4711",
            "passcode": "marker-of-the-passcode",
            "streams": {"public-users": PROFILE, "public-orders": EVENT, "public-vip": SEGMENT},
        }
        | others
    )


@dataclass
class Clock:
    """Seconds that pass only when told to."""

    now: float = 500.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Drive:
    """A run that is driven by hand."""

    clock: Clock = field(default_factory=Clock)
    drawn: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - made-up figures
    accepted: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        self.measures = Measures(self.clock)

    def calls(self, at_once: int, records: int, error: CleverTapError | None = None) -> None:
        """Some calls begin together and end one after the other."""
        began = self.clock.now
        with ExitStack() as under_way:
            for _ in range(at_once):
                under_way.enter_context(self.measures.holding(nullcontext()))
            self.clock.now += self.drawn.lognormvariate(-1.6, 0.35)
            took = self.clock.now - began
            status = 429 if isinstance(error, Throttled) else None if error else 200
            for number in range(at_once):
                fault = error if number % 3 == 0 else None
                tries = 2 if error and number % 5 == 0 else 1
                self.measures.attempt(
                    Attempt("upload", tries, records, took * (1 + number / 40), status, fault)
                )
        self.accepted += at_once * records
        self.measures.rows(self.accepted, self.rejected)

    def tried(self, seconds: float) -> Attempt:
        """An upload that went well."""
        return Attempt("upload", 1, 1000, seconds, 200, None)

    def reject(self, rows: int) -> None:
        """Rows are rejected."""
        self.rejected += rows
        self.measures.rows(self.accepted, self.rejected)

    def report(
        self,
        streams: Iterable[ReportedStream],
        segments: Iterable[ReportedSegment] = (),
        failures: Sequence[BaseException] = (),
        used: Settings | None = None,
    ) -> Report:
        """The report of what was driven."""
        name = run_id(STARTED)
        return compose(
            run_id=name,
            started=STARTED,
            settings=used or settings(),
            measures=self.measures,
            streams=streams,
            segments=segments,
            rejected_file=Path("/var/lib/shop/.meltano/target-clevertap/SHOP-4711/runs")
            / name
            / "rejected.jsonl",
            failures=failures,
        )


@cache
def small() -> Report:
    """A minute in which nearly everything went well."""
    drive = Drive()
    for number in range(200):
        throttled = Throttled("429") if 60 < number < 75 else None
        drive.calls(15 if number < 60 else 8 + number // 30, 60, throttled)
        drive.reject(number % 3)
    users = Tally(read=98_400, accepted=96_214, unchanged=2_011, rejected=175, adjusted=32)
    orders = Tally(read=61_020, accepted=60_900, already_delivered=96, rejected=24)
    vip = Tally(read=1_250, accepted=1_250)
    return drive.report(
        [
            ReportedStream.of(
                "public-users",
                "profile",
                users,
                again=Tally(read=18, accepted=12, unchanged=3, rejected=2),
                rejections=[
                    Reason(
                        code="phone_invalid",
                        reason="Phone is not a valid number",
                        property="Phone",
                        count=151,
                        first_keys=("1042", "1077", "2210", "2318", "2650"),
                    ),
                    Reason(
                        code="email_invalid",
                        reason="Email is not a valid e-mail address",
                        property="Email",
                        count=26,
                        first_keys=("88", "1090", "7123", "7140", "9002"),
                    ),
                ],
            ),
            ReportedStream.of(
                "public-orders",
                "event",
                orders,
                rejections=[
                    Reason(
                        code="identity_missing",
                        reason="The row has no identifier",
                        count=20,
                        first_keys=("A-10018", "A-10231", "A-10400", "A-11003", "A-11872"),
                    ),
                    Reason(
                        code="uncertain",
                        reason="No answer tells whether CleverTap has taken the record",
                        count=4,
                        first_keys=("A-20110", "A-20111", "A-20112", "A-20113"),
                    ),
                ],
            ),
            ReportedStream.of("public-vip", "segment", vip),
        ],
        [ReportedSegment(name="VIP customers", before=1_190, after=1_250, outcome="uploaded")],
    )


@cache
def clean() -> Report:
    """A run that delivered everything."""
    drive = Drive()
    drive.calls(3, 1000)
    tally = Tally(read=3000, accepted=3000)
    return drive.report([ReportedStream.of("public-users", "profile", tally)])


@cache
def empty() -> Report:
    """A tap that had nothing to say."""
    drive = Drive()
    drive.clock.now += 0.004
    return drive.report([])


@cache
def many_reasons() -> Report:
    """A run that failed for 300 reasons."""
    drive = Drive()
    drive.calls(15, 40)
    drive.reject(45_150)
    reasons = [
        Reason(
            code=f"reason_{number}",
            reason=f"Property {number} is not what it should be",
            property=f"Property {number}",
            count=number,
            first_keys=tuple(str(number * 10 + key) for key in range(min(number, 5))),
        )
        for number in range(1, 301)
    ]
    tally = Tally(read=45_750, accepted=600, rejected=45_150)
    error = TooManyRejected(
        "public-users: 45,150 of 45,750 rows were rejected, more than max_rejected_percent (10) "
        "allows. Everything that was not rejected is delivered."
    )
    streams = [ReportedStream.of("public-users", "profile", tally, rejections=reasons)]
    return drive.report(streams, failures=[error])


@cache
def nine_hours() -> Report:
    """A night with a line that was down for an hour, ended by an answer that never came."""
    drive = Drive()
    while drive.clock.now < 500 + 9 * HOUR:
        down = 3 * HOUR < drive.clock.now < 4 * HOUR
        drive.calls(15, 0 if down else 1000, NotReached("down") if down else None)
        drive.clock.now += 90 if down else 45
    drive.calls(3, 1000, AnswerLost("no answer"))
    tally = Tally(read=drive.accepted + 15_000, accepted=drive.accepted)
    streams = [ReportedStream.of("public-users", "profile", tally)]
    error = AnswerLost("eu1.api.clevertap.com did not answer. Given up after 12 tries in 600 s.")
    return drive.report(streams, failures=[error])


NASTY = "<script>alert('x')</script>\"&<img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}txt"


@cache
def nasty() -> Report:
    """Names, keys and messages that would break out of a page that lets them."""
    drive = Drive()
    drive.calls(2, 10)
    reason = Reason(
        code=NASTY, reason=NASTY, property=NASTY, count=3, first_keys=(NASTY, "\ud800", "\0\n\t")
    )
    tally = Tally(read=23, accepted=20, rejected=3)
    segment = ReportedSegment(name=NASTY, outcome="incomplete", reason=NASTY * 3)
    return drive.report(
        [
            ReportedStream.of(NASTY, "profile", tally, rejections=[reason]),
            ReportedStream.of("w" * 300, "ignored", Tally(read=10**12, ignored=10**12)),
        ],
        [segment],
        [CleverTapError(NASTY), OSError(28, "No space left on device", "/" + "deep/" * 60)],
        settings(
            work_dir=f"/x/{NASTY}\udcff", ledger_url="postgresql://me:marker@db:5432/x?password=m"
        ),
    )


ALL = {
    "small": small,
    "clean": clean,
    "empty": empty,
    "many_reasons": many_reasons,
    "nine_hours": nine_hours,
    "nasty": nasty,
}
