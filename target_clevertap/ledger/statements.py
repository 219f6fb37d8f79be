"""What is said to the database about events and profiles, each once for a thousand of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    String,
    bindparam,
    case,
    cast,
    delete,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.functions import aggregate_strings

from target_clevertap.ledger.packed import (
    DIGEST_BYTES,
    MARK_BYTES,
    PROFILE_BYTES,
    piece,
    positions,
)
from target_clevertap.ledger.tables import event, profile

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import ColumnElement

_at = positions()
_mark = piece("marks", MARK_BYTES, _at.c.i)
_content = piece("contents", DIGEST_BYTES, _at.c.i)
_row_mark = piece("rows", MARK_BYTES, _at.c.i, of=PROFILE_BYTES)
_row_content = piece("rows", DIGEST_BYTES, _at.c.i, of=PROFILE_BYTES, offset=MARK_BYTES)

# The answer is one row, too: each row of an answer is a step like those in `packed`.
_found = aggregate_strings(cast(_at.c.i, String), ",")
_held = aggregate_strings(case((event.c.held, cast(_at.c.i, String))), ",")

KNOWN_EVENTS: Final = select(_found, _held).join_from(_at, event, event.c.mark == _mark)
"""The positions that are there, and those of them that are held. Parameters: marks, n."""

UNCHANGED_PROFILES: Final = select(_found).join_from(
    _at, profile, (profile.c.mark == _mark) & (profile.c.content == _content)
)
"""Parameters: marks, contents, n."""

KNOWN_PROFILES: Final = select(_found).join_from(_at, profile, profile.c.mark == _mark)
"""Parameters: marks, n."""

FORGET_PROFILES: Final = delete(profile).where(
    profile.c.mark.in_(
        # In their order, so that two who forget the same profiles wait for each other in turn.
        select(profile.c.mark)
        .join_from(_at, profile, profile.c.mark == _mark)
        .order_by(profile.c.mark)
        .with_for_update(of=profile)
    )
)
"""Parameters: marks, n."""


FORGOTTEN: Final = bytes(DIGEST_BYTES)
"""The content of a profile of which nothing is known any more."""

DROP_FORGOTTEN: Final = delete(profile).where(
    profile.c.content == FORGOTTEN, profile.c.mark.in_(select(_mark).select_from(_at))
)
"""Parameters: marks, n."""


def positions_in(found: str | None) -> list[int]:
    """The positions that a statement has found, in their order."""
    return sorted(map(int, found.split(","))) if found else []


class Inserts:
    """The statements that begin with INSERT, for one of the two kinds of database."""

    def __init__(self, dialect: str) -> None:
        """`dialect`: `sqlite` or `postgresql`.

        In PostgreSQL marks are written in their order, so that two who write the same ones wait
        for each other in turn. In a file nobody else writes, and to sort takes time.
        """
        self._in_order = dialect == "postgresql"
        self.into: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
        # SQLite cannot tell ON CONFLICT from the ON of a join unless a WHERE stands between.
        events = select(_mark, bindparam("at", type_=BigInteger), bindparam("held", type_=Boolean))
        events = self._ordered(events.select_from(_at).where(true()))
        new: Any = self.into(event).from_select(["mark", "at", "held"], events)
        self.delivered: Final = new.on_conflict_do_update(
            index_elements=["mark"],
            set_={"held": new.excluded.held, "at": new.excluded.at},
            where=event.c.held,
        )
        """A held event may be released, a delivered one stays. Parameters: marks, n, at, held."""
        self.held: Final = new.on_conflict_do_nothing()
        """Parameters: marks, n, at, held."""
        self.accepted: Final = self._accepted(_mark, _content)
        """Parameters: marks, contents, n, at."""
        self.folded: Final = self._accepted(_row_mark, _row_content)
        """The same for marks with their contents. Parameters: rows, n, at."""

    def _accepted(self, mark: ColumnElement[bytes], content: ColumnElement[bytes]) -> Any:  # noqa: ANN401 - see `into`
        profiles = select(mark, content, bindparam("at", type_=BigInteger))
        profiles = self._ordered(profiles.select_from(_at).where(true()))
        put: Any = self.into(profile).from_select(["mark", "content", "at"], profiles)
        return put.on_conflict_do_update(
            index_elements=["mark"],
            set_={"content": put.excluded.content, "at": put.excluded.at},
        )

    def _ordered(self, rows: Any) -> Any:  # noqa: ANN401 - rows of any types
        return rows.order_by(rows.selected_columns[0]) if self._in_order else rows
