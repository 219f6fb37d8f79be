"""What a tap would send: made-up customers and their orders, the same every time.

Every RECORD line has 409 bytes: 13 mapped columns or more, and one that no mapping asks for and
that fills the line. All phone numbers are valid, in E.164, and differ from each other.
"""

from __future__ import annotations

import json
from functools import cache
from math import lcm
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kind = Literal["profiles", "events", "both"]

KINDS: Final[tuple[Kind, ...]] = ("profiles", "events", "both")
LINE_BYTES: Final = 409
USERS: Final = "public-users"
ORDERS: Final = "public-orders"
MEMBERS: Final = "public-members"
ROWS_PER_STATE: Final = 10_000
"""The Singer SDK's taps write a STATE after so many records."""

_ROWS_PER_WRITE: Final = 1000
_PREFIXES: Final = ("+9198", "+9170", "+346", "+4917", "+55119")
"""Each with any eight digits behind it is a valid number (phonenumbers, 9.0)."""
_NAMES: Final = (
    "Asha Verma",
    "Jürgen Groß",
    "Chloé Lefèvre",
    "Maria Silva",
    "李小龙",
    "Tom O'Neil",
)
_CITIES: Final = ("Mumbai", "Düsseldorf", "Lyon", "São Paulo", "Delhi", "Málaga", "Chennai")
_PLANS: Final = ("free", "silver", "gold")
_PRODUCTS: Final = ("Running shoes", "Rain jacket", "Water bottle 1 l", "Head torch", "Tent for 2")
_CATEGORIES: Final = ("Shoes", "Clothes", "Kitchen", "Light")


def write(path: Path, kind: Kind, rows: int) -> None:
    """Write a tap's output: its SCHEMAs, `rows` RECORD lines, a STATE now and then and at the end.

    `both` has a profile and an event in turn.
    """
    makers = _MAKERS[kind]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_schema(stream) for stream in _STREAMS[kind])
        for first in range(0, rows, _ROWS_PER_WRITE):
            numbers = range(first, min(first + _ROWS_PER_WRITE, rows))
            file.writelines(makers[number % len(makers)](number) for number in numbers)
            if (done := numbers.stop) % ROWS_PER_STATE == 0 or done == rows:
                file.write(_state(done))


def write_members(path: Path, rows: int) -> None:
    """Write the output of a tap that has the members of a list, and a STATE at the end."""
    columns = {"customer": {"type": "string"}}
    schema = {"properties": columns}
    announced = {"type": "SCHEMA", "stream": MEMBERS, "schema": schema, "key_properties": []}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(announced) + "\n")
        file.writelines(
            f'{{"type":"RECORD","stream":"{MEMBERS}","record":{{"customer":"c-{digits(number)}"}}}}\n'
            for number in range(rows)
        )
        file.write(_state(rows))


def list_mapping(membership: str) -> dict[str, Any]:
    """The mapping of the list that those are members of."""
    return {
        MEMBERS: {
            "type": "segment",
            "identifier": {"identity": "customer"},
            "segment_name": "Members",
            "owner_email": "admin@example.com",
            "membership": membership,
        }
    }


def digits(number: int) -> str:
    """Eight digits that look random and are another's for no other number below 100 million."""
    return f"{(number * 48_271 + 20_260_101) % 100_000_000:08}"


def phone(number: int) -> str:
    """A valid phone number that no other row has."""
    return _PREFIXES[number % len(_PREFIXES)] + digits(number)


def user(number: int) -> str:
    """The RECORD line of a customer."""
    city = f'"{_CITIES[number % 7]}"' if number % 11 else "null"
    return _padded(
        f'{{"type":"RECORD","stream":"public-users","record":{{"id":{number + 1},'
        f'"full_name":"{_NAMES[number % 6]}","email":"user{number}@example.com",'
        f'"mobile":"{phone(number)}","birth_date":"{_date(1950, number)}",'
        f'"last_login":"{_moment(number)}","plan":"{_PLANS[number % 3]}","city":{city},'
        f'"gender":"{"FM"[number & 1]}","balance":{number % 9973}.{number % 9 + 1},'
        f'"logins":{number % 499},"newsletter":{"true" if number % 3 else "false"},'
        f'"language":"{"en" if number % 5 else "de"}","referrer":"'
    )


def order(number: int) -> str:
    """The RECORD line of an order; a customer has about five."""
    coupon = '"SPRING"' if number % 11 == 0 else "null"
    return _padded(
        f'{{"type":"RECORD","stream":"public-orders","record":{{"order_id":{number + 1},'
        f'"user_id":{number // 5 + 1},"ordered_at":"{_moment(number)}",'
        f'"total":{number % 997}.{number % 9 + 1},"quantity":{number % 9 + 1},'
        f'"currency":"INR","product":"{_PRODUCTS[number % 5]}",'
        f'"category":"{_CATEGORIES[number % 4]}","coupon":{coupon},'
        f'"gift":{"true" if number % 7 else "false"},"contact":"{phone(number)}",'
        f'"paid_at":"{_moment(number + 60)}","due":"{_date(2020, number)}",'
        f'"method":"card","notes":"'
    )


