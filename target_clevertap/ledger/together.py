"""What several threads write, in one transaction: all of them wait for the disk once.

To wait for the disk takes as long as to write down a whole call, or a hundred times as long, and
calls end in many threads at once. So whoever has written while others wait for their turn leaves
the transaction open for them, and the last of them ends it for all.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import LedgerError
from target_clevertap.ledger.failures import told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

MOST_TOGETHER: Final = 15
"""As many as there are calls at once: the first of them must not wait for ever."""


class Transaction:
    """One that is open: how many have written, and what follows when it has ended."""

    def __init__(self) -> None:
        self.writers = 0
        self.written: list[Callable[[], None]] = []
        self.undone: list[Callable[[], None]] = []
        self.ended = Event()
        self.error: LedgerError | None = None


class Together:
    """The transactions of one connection, for any thread."""

    def __init__(self, connection: Connection, place: str) -> None:
        """`place`: which ledger it is, for people."""
        self.turn = Lock()
        """Whoever has it may use the connection."""
        self._connection = connection
        self._place = place
        self._queue = Lock()
        self._queued = 0
        self._open: Transaction | None = None

    @contextmanager
    def writing(self, *, at_once: bool = False) -> Iterator[Connection]:
        """What is written in the block is on disk when it ends, or not at all.

        `at_once`: the block is one statement. It is not put between a BEGIN and a COMMIT when
        nobody would share them: after each statement the thread has to wait for the interpreter.

        Raises:
            LedgerError: also when another one has failed in the same transaction.
        """
        with self._in_turn():
            at_once = at_once and self._open is None and not self._queued
            transaction = self._joined(begin=not at_once)
            try:
                with told(self._place):
                    yield self._connection
            except BaseException as error:
                self._undo(transaction, error)
                raise
            transaction.writers += 1
            if at_once or not self._queued or transaction.writers >= MOST_TOGETHER:
                self._end(transaction)
        transaction.ended.wait()
        if transaction.error is not None:
            raise LedgerError(str(transaction.error))

    def then(self, written: Callable[[], None], undone: Callable[[], None] | None = None) -> None:
        """What follows when what the block writes is on disk, or when it never will be.

        It is done before anyone else writes, in the order in which it was said.
        """
        if self._open is not None:
            self._open.written.append(written)
            if undone is not None:
                self._open.undone.append(undone)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        with self._queue:
            self._queued += 1
        self.turn.acquire()
        try:
            with self._queue:
                self._queued -= 1
            yield
        finally:
            self.turn.release()

    def _joined(self, *, begin: bool) -> Transaction:
        if self._open is None:
            if begin:
                with told(self._place):
                    # So that nothing that was read can have changed when it comes to writing.
                    self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            self._open = Transaction()
        return self._open

    def _end(self, transaction: Transaction) -> None:
        try:
            with told(self._place):
                self._connection.commit()
        except LedgerError as error:
            self._undo(transaction, error)
            return
        self._open = None
        try:
            for written in transaction.written:
                written()
        finally:
            transaction.ended.set()

    def _undo(self, transaction: Transaction, error: BaseException) -> None:
        if not isinstance(error, LedgerError):
            error = LedgerError(
                f"The ledger {self._place} cannot be used ({type(error).__name__})."
            )
        transaction.error = error
        self._open = None
        try:
            with told(self._place):
                self._roll_back()
        finally:
            for undone in transaction.undone:
                undone()
            transaction.ended.set()

    def _roll_back(self) -> None:
        self._connection.rollback()
        # To SQLAlchemy a transaction is over when its commit has failed, to SQLite not always.
        file: sqlite3.Connection | None = self._connection.connection.driver_connection
        if file is not None and file.in_transaction:
            file.rollback()
