"""What the two kinds of database have in common, for whoever does not care which one it is."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from target_clevertap.ledger.statements import Inserts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from target_clevertap.ledger.run import Run


class Database(ABC):
    """A database, and what keeps two runs apart in it."""

    shared: ClassVar[bool]
    """Whether runs that have other streams may write at the same time."""

    def __init__(self, engine: Engine, place: str) -> None:
        """`place`: which one it is, for people; without a password."""
        # Below that it logs rows, should a log configuration ask for it: members of lists, say.
        logging.getLogger("sqlalchemy.engine.Engine").setLevel(logging.WARNING)
        self.engine: Final = engine
        self.place: Final = place
        self.inserts: Final = Inserts(engine.dialect.name)

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with, for one thread at a time; it waits for nobody who writes."""

    @abstractmethod
    def writing(self, *, at_once: bool = False) -> AbstractContextManager[Connection]:
        """A transaction, for any thread: on disk when the block ends, or not at all.

        `at_once`: the block is one statement, which is a transaction by itself.
        """

    @abstractmethod
    def lock_tables(self, connection: Connection) -> None:
        """Returns when nobody else makes or changes tables until the transaction ends."""

    @abstractmethod
    def enter(self, run: Run) -> None:
        """From now on others can tell that the run is alive."""

    @abstractmethod
    def hold(self, account: str, stream: str) -> bool:
        """Keeps other runs away from a stream; False when one has it."""

    @abstractmethod
    def dead(self, connection: Connection, account: str, runs: Sequence[str]) -> Sequence[str]:
        """The runs whose process has ended; nobody else asks until the transaction ends."""

    def make_room(self) -> bool:
        """Frees what was set aside for a full disk; False when there is nothing any more."""
        return False

    @abstractmethod
    def size(self) -> int:
        """Bytes on disk."""

    @abstractmethod
    def shrink(self) -> None:
        """Gives room that is no longer needed back to the disk, where that is for us to do."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; other runs may begin."""
