"""Where a ledger is: in a file, or on a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from target_clevertap.errors import LedgerError
from target_clevertap.ledger.postgres import PostgresDatabase
from target_clevertap.ledger.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from sqlalchemy import URL

    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.run import Run

FILE: Final = "ledger.sqlite"


def open_database(url: str | None, folder: Path, run: Run | None = None) -> Database:
    """The database of a ledger.

    Args:
        url: of a SQLite file or a PostgreSQL database; None for a file in `folder`.
        folder: of the account.
        run: who will write; None to look only, beside whoever writes.

    Raises:
        LedgerBusy: another run has the file.
        LedgerError: it cannot be used.
    """
    if url is None:
        return _file(folder / FILE, run)
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(parsed)
    if parsed.database in {None, "", ":memory:"}:
        raise LedgerError("ledger_url must name a file after sqlite:///, such as /data/ledger.db.")
    return _file(Path(str(parsed.database)), run)


def _file(path: Path, run: Run | None) -> SqliteDatabase:
    if run is None and not path.exists():
        raise LedgerError(f"There is no ledger at {path} yet: the first run makes it.")
    return SqliteDatabase(path, run)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # what they say may hold a part of a password
        raise LedgerError(
            "ledger_url is not a URL; in a password, write @ as %40, : as %3A and / as %2F."
        ) from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise LedgerError("ledger_url must begin with sqlite:/// or postgresql://.")
    return parsed
