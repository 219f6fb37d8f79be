"""Which CleverTap a ledger speaks of: the real one, or one on this machine that stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from target_clevertap.errors import LedgerError
from target_clevertap.ledger import tables

if TYPE_CHECKING:
    from target_clevertap.ledger.database import Database


def remember_service(database: Database, account: str, *, local: bool) -> None:
    """The ledger speaks of this CleverTap from now on, if it did of none.

    Raises:
        LedgerError: it speaks of the other one.
    """
    new = database.inserts.into(tables.service).values(account=account, local=local)
    with database.writing() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=["account"]))
    require_service(database, account, local=local)


def require_service(database: Database, account: str, *, local: bool) -> None:
    """Returns when the ledger speaks of this CleverTap, or of none yet.

    Raises:
        LedgerError: it speaks of the other one, which has what this one lacks.
    """
    found = select(tables.service.c.local).where(tables.service.c.account == account)
    with database.reading() as connection:
        known = connection.scalar(found)
    if known is None or known == local:
        return
    of, now = ("the real CleverTap", "one on this machine")
    if known:
        of, now = ("a CleverTap on this machine", "the real one")
    raise LedgerError(
        f"The ledger {database.place} says what {of} has of account {account}, but the settings "
        f"lead to {now} (api_url): set another work_dir, or another ledger_url if that is set, and "
        "begin without the state of former runs."
    )