def _padded(line: str) -> str:
    """The line with its last column, which is text, filled up to the wanted number of bytes."""
    room = LINE_BYTES - len(line.encode()) - len('"}}\n')
    return f'{line}{"x" * room}"}}}}\n'


def _date(first_year: int, number: int) -> str:
    days = _dates(first_year)
    return days[number % len(days)]


def _moment(number: int) -> str:
    """A time with microseconds, as PostgreSQL has them: another one for every row."""
    seconds = _seconds()
    return f"{seconds[number % len(seconds)]}.{number % 1_000_000:06}+00:00"


@cache
def _dates(first_year: int) -> tuple[str, ...]:
    """Dates of 50 years, until they begin again."""
    return tuple(
        f"{first_year + number % 50}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        for number in range(lcm(50, 12, 28))
    )


@cache
def _seconds() -> tuple[str, ...]:
    """Times of a year; a prime number of them, so that no other column keeps step."""
    return tuple(
        f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        f"T{number % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        for number in range(9973)
    )


def _state(done: int) -> str:
    value = {"bookmarks": {USERS: {"replication_key": "id", "replication_key_value": done}}}
    return json.dumps({"type": "STATE", "value": value}) + "\n"


def _schema(stream: str) -> str:
    key, columns = _SCHEMAS[stream]
    message = {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": columns},
        "key_properties": [key],
    }
    return json.dumps(message) + "\n"


def _column(kind: str, form: str | None = None) -> dict[str, Any]:
    return {"type": [kind, "null"]} | ({"format": form} if form else {})


_SCHEMAS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    USERS: (
        "id",
        {
            "id": {"type": "integer"},
            "full_name": _column("string"),
            "email": _column("string"),
            "mobile": _column("string"),
            "birth_date": _column("string", "date"),
            "last_login": _column("string", "date-time"),
            "plan": _column("string"),
            "city": _column("string"),
            "gender": _column("string"),
            "balance": _column("number"),
            "logins": _column("integer"),
            "newsletter": _column("boolean"),
            "language": _column("string"),
            "referrer": _column("string"),
        },
    ),
    ORDERS: (
        "order_id",
        {
            "order_id": {"type": "integer"},
            "user_id": _column("integer"),
            "ordered_at": _column("string", "date-time"),
            "total": _column("number"),
            "quantity": _column("integer"),
            "currency": _column("string"),
            "product": _column("string"),
            "category": _column("string"),
            "coupon": _column("string"),
            "gift": _column("boolean"),
            "contact": _column("string"),
            "paid_at": _column("string", "date-time"),
            "due": _column("string", "date"),
            "method": _column("string"),
            "notes": _column("string"),
        },
    ),
}
_STREAMS: Final[dict[Kind, tuple[str, ...]]] = {
    "profiles": (USERS,),
    "events": (ORDERS,),
    "both": (USERS, ORDERS),
}
_MAKERS: Final[dict[Kind, tuple[Callable[[int], str], ...]]] = {
    "profiles": (user,),
    "events": (order,),
    "both": (user, order),
}

MAPPINGS: Final[dict[str, dict[str, Any]]] = {
    USERS: {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {
            "Name": "full_name",
            "Email": "email",
            "Phone": "mobile",
            "DOB": "birth_date",
            "Last login": "last_login",
            "Plan": "plan",
            "City": "city",
            "Gender": "gender",
            "Balance": "balance",
            "Logins": "logins",
            "Newsletter": "newsletter",
            "Language": "language",
        },
    },
    ORDERS: {
        "type": "event",
        "identifier": {"identity": "user_id"},
        "event_name": "Ordered",
        "timestamp": "ordered_at",
        "properties": {
            "Order": "order_id",
            "Amount": "total",
            "Quantity": "quantity",
            "Currency": "currency",
            "Product": "product",
            "Category": "category",
            "Coupon": "coupon",
            "Gift": "gift",
            "Contact": {"column": "contact", "type": "phone"},
            "Paid": "paid_at",
            "Due": "due",
            "Method": "method",
        },
    },
}
"""What becomes of the rows, in this target's words: 12 properties, two dates and a phone each."""


def config(url: str, work_dir: Path) -> dict[str, Any]:
    """This target's settings for the null server."""
    return {
        "account_id": "BENCH",
        "passcode": "bench",
        "api_url": url,
        "work_dir": str(work_dir),
        "ledger_url": "off",
        "streams": MAPPINGS,
    }
