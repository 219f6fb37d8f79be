"""Makes a shop: the same one for the same seed and the same size, on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from examples.shop.people import (
    BIO,
    COUNTRIES,
    DEVICES,
    EDUCATIONS,
    EVENTS,
    LANGUAGES,
    PAGES,
    PRODUCTS,
    TAGS,
    Country,
)
from examples.shop.rows import Member, Order, PageView, User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPENED: Final = datetime(2025, 1, 1, 8, tzinfo=timezone.utc)
"""When the shop opened: nothing in it is older."""

CLOSED: Final = datetime(2026, 7, 1, 20, tzinfo=timezone.utc)
"""When the books were closed for the day: nothing in it is younger, until something changes."""

_BORN_FROM: Final = date(1940, 1, 1)
_BORN_DAYS: Final = 25_000
_BEYOND_DOUBLE: Final = 2**53

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows of each kind there are, before the odd ones come in."""

    users: int = 3000
    orders: int = 4000
    page_views: int = 8000
    members: int = 250


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order."""

    sku: str
    title: str
    quantity: int
    price: Decimal

    def item(self) -> Mapping[str, object]:
        """The line as the shop keeps it in its JSON."""
        return {
            "SKU": self.sku,
            "Title": self.title,
            "Quantity": self.quantity,
            "Price": float(self.price),
        }


class Generator:
    """Draws rows that are as they should be."""

    def __init__(self, seed: int, size: Size) -> None:
        self._random = Random(seed)
        self._size = size
        self.customers = [self._uuid().hex for _ in range(size.users)]

    def users(self) -> Iterator[User]:
        """One user for each customer, the one that changed last at the end."""
        changes = self._moments(self._size.users)
        for number, (customer, updated_at) in enumerate(
            zip(self.customers, changes, strict=True), start=1
        ):
            yield self.user(number, customer, updated_at)

    def orders(self) -> Iterator[Order]:
        """Orders of any of the customers, the latest at the end."""
        for ordered_at in self._moments(self._size.orders):
            yield self.order(self._random.choice(self.customers), ordered_at)

    def page_views(self) -> Iterator[PageView]:
        """Page views of any of the customers, the latest at the end."""
        for number, recorded_at in enumerate(self._moments(self._size.page_views), start=1):
            yield self.page_view(number, self._random.choice(self.customers), recorded_at)

    def members(self) -> Iterator[Member]:
        """The customers that are very important."""
        chosen = self._random.sample(self.customers, self._size.members)
        for number, customer in enumerate(chosen, start=1):
            yield Member(id=number, customer_id=customer, since=self._day(OPENED.date(), 365))

    def user(self, number: int, customer: str, updated_at: datetime) -> User:
        """A user with nothing wrong about it."""
        draw = self._random
        country = draw.choice(COUNTRIES)
        first, last = draw.choice(country.first_names), draw.choice(country.last_names)
        return User(
            id=number,
            customer_id=customer,
            full_name=f"{first} {last}",
            nickname=self._perhaps(f"{first[:3]}{number}"),
            email=self._perhaps(f"customer.{number}+shop@mail.example.com"),
            mobile=self._perhaps(self._mobile(country)),
            country_code=country.code,
            birth_date=self._perhaps(self._day(_BORN_FROM, _BORN_DAYS)),
            gender=draw.choice(("M", "F", "male", "Female", None)),
            education=draw.choice((*EDUCATIONS, None)),
            is_employed=draw.choice((True, False, None)),
            newsletter=draw.choice((True, False)),
            sms_allowed=draw.choice((True, False, None)),
            tags=draw.sample(TAGS, draw.randint(1, 4)) if draw.random() < 0.9 else None,
            attributes=self._attributes(country),
            balance=self._money(-100, 5000),
            lifetime_spend=Decimal(draw.randrange(10**29)).scaleb(-10),
            loyalty_number=_BEYOND_DOUBLE + draw.randrange(1, 2**62),
            credit_score=f"{draw.randint(300, 850)}.{draw.randint(0, 9)}",
            member_since=f"{self._day(OPENED.date(), 500):%d.%m.%Y}",
            last_seen_ms=int(updated_at.timestamp()) * 1000 + draw.randrange(1000),
            bio=self._perhaps(draw.choice(BIO)),
            created_at=OPENED + timedelta(seconds=number),
            updated_at=updated_at,
        )

    def order(self, customer: str, ordered_at: datetime) -> Order:
        """An order with nothing wrong about it."""
        lines = [self._line() for _ in range(self._random.randint(1, 4))]
        return Order(
            id=self._uuid(),
            customer_id=customer,
            total=sum((line.price * line.quantity for line in lines), Decimal("0.00")),
            currency=self._random.choice(("EUR", "INR", "USD", "BRL", "AED")),
            is_gift=self._random.random() < 0.1,
            line_items=[line.item() for line in lines],
            ordered_at=ordered_at,
        )

    def page_view(self, number: int, customer: str, recorded_at: datetime) -> PageView:
        """A page view with nothing wrong about it, recorded a little after it happened."""
        draw = self._random
        return PageView(
            id=number,
            customer_id=customer,
            event=draw.choice(EVENTS),
            page=draw.choice(PAGES),
            device=draw.choice(DEVICES),
            duration_seconds=draw.randrange(1, 6000) / 10,
            happened_at=int(recorded_at.timestamp()) - draw.randint(0, 3),
            recorded_at=recorded_at,
        )

    def _attributes(self, country: Country) -> Mapping[str, object]:
        city, postcode = self._random.choice(country.cities)
        street = f"{self._random.choice(('Main Street', 'Hauptstraße', 'Rua Augusta'))} "
        return {
            "address": {
                "street": f"{street}{self._random.randint(1, 99)}",
                "city": city,
                "postcode": postcode,
            },
            "preferences": {
                "language": self._random.choice(LANGUAGES),
                "dark_mode": self._random.choice((True, False)),
            },
        }

    def _line(self) -> Line:
        sku, title, price = self._random.choice(PRODUCTS)
        return Line(sku, title, self._random.randint(1, 3), Decimal(price))

    def _mobile(self, country: Country) -> str:
        written = self._random.choice((country.mobile, country.mobile_abroad))
        return "".join(str(self._random.randint(0, 9)) if c == "#" else c for c in written)

    def _moments(self, count: int) -> list[datetime]:
        """Moments between the opening and the closing, in order, no two of them the same."""
        span = int((CLOSED - OPENED).total_seconds()) * 1000
        return [
            OPENED + timedelta(milliseconds=at)
            for at in sorted(self._random.sample(range(span), count))
        ]

    def _day(self, first: date, days: int) -> date:
        return first + timedelta(days=self._random.randrange(days))

    def _money(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)).scaleb(-2)

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _perhaps(self, value: T) -> T | None:
        return value if self._random.random() < 0.9 else None
