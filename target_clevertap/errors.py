"""Every error this program raises on purpose, in one tree.

TargetCleverTapError
├── SettingsError              wrong usage or settings: one line per mistake
├── InputError                 the tap broke the Singer contract
├── NothingMapped              no mapping could be suggested for a catalog
├── Interrupted                a signal ended the run
├── WorkDirError               a file of the run cannot be read or written
├── LedgerError                what was delivered cannot be looked up or kept
│   └── LedgerBusy             another run has the account, or the stream
├── StateNotWritten            standard output does not take a STATE
├── TooManyRejected            delivered, but too many rows of a stream were rejected
├── SegmentRefused             a list was not replaced, by its guard
├── SegmentIncomplete          a list was not uploaded: the input may have been cut off
└── CleverTapError             a call to CleverTap failed
    ├── GivenUp                the run ended before the next try
    ├── TransientError         the same call may succeed later
    │   ├── NotReached         no connection: the request was certainly not received
    │   ├── Throttled          429, too many calls at once
    │   ├── ServerFailed       500, 502, 503, 504
    │   └── AnswerLost         uncertain: the request may have been received, no answer was read
    │       └── AnswerUnclear  the answer does not say which records were refused
    └── TerminalError          the same call will fail again
        ├── CredentialsRefused 401, 403
        ├── RequestRefused     400, 413: something in the body, or its size
        ├── ListRefused        a custom list step was answered with a refusal
        ├── LinkExpired        the pre-signed URL of a custom list is no longer taken
        └── UnexpectedAnswer   anything that no page of CleverTap's documentation describes

A message is one sentence for the person at the other end: what happened and what to do. It never
holds a record's value, a secret or an answer's raw body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class TargetCleverTapError(Exception):
    """The root of the tree; `exit_code` is what the process ends with."""

    exit_code: int = 1
    stream: str | None = None
    """The one stream that it is about, if it is; logs carry its name."""


class SettingsError(TargetCleverTapError):
    """Wrong usage or settings; `mistakes` holds one line each, with the path of the setting."""

    exit_code = 2

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class InputError(TargetCleverTapError):
    """The tap broke the Singer contract; says where, never what was in the line."""


class NothingMapped(TargetCleverTapError):
    """No mapping could be suggested for any stream of a catalog."""


class Interrupted(TargetCleverTapError):
    """A signal ended the run: what had been read is delivered, the rest will come again."""

    def __init__(self, signum: int, became: str = "what had been read is delivered") -> None:
        """`became`: what there is to say of the rows that had been read."""
        self.exit_code = 128 + signum
        super().__init__(f"Ended by signal {signum}: {became}, the next run does the rest.")


class WorkDirError(TargetCleverTapError):
    """A file of the run cannot be read or written."""


class LedgerError(TargetCleverTapError):
    """What was delivered cannot be looked up or kept: the database is not as it should be."""


class LedgerBusy(LedgerError):
    """Another run has the account, or the stream; only one at a time may send its rows."""


class StateNotWritten(TargetCleverTapError):
    """Standard output does not take a STATE: the reader is gone, or the disk is full."""


class SegmentRefused(TargetCleverTapError):
    """A custom list was not replaced because its guard (`max_shrink_percent`) forbids it."""

    exit_code = 3


class TooManyRejected(TargetCleverTapError):
    """All is delivered, but for more rejected rows than `max_rejected_percent` allows."""

    exit_code = 3


class SegmentIncomplete(TargetCleverTapError):
    """A custom list was not uploaded because no STATE followed its last row."""


class CleverTapError(TargetCleverTapError):
    """A call to CleverTap failed."""


class GivenUp(CleverTapError):
    """The run ended for another reason while this call waited for its next try."""


class TransientError(CleverTapError):
    """The same call may succeed later.

    `retry_after` is the wait that the answer asked for, in seconds, or None (the usual case:
    CleverTap documents no such header, but whatever stands before it may send one).
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class NotReached(TransientError):
    """No connection could be made: the request was certainly not received."""


class Throttled(TransientError):
    """429: too many calls at once."""


class ServerFailed(TransientError):
    """500, 502, 503 or 504."""


class AnswerLost(TransientError):
    """Uncertain: the request may have been received, but no answer could be read."""


class AnswerUnclear(AnswerLost):
    """Uncertain record by record: the answer was read, but its counts do not add up.

    Or it refuses a record without saying which one. Sending the same records again may well
    bring the same answer; fewer of them at a time will bring a clear one.
    """


class TerminalError(CleverTapError):
    """The same call will fail again."""


class CredentialsRefused(TerminalError):
    """401 or 403: the account id, the passcode or the region is not the right one."""


class RequestRefused(TerminalError):
    """400 or 413: something in the body, or its size, makes CleverTap refuse the whole call."""


class ListRefused(TerminalError):
    """A step of a custom list upload was answered with a refusal."""


class LinkExpired(TerminalError):
    """The pre-signed URL is no longer taken; ask for a new one."""


class UnexpectedAnswer(TerminalError):
    """An answer that no page of CleverTap's documentation describes."""
