"""The demo: a shop in PostgreSQL, through Meltano, into a local CleverTap, on two days.

Usage: python -m examples.shop.demo [--keep] [FOLDER]

Starts what it needs, shows what happened, and ends what it started, also after a Ctrl-C. With
--keep it first leaves the page up on which the local CleverTap shows what it holds. What it leaves
behind is in FOLDER (default: `.demo`), which is emptied first.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from examples.shop.postgres import PostgresFailed, start_postgres
from examples.shop.project import ROOT, MeltanoFailed, MeltanoMissing, Project
from examples.shop.sandbox import Sandbox, SandboxFailed, start_sandbox
from examples.shop.shop import create, fill, make_shop, next_day
from examples.shop.stopping import Stopped, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from psycopg import Connection

    from examples.shop.generator import Size
    from examples.shop.rows import Shop
    from examples.shop.sandbox import Arrival
    from examples.shop.shop import Changes

FOLDER: Final = ROOT / ".demo"
KEEP: Final = "--keep"
COMMAND: Final = "meltano run tap-postgres target-clevertap"
_MARK: Final = ".made-by-the-demo"
_WIDTH: Final = 64

REAL_ACCOUNT: Final = """
To do this with your own database and account, put your tables into `select` and `streams` of
meltano.yml, and then:

    export TAP_POSTGRES_HOST=... TAP_POSTGRES_USER=... TAP_POSTGRES_PASSWORD=... \\
           TAP_POSTGRES_DATABASE=...
    export TARGET_CLEVERTAP_ACCOUNT_ID=... TARGET_CLEVERTAP_PASSCODE=... \\
           TARGET_CLEVERTAP_REGION=in1
    export TARGET_CLEVERTAP_DRY_RUN=true        # CleverTap checks every record and keeps none
    .tools/meltano/bin/meltano run tap-postgres target-clevertap

When the dry run looks right, unset TARGET_CLEVERTAP_DRY_RUN and run it again."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo; returns the exit code."""
    stop_on_signals()
    folders = [Path(argument).resolve() for argument in arguments if argument != KEEP]
    linger = keep_up if KEEP in arguments else None
    try:
        return 0 if Demo(folders[0] if folders else FOLDER).run(linger) else 1
    except (PostgresFailed, SandboxFailed, MeltanoFailed, MeltanoMissing, FolderTaken) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return 128 + stopped.signum


def keep_up(sandbox: Sandbox) -> None:
    """Leave the sandbox's page up until a signal comes."""
    print(f"\nLook at it: {sandbox.url}  (Ctrl-C ends it)", flush=True)
    try:
        while True:
            signal.pause()
    except Stopped:
        print("\nEnded; nothing is left running.")


class FolderTaken(Exception):
    """The folder holds something that the demo did not make."""


