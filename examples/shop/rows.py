"""The rows of the shop's tables, and what should become of each of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

Fate = Literal["accepted", "adjusted", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A row of `users`."""

    table: ClassVar[str] = "users"

    id: int
    customer_id: str | None
    full_name: str | None
    nickname: str | None
    email: str | None
    mobile: str | None
    country_code: str | None
    birth_date: date | None
    gender: str | None
    education: str | None
    is_employed: bool | None
    newsletter: bool | None
    sms_allowed: bool | None
    tags: list[str | None] | None
    attributes: Mapping[str, object]
    balance: Decimal | None
    lifetime_spend: Decimal | None
    loyalty_number: int | None
    credit_score: str | None
    member_since: str | None
    last_seen_ms: int | None
    bio: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A row of `orders`."""

    table: ClassVar[str] = "orders"

    id: UUID
    customer_id: str | None
    total: Decimal | None
    currency: str
    is_gift: bool
    line_items: list[object]
    ordered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A row of `page_views`."""

    table: ClassVar[str] = "page_views"

    id: int
    customer_id: str | None
    event: str | None
    page: str | None
    device: str | None
    duration_seconds: float | None
    happened_at: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A row of `vip`."""

    table: ClassVar[str] = "vip"

    id: int
    customer_id: str | None
    since: date | None


Row = User | Order | PageView | Member


def columns(kind: type[Row]) -> list[str]:
    """The columns of a table, in the order of its rows' fields."""
    return [field.name for field in fields(kind)]


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row that is not like the others, and what should become of it.

    `oddity` names it for a person. `code` is the reason for which the target rejects the row, or
    None when it takes it.
    """

    row: Row
    oddity: str
    fate: Fate
    code: str | None = None

    @property
    def table(self) -> str:
        """The table the row stands in."""
        return self.row.table

    @property
    def key(self) -> str:
        """The row's primary key, as text."""
        return str(self.row.id)


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything in the shop; `odd` are those of the rows that are not like the others."""

    rows: tuple[Row, ...]
    odd: tuple[OddRow, ...]

    def rejected(self, table: str | None = None) -> list[OddRow]:
        """The rows that the target should reject, of one table or of all."""
        return [
            odd
            for odd in self.odd
            if odd.fate == "rejected" and (table is None or odd.table == table)
        ]

    def of(self, table: str) -> list[Row]:
        """The rows of one table."""
        return [row for row in self.rows if row.table == table]
