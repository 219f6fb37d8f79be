"""What is odd about some of the rows, and what should become of them.

Each oddity is a change to a sound row. The reasons are the codes of the target, written down
here once more: the tests hold the one against the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from examples.shop.rows import OddRow

if TYPE_CHECKING:
    from examples.shop.rows import Fate, Row

Change = Mapping[str, Any]

NOT_A_NUMBER: Final = Decimal("NaN")
LONG_TEXT: Final = "Lorem ipsum dolor sit amet, 🫖 consetetur sadipscing elitr. " * 10
FAMILY: Final = "👨‍👩‍👧‍👦"


@dataclass(frozen=True, slots=True)
class Oddity:
    """One way of being odd, with every change to a row that brings it about."""

    name: str
    fate: Fate
    changes: tuple[Change, ...]
    code: str | None = None

    def apply(self, sound: Row, change: Change) -> OddRow:
        """The sound row, changed."""
        return OddRow(replace(sound, **change), self.name, self.fate, self.code)


def _accepted(name: str, *changes: Change) -> Oddity:
    return Oddity(name, "accepted", changes)


def _adjusted(name: str, *changes: Change) -> Oddity:
    return Oddity(name, "adjusted", changes)


def _rejected(code: str, name: str, *changes: Change) -> Oddity:
    return Oddity(name, "rejected", changes, code)


def _each(column: str, *values: object) -> tuple[Change, ...]:
    return tuple({column: value} for value in values)


_FORBIDDEN_WORDS: Final = ("null", "n/a", "None", "0", "-1", "NaN", "undefined")

_IDENTITIES: Final = (
    _rejected("identity_missing", "no customer id", *_each("customer_id", None, "", "   ")),
    _rejected(
        "identity_forbidden",
        "a word for a customer id that CleverTap forbids",
        *_each("customer_id", *_FORBIDDEN_WORDS),
    ),
)

_USERS: Final = (
    *_IDENTITIES,
    _rejected(
        "identity_too_long", "a customer id over 1,024 characters", {"customer_id": "c" * 1025}
    ),
    _rejected(
        "phone_invalid",
        "a phone number that is none",
        {"mobile": "12345", "country_code": "DE"},
        {"mobile": "+49 151", "country_code": "DE"},
        {"mobile": "+91 98765 4321", "country_code": "IN"},
        {"mobile": "call my mother", "country_code": "US"},
    ),
    _rejected(
        "phone_country_missing",
        "a national phone number without a country",
        {"mobile": "0151 23456789", "country_code": None},
        {"mobile": "98765 43210", "country_code": "XX"},
    ),
    _rejected(
        "email_invalid",
        "an e-mail address that is none",
        *_each("email", "not an address", "two@signs@example.com", "@example.com", "a b@c.de"),
    ),
    _rejected("gender_invalid", "a gender CleverTap has no letter for", {"gender": "unknown"}),
    _rejected("education_invalid", "an education CleverTap does not know", {"education": "PhD"}),
    _rejected(
        "number_invalid", "a score that is no number", *_each("credit_score", "NaN", "high", "7,5")
    ),
    _rejected(
        "date_invalid",
        "a day that never was",
        *_each("member_since", "31.02.2025", "2025-01-31", "long ago"),
    ),
    _rejected("schema_violation", "a tag that is null", {"tags": ["jazz", None]}),
    _adjusted("a text over 512 characters", *_each("bio", LONG_TEXT, "ß" * 513)),
    _adjusted("more than 100 tags", {"tags": [f"tag {number}" for number in range(101)]}),
    _accepted(
        "emoji and scripts from all over",
        *_each("full_name", f"Zoë {FAMILY} 🎉", "\u202bمحمد\u202c", "ΑΛΙΚΗ", "Ђорђе 🇷🇸"),
    ),
    _accepted("a number with two pluses", {"mobile": "++91 98765 43210", "country_code": "IN"}),
    _accepted("a text of 512 characters", {"bio": "ß" * 512}),
    _accepted("a balance that is NaN", {"balance": NOT_A_NUMBER}),
    _accepted("a spending that is NaN", {"lifetime_spend": NOT_A_NUMBER}),
    _accepted("no tags", {"tags": []}),
    _accepted("nothing in the attributes", {"attributes": {}}),
    _accepted("born long before 1970", {"birth_date": date(1911, 11, 11)}),
    _accepted("a customer id that looks like something else", {"customer_id": "007"}),
    _accepted("blank text where nothing is meant", {"email": " ", "mobile": "", "gender": ""}),
)

_ORDERS: Final = (
    *_IDENTITIES,
    _rejected(
        "items_invalid",
        "line items that CleverTap cannot hold",
        {"line_items": [{"SKU": "SET-02", "Price ($)": 10}]},
        {"line_items": ["TEA-01", "MUG-07"]},
    ),
    _rejected(
        "items_too_many", "more than 256 line items", {"line_items": [{"SKU": "BAG-11"}] * 257}
    ),
    _adjusted(
        "a line item with a text over 512 characters",
        {"line_items": [{"SKU": "BOOK-1", "Title": LONG_TEXT}]},
    ),
    _accepted("a total that is NaN", {"total": NOT_A_NUMBER}),
    _accepted("emoji in a line item", {"line_items": [{"SKU": "GIFT", "Title": f"🎁 {FAMILY}"}]}),
    _accepted(
        "a list in a line item", {"line_items": [{"SKU": "SET-01", "Parts": ["MUG-07", "TEA-01"]}]}
    ),
    _accepted("a discount larger than the price", {"total": Decimal("-0.01")}),
)

_PAGE_VIEWS: Final = (
    *_IDENTITIES,
    _rejected(
        "event_name_reserved",
        "the name of a system event",
        *_each("event", "App Launched", "notification sent", "UTMVisited", "Web Page Viewed"),
    ),
    _rejected("event_name_missing", "no event name", *_each("event", None, "")),
    _rejected("event_name_invalid", "a character prohibited in names", {"event": "50% off!"}),
    _rejected("event_name_too_long", "an event name over 120 characters", {"event": "E" * 121}),
    _rejected(
        "timestamp_milliseconds",
        "milliseconds where seconds are due",
        *_each("happened_at", 1_767_225_600_000, 1_750_000_000_123),
    ),
    _rejected("timestamp_invalid", "a time before 1970", *_each("happened_at", 0, -86_400)),
    _rejected("timestamp_missing", "no time", {"happened_at": None}),
    _accepted("a duration that is NaN", {"duration_seconds": float("nan")}),
    _accepted("an emoji for an event name", {"event": "Checkout 🎉"}),
)

ODDITIES: Final[Mapping[str, tuple[Oddity, ...]]] = {
    "users": _USERS,
    "orders": _ORDERS,
    "page_views": _PAGE_VIEWS,
    "vip": _IDENTITIES,
}
"""What is odd in each of the tables."""
