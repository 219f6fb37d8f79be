"""Faults on order: what goes wrong between a client and CleverTap, at chosen calls.

A fault strikes at given call numbers, at a rate drawn by seed, or at every call. It counts the
calls that match its path from the moment it is set, so the first call after it is number 1.
"""

from __future__ import annotations

import random
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

from target_clevertap.sandbox.answers import Answer, failure, json_answer

CallNumber = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(ge=0, le=1)]
ErrorStatus = Literal[400, 401, 403, 404, 409, 429, 500, 502, 503, 504]


class Fault(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Which calls are struck: those of `path` (a glob) that `calls` or `rate` select."""

    path: str = "/1/upload"
    calls: tuple[CallNumber, ...] | None = None
    rate: Rate | None = None
    seed: int = 0

    uploads_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.calls is not None and self.rate is not None:
            raise ValueError("a fault has either calls or a rate")
        if self.uploads_only and self.path != "/1/upload":
            raise ValueError("this fault is about records: its path is /1/upload")

    @property
    def kind(self) -> str:
        """The name under which the fault is ordered."""
        return str(self.__struct_config__.tag)

    def instead(self) -> Answer | None:
        """The answer that is given in place of processing the call, or None."""
        return None


class StatusFault(Fault, frozen=True, tag="status"):
    """The call is answered with an HTTP error and not processed."""

    status: ErrorStatus
    retry_after: Annotated[int, Meta(ge=0)] | None = None

    def instead(self) -> Answer:
        """The error in the body shape of that status, with `Retry-After` if one is set."""
        refused = failure(self.status)
        if self.retry_after is None:
            return refused
        return Answer(
            status=self.status,
            body=refused.body,
            headers=(("retry-after", str(self.retry_after)),),
        )


class Malformed(Fault, frozen=True, tag="malformed"):
    """The spurious 400 that CleverTap's own uploader retries (CODE)."""

    def instead(self) -> Answer:
        """400 `Malformed request`, whatever the body was."""
        return failure(400)


class NonJson(Fault, frozen=True, tag="non_json"):
    """A gateway's error page instead of CleverTap's answer; the call is not processed."""

    status: Literal[500, 502, 503, 504] = 502

    def instead(self) -> Answer:
        """An HTML page."""
        page = f"<html><body><h1>{self.status} Server Error</h1></body></html>\n"
        return Answer(status=self.status, body=page.encode(), content_type="text/html")


class NothingProcessed(Fault, frozen=True, tag="nothing_processed"):
    """200 with no record accepted and none refused, as one third-party mock shows (3P)."""

    uploads_only: ClassVar[bool] = True

    def instead(self) -> Answer:
        """Counts that do not add up to the number of records sent."""
        return json_answer({"status": "fail", "processed": 0, "unprocessed": []})


class ResetBefore(Fault, frozen=True, tag="reset_before"):
    """The connection is reset and the call is not processed."""


class ResetAfter(Fault, frozen=True, tag="reset_after"):
    """The call is processed, but the connection is reset instead of an answer."""


class Truncated(Fault, frozen=True, tag="truncated"):
    """The call is processed, but its answer breaks off in the middle of the body."""


class Slow(Fault, frozen=True, tag="slow"):
    """The call is processed at once and answered `seconds` later."""

    seconds: Annotated[float, Meta(ge=0, le=3600)]


class Positionless(Fault, frozen=True, tag="positionless"):
    """Rejections lack the `Skipped record number : N` at the end of their text."""

    uploads_only: ClassVar[bool] = True


class RecordError(Fault, frozen=True, tag="record_error"):
    """The records at `positions` (from 1) are refused with `code`, whatever they hold."""

    code: int = 555
    positions: tuple[CallNumber, ...] = (1,)

    uploads_only: ClassVar[bool] = True


AnyFault: TypeAlias = (
    StatusFault
    | Malformed
    | NonJson
    | NothingProcessed
    | ResetBefore
    | ResetAfter
    | Truncated
    | Slow
    | Positionless
    | RecordError
)


class SetFault(Struct, frozen=True):
    """A fault that is set, how many calls it has counted, and how many of them it selected."""

    fault: AnyFault
    seen: int
    selected: int


class _Armed:
    """A fault with its own count of the calls that came its way."""

    def __init__(self, fault: AnyFault) -> None:
        self.fault = fault
        self.seen = self.selected = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - reproducible, not secret

    def strikes(self, path: str) -> bool:
        if not fnmatchcase(path, self.fault.path):
            return False
        self.seen += 1
        selects = self._selects()
        self.selected += selects
        return selects

    def _selects(self) -> bool:
        if self.fault.calls is not None:
            return self.seen in self.fault.calls
        return self.fault.rate is None or self._random.random() < self.fault.rate


class FaultPlan:
    """All faults that are set, in the order in which they were set."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, fault: AnyFault) -> None:
        """Let `fault` strike from now on."""
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Take every fault away."""
        self._armed.clear()

    def all(self) -> list[SetFault]:
        """What is set, in order, and what it has met."""
        return [SetFault(armed.fault, armed.seen, armed.selected) for armed in self._armed]

    def strike(self, path: str) -> AnyFault | None:
        """The fault that hits this call; of several, the one set first. Each of them counts."""
        hits = [armed.fault for armed in self._armed if armed.strikes(path)]
        return hits[0] if hits else None
