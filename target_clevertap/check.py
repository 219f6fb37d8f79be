"""Whether a run could begin: one line for each thing it needs, `ok` or what to do.

Nothing is loaded and nothing stored. CleverTap is asked with one upload that no reading of its
documentation lets it store: a dry run (`dryRun=1`) of a record that names no customer, which is
answered with a refusal of that record (code 523; CleverTap: P-ERR, recorded 2017). Any answer that
speaks of the record was given after the credentials had been taken. What it answers to no record
at all is documented nowhere.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from target_clevertap.clevertap import Client, Credentials, Retries, Timeouts, api_url, is_local
from target_clevertap.errors import (
    AnswerLost,
    AnswerUnclear,
    CleverTapError,
    CredentialsRefused,
    NotReached,
    RequestRefused,
    ServerFailed,
    SettingsError,
    TargetCleverTapError,
    Throttled,
    UnexpectedAnswer,
)
from target_clevertap.folders import make_private
from target_clevertap.mapping.own_properties import email
from target_clevertap.mapping.rejections import Fault
from target_clevertap.process import program_version
from target_clevertap.settings import LEDGER_OFF, SegmentMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from target_clevertap.settings import Settings

NOBODY: Final = b'{"type":"profile","profileData":{}}'
"""A record that names no customer, and so cannot be stored."""

_PLACEHOLDERS: Final = (".example", ".test", ".invalid", ".localhost")
_PLACEHOLDER_DOMAINS: Final = frozenset({"example.com", "example.org", "example.net"})
"""Set apart for examples (RFC 2606): nobody has an address there."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was found out about one thing; without a fault it is as it should be.

    `note` says what is known about it beyond that. Nothing in it is secret.
    """

    subject: str
    fault: str | None = None
    note: str | None = None

    @property
    def ok(self) -> bool:
        """Whether a run could do with it."""
        return self.fault is None

    def __str__(self) -> str:
        if self.fault is not None:
            return f"{self.subject}: {self.fault}"
        return f"{self.subject}: ok ({self.note})" if self.note else f"{self.subject}: ok"


OpenLedger: TypeAlias = "Callable[[Settings], AbstractContextManager[object] | None]"
"""Opens the ledger, to be closed by leaving it; None where it is off.