class Demo:
    """One run of the demo, which leaves its files in `folder`."""

    def __init__(self, folder: Path, size: Size | None = None) -> None:
        self.folder = folder
        self.shop = make_shop(size)

    def run(self, linger: Callable[[Sandbox], None] | None = None) -> bool:
        """Both days; whether exactly the rows were rejected that should be.

        `linger` is called at the end, with everything still up.
        """
        self._empty_folder()
        with ExitStack() as stack:
            server = stack.enter_context(start_postgres())
            database = stack.enter_context(server.scratch("shop"))
            connection = stack.enter_context(database.connect())
            sandbox = stack.enter_context(self._sandbox())
            project = Project(self.folder / "meltano", database, sandbox.url)
            project.prepare()
            as_expected = self._first_day(connection, project, sandbox)
            self._next_day(connection, project, sandbox)
            self._farewell(project)
            if linger is not None:
                linger(sandbox)
        return as_expected

    def _empty_folder(self) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            if not (self.folder / _MARK).exists():
                raise FolderTaken(f"{self.folder} is not empty, and not of the demo's making.")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _MARK).touch()

    def _sandbox(self) -> AbstractContextManager[Sandbox]:
        return start_sandbox(self.folder / "sandbox.log", "--db", str(self._clevertap))

    @property
    def _clevertap(self) -> Path:
        return self.folder / "clevertap.sqlite"

    def _first_day(self, connection: Connection, project: Project, sandbox: Sandbox) -> bool:
        create(connection)
        fill(connection, self.shop.rows)
        _title("A shop in PostgreSQL")
        _say(_inventory(self.shop))
        _run(project)
        _say("Arrived:", *_arrival(sandbox.arrived_after(0)))
        _say(*_segment(sandbox))
        _say("One of the profiles, as CleverTap holds it:", *_profile(sandbox, self._regular()))
        return self._rejections(project)

    def _rejections(self, project: Project) -> bool:
        rejected = list(project.rejected())
        reasons = Counter((row["rejected"]["code"], row["rejected"]["reason"]) for row in rejected)
        _say(
            f"Rejected: {len(rejected)} rows, each kept with its reason:",
            *(f"{count:4} x {code}: {reason}" for (code, reason), count in reasons.most_common()),
        )
        found = {
            (row["stream"], str(row["record"]["id"])): row["rejected"]["code"] for row in rejected
        }
        wanted = {(f"public-{odd.table}", odd.key): odd.code for odd in self.shop.rejected()}
        different = found.items() ^ wanted.items()
        _say(
            "These are exactly the rows that were made wrong on purpose, for the right reasons."
            if not different
            else f"Not what was expected: {sorted(map(str, different))}"
        )
        return not different

    def _next_day(self, connection: Connection, project: Project, sandbox: Sandbox) -> None:
        seen = sandbox.last_call()
        changes = next_day(self.shop)
        changes.apply(connection)
        _title("The next day in the shop")
        _say(_novelties(changes))
        _run(project)
        _say(
            "Singer state let it read on from where it was. Arrived:",
            *_arrival(sandbox.arrived_after(seen)),
            "The tap repeats the rows at its bookmarks; the ledger knows them, so none came twice.",
        )
        _say(*_segment(sandbox))

    def _regular(self) -> str:
        """A customer about whom nothing is odd and nothing is missing."""
        odd = {row.key for row in self.shop.odd}
        return next(
            str(row.customer_id)
            for row in self.shop.of("users")
            if str(row.id) not in odd and None not in astuple(row)
        )

    def _farewell(self, project: Project) -> None:
        _title("Where to look")
        _say(
            "Everything that is left of this is in " + _shown(self.folder) + ":",
            f"rejected rows      {_shown(project.rejected_files()[0])}",
            f"Meltano's log      {_shown(project.log)}",
            f"what arrived       .venv/bin/clevertap-sandbox --db {_shown(self._clevertap)}",
            "                   and open http://127.0.0.1:8080 (make demo KEEP=1 does it for you)",
        )
        _say("The mapping is in meltano.yml, the shop in examples/shop.")
        print(REAL_ACCOUNT)


def _run(project: Project) -> None:
    print(f"$ {COMMAND}", flush=True)
    started = time.monotonic()
    project.run()
    print(f"  done in {time.monotonic() - started:.0f} s; log: {_shown(project.log)}\n", flush=True)


def _inventory(shop: Shop) -> str:
    counts = {table: len(shop.of(table)) for table in ("users", "orders", "page_views", "vip")}
    return (
        f"{counts['users']:,} users, {counts['orders']:,} orders, {counts['page_views']:,} page "
        f"views, a list of {counts['vip']:,} VIPs. {len(shop.odd)} of these rows are odd."
    )


def _novelties(changes: Changes) -> str:
    return (
        f"{len(changes.users)} new users and {len(changes.changed_users)} changed ones (one of the "
        f"wrong phone numbers was put right),\n{len(changes.orders)} orders, "
        f"{len(changes.page_views)} page views, {len(changes.members)} new VIP and "
        f"{len(changes.former_members)} former ones."
    )


def _arrival(arrival: Arrival) -> Iterable[str]:
    yield f"{arrival.profiles:6,} x profile"
    for name, count in sorted(arrival.events.items(), key=lambda item: -item[1]):
        yield f"{count:6,} x event “{name}”"


def _segment(sandbox: Sandbox) -> Iterable[str]:
    (segment,) = sandbox.segments()
    mail = sandbox.mails()[-1]
    yield f"Segment “{segment['name']}”: {segment['members']} members, {segment['unknown']} unknown"
    yield f"Mail to {mail['to']}: {mail['outcome']}, {mail['text']}"


def _profile(sandbox: Sandbox, identity: str) -> Iterable[str]:
    yield f"{'identity':<15} {identity}"
    for name, value in sandbox.profile(identity).items():
        yield f"{name:<15} {_json(value)}"


def _json(value: object) -> str:
    """A value as JSON, decimals with all their digits."""
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * _WIDTH}", flush=True)


def _say(first: str, *lines: str) -> None:
    """A sentence, and indented lines below it."""
    print(first, *(f"  {line}" for line in lines), sep="\n", end="\n\n", flush=True)


def _shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
