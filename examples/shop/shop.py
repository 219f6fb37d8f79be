"""The whole shop: sound rows, and odd ones among them; how it gets into a database and changes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from psycopg import sql
from psycopg.types.json import Jsonb

from examples.shop.generator import CLOSED, Generator, Size
from examples.shop.oddities import ODDITIES
from examples.shop.rows import Member, OddRow, Order, PageView, Row, Shop, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import Connection

SEED: Final = 1986
SCHEMA: Final = Path(__file__).with_name("schema.sql")
_JSON_COLUMNS: Final = ("attributes", "line_items")


def make_shop(size: Size | None = None, seed: int = SEED) -> Shop:
    """A shop of a size; the same size and seed make the same shop."""
    generator = Generator(seed, size or Size())
    draw = Random(seed)
    rows: list[Row] = []
    odd: list[OddRow] = []
    for kind in (generator.users, generator.orders, generator.page_views, generator.members):
        some, strange = _with_oddities(list(kind()), draw)
        rows += some
        odd += strange
    return Shop(tuple(rows), tuple(odd))


def _with_oddities(sound: Sequence[Row], draw: Random) -> tuple[list[Row], list[OddRow]]:
    """The rows of a table, with odd ones in the places of some; the last row stays sound."""
    rows = list(sound)
    wanted = [(oddity, change) for oddity in ODDITIES[sound[0].table] for change in oddity.changes]
    places = sorted(draw.sample(range(len(rows) - 1), len(wanted)))
    odd = [
        oddity.apply(rows[place], change)
        for place, (oddity, change) in zip(places, wanted, strict=True)
    ]
    for place, strange in zip(places, odd, strict=True):
        rows[place] = strange.row
    return rows, odd


def create(connection: Connection) -> None:
    """Make the shop's tables in an empty database."""
    connection.execute(SCHEMA.read_bytes())


def fill(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert rows into the tables they belong to."""
    sorted_rows: dict[type[Row], list[Row]] = {}
    for row in rows:
        sorted_rows.setdefault(type(row), []).append(row)
    for kind, some in sorted_rows.items():
        names = [field.name for field in fields(kind)]
        copy_from = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(kind.table), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with connection.cursor() as cursor, cursor.copy(copy_from) as copy:
            for row in some:
                copy.write_row([_value(row, name) for name in names])


def _value(row: Row, column: str) -> object:
    value = getattr(row, column)
    return Jsonb(value) if column in _JSON_COLUMNS else value


@dataclass(frozen=True, slots=True)
class Changes:
    """What happens in the shop on the day after the books were closed."""

    users: tuple[User, ...]
    changed_users: tuple[User, ...]
    orders: tuple[Order, ...]
    page_views: tuple[PageView, ...]
    members: tuple[Member, ...]
    former_members: tuple[Member, ...]

    def apply(self, connection: Connection) -> None:
        """Make the changes in the shop's database."""
        gone = [user.id for user in self.changed_users]
        connection.execute("DELETE FROM users WHERE id = ANY(%s)", [gone])
        gone = [member.id for member in self.former_members]
        connection.execute("DELETE FROM vip WHERE id = ANY(%s)", [gone])
        fill(
            connection,
            (*self.users, *self.changed_users, *self.orders, *self.page_views, *self.members),
        )


def next_day(shop: Shop, seed: int = SEED) -> Changes:
    """A few new rows, a few changed ones, and one of the odd phone numbers put right."""
    generator = Generator(seed + 1, Size(users=4, orders=0, page_views=0, members=0))
    clock = _Clock(CLOSED + timedelta(hours=12))
    users = [row for row in shop.of("users") if isinstance(row, User)]
    members = [row for row in shop.of("vip") if isinstance(row, Member)]
    views = len(shop.of("page_views"))
    odd = {row.key for row in shop.odd}
    regulars = [user for user in users if str(user.id) not in odd][:5]
    wrong_phone = next(row.row for row in shop.odd if row.code == "phone_invalid")
    if not isinstance(wrong_phone, User):
        raise TypeError(wrong_phone)
    return Changes(
        users=tuple(
            generator.user(len(users) + number, customer, clock.tick())
            for number, customer in enumerate(generator.customers, start=1)
        ),
        changed_users=(
            replace(
                wrong_phone, mobile="0151 23456789", country_code="DE", updated_at=clock.tick()
            ),
            *(
                replace(user, full_name="Renamed", nickname=None, updated_at=clock.tick())
                for user in regulars
            ),
        ),
        orders=tuple(
            generator.order(customer, clock.tick()) for customer in generator.customers[:3]
        ),
        page_views=tuple(
            generator.page_view(views + number, customer, clock.tick())
            for number, customer in enumerate(generator.customers, start=1)
        ),
        members=(Member(id=len(members) + 1, customer_id=generator.customers[0], since=None),),
        former_members=tuple(members[:2]),
    )


class _Clock:
    """A minute passes with each tick."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def tick(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now
