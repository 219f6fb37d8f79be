"""The tables as they should be, made or brought up to date when a ledger is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, select, text

from target_clevertap.errors import LedgerError
from target_clevertap.ledger import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Table

    from target_clevertap.ledger.database import Database


def _make_tables(connection: Connection) -> None:
    tables.metadata.create_all(connection, checkfirst=False)
    connection.execute(tables.version.insert().values(version=0, digest="xxh3"))


def _add_counters(connection: Connection) -> None:
    tables.counter.create(connection, checkfirst=True)  # a new ledger has it from the beginning


def _name_digest(connection: Connection) -> None:
    """An older ledger keeps the digests that it has, or each of its events would be a new one."""
    if _lacks(connection, tables.version, "digest"):
        connection.execute(text(f"ALTER TABLE {tables.version.name} ADD COLUMN digest TEXT"))
        connection.execute(tables.version.update().values(digest="blake2b"))


def _add_service(connection: Connection) -> None:
    """Which CleverTap an older ledger speaks of is not known: the next run says so."""
    tables.service.create(connection, checkfirst=True)


def _number_waiting(connection: Connection) -> None:
    """All that waits in an older ledger is of former runs."""
    if _lacks(connection, tables.waiting, "number"):
        add = f"ALTER TABLE {tables.waiting.name} ADD COLUMN number BIGINT NOT NULL DEFAULT 0"
        connection.execute(text(add))


def _lacks(connection: Connection, table: Table, column: str) -> bool:
    """Whether a table is of before the column came; a new one has it from the beginning."""
    return column not in {known["name"] for known in inspect(connection).get_columns(table.name)}


MIGRATIONS: Final[Sequence[Callable[[Connection], None]]] = (
    _make_tables,
    _add_counters,
    _name_digest,
    _add_service,
    _number_waiting,
)
"""Each leads from the version that is its place in this list to the next."""


def migrate(
    database: Database, migrations: Sequence[Callable[[Connection], None]] = MIGRATIONS
) -> None:
    """Returns when the tables are those of this program.

    Raises:
        LedgerError: they are those of a newer one.
    """
    for number, migration in enumerate(migrations, start=1):
        with database.writing() as connection:
            database.lock_tables(connection)
            if version_of(database, connection, len(migrations)) < number:
                migration(connection)
                connection.execute(tables.version.update().values(version=number))


def version_of(database: Database, connection: Connection, newest: int = len(MIGRATIONS)) -> int:
    """The version of the tables, 0 when there are none.

    Raises:
        LedgerError: they are newer than `newest`.
    """
    if not inspect(connection).has_table(tables.version.name):
        return 0
    version = connection.scalar(select(tables.version.c.version)) or 0
    if version > newest:
        raise LedgerError(
            f"The ledger {database.place} was written by a newer target-clevertap (its version is "
            f"{version}, this program knows {newest}). Use that one, or update this one."
        )
    return version


def require_tables(database: Database) -> None:
    """Returns when the tables are there as this program has them, without making them.

    Raises:
        LedgerError: they are not.
    """
    with database.reading() as connection:
        version = version_of(database, connection)
    if not version:
        raise LedgerError(f"There is no ledger in {database.place} yet: the first run makes it.")
    if version < len(MIGRATIONS):
        raise LedgerError(
            f"The ledger {database.place} was written by an older target-clevertap: the next run "
            "brings it up to date."
        )