What is wrong with it is a TargetCleverTapError.
"""


def run_check(
    read_settings: Callable[[], Settings], open_ledger: OpenLedger, say: Callable[[str], object]
) -> int:
    """The exit code of `--check`: 0 all is ok, 1 something is not."""
    try:
        settings = read_settings()
        _ = settings.account_dir
    except SettingsError as error:
        for mistake in error.mistakes:
            say(f"settings: {mistake}")
        return 1
    is_ok = True
    for line in check(settings, open_ledger):
        say(str(line))
        is_ok = is_ok and line.ok
    return 0 if is_ok else 1


def check(settings: Settings, open_ledger: OpenLedger) -> Iterator[Line]:
    """The lines of `--check`, each as soon as it is known."""
    dry_run = "; dry_run is on: a run would store nothing" if settings.dry_run else ""
    yield Line("settings", note=_count(len(settings.streams), "stream mapping") + dry_run)
    yield from _service(settings)
    yield _work_dir(settings.account_dir)
    yield _ledger(settings, open_ledger)
    for mapping in settings.streams.values():
        if isinstance(mapping, SegmentMapping):
            yield _owner(mapping, is_real=settings.api_url is None)


# CleverTap


def _service(settings: Settings) -> Iterator[Line]:
    """Whether CleverTap is there, and whether it takes the credentials."""
    url = settings.api_url or api_url(settings.region)
    host, credentials = f"host {_host(url)}", "credentials"
    try:
        _ask(settings, url)
    except CleverTapError as error:
        fault = _about_credentials(error, settings)
        if fault is None:
            yield Line(host, " ".join([str(error), *_advice(error, settings)]))
            yield Line(credentials, "not tried, since nothing answered as CleverTap does")
        else:
            yield Line(host)
            yield Line(credentials, fault)
    else:
        yield Line(host)
        yield Line(credentials, note=f"account {settings.account_id}")


def _ask(settings: Settings, url: str) -> None:
    """Returns when CleverTap has answered with the outcome of a record: it took the credentials.

    Raises:
        CleverTapError: when it has not.
    """
    with Client(
        url,
        Credentials(settings.account_id, settings.passcode),
        timeouts=Timeouts(read=settings.request_timeout_seconds),
        retries=Retries(limit_seconds=0),
        user_agent=f"target-clevertap/{program_version()}",
        dry_run=True,
    ) as client:
        try:
            client.upload([NOBODY])
        except AnswerUnclear:
            return


def _about_credentials(error: CleverTapError, settings: Settings) -> str | None:
    """What to say about the credentials; None when no CleverTap has seen them."""
    if isinstance(error, CredentialsRefused):
        where = f"the region is {settings.region}" if settings.api_url is None else "api_url is set"
        return f"{error} Now {where}, and no other was tried."
    if isinstance(error, Throttled | ServerFailed):
        return f"not known: {error} Try again in a while."
    if isinstance(error, RequestRefused):
        return f"not known: {error}"
    return None


def _advice(error: CleverTapError, settings: Settings) -> Iterator[str]:
    """What to do when no CleverTap has answered, where the error does not say it itself."""
    if settings.api_url is not None and is_local(settings.api_url):
        yield "It is on this machine: does clevertap-sandbox run there, or what else is meant?"
    elif isinstance(error, NotReached | AnswerLost | UnexpectedAnswer):
        yield (
            "Look whether this machine has a network, and whether DNS, a firewall or a proxy "
            "(HTTPS_PROXY, NO_PROXY) keeps it from there."
        )
    if settings.api_url is not None:
        yield "Is api_url the right one?"


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


# this machine


def _work_dir(folder: Path) -> Line:
    """Whether files can be made in the folder of the account, which is made if it is not there."""
    subject = f"work_dir {folder}"
    try:
        make_private(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="check-") as file:
            file.write(b"ok")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        advice = "make room, or set work_dir to a folder that can be written"
        return Line(subject, f"cannot be written: {error.strerror or error}; {advice}")
    return Line(subject)


def _ledger(settings: Settings, open_ledger: OpenLedger) -> Line:
    try:
        if (ledger := open_ledger(settings)) is None:
            return Line("ledger", note="off: a row that comes again is sent again")
        with ledger:
            return Line("ledger")
    except TargetCleverTapError as error:
        return Line("ledger", str(error))


def ledger_of(settings: Settings) -> AbstractContextManager[object] | None:
    """The database of the ledger, opened as for a run; None where the ledger is off.

    What runs that were cut off have left in it stays for the next run, which must tell of it.

    Raises:
        LedgerError: it cannot be used, a run is using it, or it speaks of another CleverTap.
    """
    if settings.ledger_url == LEDGER_OFF:
        return None
    # SQLAlchemy takes a while to import: only who asks for it waits.
    from target_clevertap.ledger.migrations import migrate  # noqa: PLC0415
    from target_clevertap.ledger.place import open_database  # noqa: PLC0415
    from target_clevertap.ledger.run import Run  # noqa: PLC0415
    from target_clevertap.ledger.service import require_service  # noqa: PLC0415

    run = Run.begin(settings.account_id, time.time)
    with ExitStack() as opened:
        database = open_database(settings.ledger_url, settings.account_dir, run)
        opened.callback(database.close)
        migrate(database)
        local = is_local(settings.api_url or api_url(settings.region))
        require_service(database, settings.account_id, local=local)
        return opened.pop_all()


# segments


def _owner(mapping: SegmentMapping, *, is_real: bool) -> Line:
    """Whether the owner's address looks like one; whose it is shows at the first upload only.

    Addresses set apart for examples are good enough for what only stands in for CleverTap.
    """
    subject, address = f"segment {mapping.segment_name}", mapping.owner_email
    wanted = "it must be the e-mail address of an admin of the account"
    try:
        email(address)
    except Fault:
        return Line(subject, f"owner_email is not like an e-mail address; {wanted}")
    domain = address.rpartition("@")[2].strip().lower()
    if is_real and (domain in _PLACEHOLDER_DOMAINS or domain.endswith(_PLACEHOLDERS)):
        return Line(subject, f"owner_email is an example that nobody has; {wanted}")
    return Line(subject, note="if its owner is an admin of the account, which an upload will show")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
