"""What a database says when it fails, as one sentence that says what to do.

Nothing of a password or of a row is in it: of a statement that failed only the database's own
first line is told.
"""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from target_clevertap.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

OFF: Final = "set ledger_url: off (then rows that come again are sent again)"
MOVE: Final = "move it and set work_dir, or ledger_url, to its new place"
CORRUPT: Final = ("malformed", "not a database")
UNWRITABLE: Final = ("unable to open", "readonly")

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def file_told(place: str) -> Iterator[None]:
    """Turns what the system says of a file beside the ledger into a LedgerError."""
    try:
        yield
    except OSError as error:
        remedy = "Make the file and its folder writable for this user"
        if error.errno in NO_ROOM:
            remedy = "Make room on its disk"
        raise LedgerError(
            f"The ledger {place} cannot be written: {error.strerror}. "
            f"{remedy}, or {MOVE}, or {OFF}."
        ) from None


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turns what the database raises into a LedgerError.

    Args:
        place: which ledger it is, without a password.
    """
    try:
        yield
    except DBAPIError as error:
        raise LedgerError(_sentence(place, error.orig or error)) from None
    except SQLAlchemyError as error:
        raise LedgerError(f"The ledger {place} cannot be used ({type(error).__name__}).") from None


def _sentence(place: str, error: BaseException) -> str:
    if isinstance(error, sqlite3.Error):
        return _of_file(place, str(error))
    if getattr(error, "sqlstate", None) is None:
        return (
            f"The ledger {place} cannot be reached: {first_line(error)}. Look whether its server "
            f"is running and ledger_url is right, or {OFF}."
        )
    return f"The ledger {place} failed: {first_line(error)}. Ask who runs the database, or {OFF}."


def _of_file(place: str, said: str) -> str:
    if any(word in said for word in CORRUPT):
        return (
            f"The ledger {place} cannot be read, it is damaged or no ledger: {said}. Put back a "
            "copy of it, or move it away; then a new one begins, and Singer's state alone decides "
            "what is sent."
        )
    if any(word in said for word in UNWRITABLE):
        return (
            f"The ledger {place} cannot be written: {said}. Make the file and its folder writable "
            f"for this user, or {MOVE}, or {OFF}."
        )
    return (
        f"The ledger {place} cannot be read or written: {said}. Make room on its disk, or {MOVE}, "
        f"or {OFF}."
    )


def first_line(error: BaseException) -> str:
    """What the error says first, without the stop at its end."""
    return (str(error).splitlines() or [type(error).__name__])[0].strip().rstrip(".")
