"""A ledger on a PostgreSQL server, for several runs at a time that have different streams.

What keeps them apart are advisory locks of one session, which end with it: PostgreSQL notices
when the process is gone. (A pooler that shares sessions between clients would break that.)
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from hashlib import blake2b
from threading import RLock
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import URL, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from typing_extensions import override

from target_clevertap.errors import LedgerError
from target_clevertap.ledger.database import Database
from target_clevertap.ledger.failures import told
from target_clevertap.ledger.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from target_clevertap.ledger.run import Run

DRIVER: Final = "postgresql+psycopg"
CONNECT_SECONDS: Final = 10
MOST_CONNECTIONS: Final = 17
"""Fifteen threads that call, the main one when it writes, and one session that has the locks."""


class PostgresDatabase(Database):
    """One database of a server."""

    shared: ClassVar[bool] = True

    def __init__(self, url: URL) -> None:
        """Connect.

        Args:
            url: where; its driver is replaced.

        Raises:
            LedgerError: psycopg is not installed, or the server cannot be reached.
        """
        try:
            engine = create_engine(
                url.set(drivername=DRIVER),
                pool_size=MOST_CONNECTIONS,
                max_overflow=0,
                connect_args={
                    "connect_timeout": CONNECT_SECONDS,
                    "application_name": "target-clevertap",
                },
            )
        except ModuleNotFoundError:
            raise LedgerError(
                "A ledger in PostgreSQL needs psycopg: pip install 'target-clevertap[postgres]'."
            ) from None
        super().__init__(engine, f"{url.host or 'localhost'}:{url.port or 5432}/{url.database}")
        self._one_reads = RLock()
        with told(self.place):
            session = engine.connect()
            self._session = session.execution_options(isolation_level="AUTOCOMMIT")

    @override
    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self._session.invalidated:  # a new connection would come without the locks
            raise LedgerError(f"The connection to the ledger {self.place} was lost. Run again.")
        with self._one_reads, told(self.place):
            yield self._session

    @override
    @contextmanager
    def writing(self, *, at_once: bool = False) -> Iterator[Connection]:
        with told(self.place), self.engine.begin() as connection:
            yield connection

    @override
    def lock_tables(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(_key("tables"))))

    @override
    def enter(self, run: Run) -> None:
        with self.reading() as connection:
            connection.execute(select(func.pg_advisory_lock(_key("run", run.id))))

    @override
    def hold(self, account: str, stream: str) -> bool:
        with self.reading() as connection:
            key = _key("stream", account, stream)
            return bool(connection.scalar(select(func.pg_try_advisory_lock(key))))

    @override
    def dead(self, connection: Connection, account: str, runs: Sequence[str]) -> Sequence[str]:
        # One after another: whoever finds a run's lock taken must know that its process has it.
        connection.execute(select(func.pg_advisory_xact_lock(_key("recovery", account))))
        return [run for run in runs if _is_free(connection, _key("run", run))]

    @override
    def size(self) -> int:
        with self.reading() as connection:
            total = text(
                "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0) "
                "FROM unnest(CAST(:names AS text[])) AS name"
            )
            return int(connection.scalar(total, {"names": list(metadata.tables)}) or 0)

    @override
    def shrink(self) -> None:
        """Nothing to do: PostgreSQL tidies up by itself."""

    @override
    def close(self) -> None:
        if not self._session.invalidated:
            # The server notices some time later that a connection is closed: the next run would
            # find this one's locks taken.
            with suppress(SQLAlchemyError):
                self._session.execute(select(func.pg_advisory_unlock_all()))
        self._session.invalidate()  # not back to the pool: its locks end with it
        self._session.close()
        self.engine.dispose()


def _is_free(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(key))))


def _key(*parts: str) -> int:
    """The number of an advisory lock."""
    name = "\0".join(("target-clevertap", *parts)).encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big", signed=True)
