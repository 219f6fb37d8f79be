"""Streams of every kind, whose rows have a mark in every column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support.pipeline import Message, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.privacy.marks import Marks

Record = dict[str, Any]

_LIST: Final = {
    "type": "segment",
    "identifier": {"identity": "user"},
    "owner_email": "admin@example.com",
}

STREAMS: Final[dict[str, Record]] = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {
            "Name": "name",
            "Email": "mail",
            "Phone": "phone",
            "DOB": {"column": "birth", "type": "date"},
            "Tags": "tags",
            "Address": "address",
            "City": "address.city",
            "Label": {"template": "{name}, {address.city}"},
            "Score": "score",
            "Likes": {"column": "likes", "operator": "add"},
        },
        "on_delete": "delete",
    },
    "members": {"type": "profile", "identifier": {"identity": "user"}, "include_unmapped": True},
    "points": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Points": {"column": "points", "operator": "increment"}},
    },
    "visits": {
        "type": "event",
        "identifier": {"identity": "user"},
        "event_name_column": "kind",
        "timestamp": "at",
    },
    "orders": {
        "type": "event",
        "identifier": {"identity": "user"},
        "event_name": "Charged",
        "properties": {"Amount": "total", "Charged ID": "id", "Items": "lines"},
    },
    "vip": {**_LIST, "segment_name": "VIP"},
    "fans": {**_LIST, "segment_name": "Fans", "membership": "accumulate"},
}  # fmt: skip

_TEXT: Final = {"type": ["null", "string"]}

SCHEMAS: Final = [
    schema("users", id="integer", user="string", name="string", mail="string", phone="string",
           birth="string", tags="array", address="object", score="number", likes="array",
           _sdc_deleted_at="string"),
    schema("members", id="string", user="string", name="string", mail="string"),
    schema("points", id="string", user="string", points="integer"),
    schema("visits", id="string", user="string", kind="string", at="integer", page="string",
           place="object"),
    schema("orders", id="string", user="string", total="number", lines="array"),
    schema("vip", "user", user="string", name="string"),
    schema("fans", "user", user="string", name="string"),
]  # fmt: skip


def user(marks: Marks, **others: object) -> Message:
    """A row of `users`."""
    return record("users", id=marks.number(), user=marks.text(), name=marks.text(),
        mail=marks.mail(), phone=marks.phone(), birth=marks.day(),
        tags=[marks.text(), marks.text()],
        address={"city": marks.text(), "street": {"name": marks.text(), "no": marks.number()}},
        score=marks.fraction(), likes=[marks.text()], **others)  # fmt: skip


def deleted_user(marks: Marks) -> Message:
    """A row of `users` that is gone at its source."""
    return user(marks, _sdc_deleted_at="2026-01-01T00:00:00Z")


def member(marks: Marks) -> Message:
    """A row of `members`, all of which is sent."""
    return record(
        "members", id=marks.text(), user=marks.text(), name=marks.text(), mail=marks.mail()
    )


def point(marks: Marks) -> Message:
    """A row of `points`, which must not be sent twice."""
    return record("points", id=marks.text(), user=marks.text(), points=marks.number())


def visit(marks: Marks) -> Message:
    """A row of `visits`; even the name of the event is a mark."""
    return record("visits", id=marks.text(), user=marks.text(), kind=marks.text(), at=marks.time(),
        page=marks.text(), place={"city": marks.text()})  # fmt: skip


def order(marks: Marks) -> Message:
    """A row of `orders`, with things bought."""
    lines = [{"name": marks.text(), "price": marks.fraction()} for _ in range(2)]
    return record("orders", id=marks.text(), user=marks.text(), total=marks.fraction(), lines=lines)


def listed(marks: Marks, stream: str) -> Message:
    """A row of `vip` or `fans`."""
    return record(stream, user=marks.text(), name=marks.text())


def good_rows(marks: Marks) -> list[Message]:
    """Two rows of each stream, which CleverTap takes, and a deleted one."""
    rows = [make(marks) for make in (user, member, point, visit, order) for _ in range(2)]
    rows.append(deleted_user(marks))
    lists = [listed(marks, stream) for stream in ("vip", "vip", "fans", "fans")]
    return [*rows, *lists]


def bookmark(marks: Marks) -> Message:
    """A STATE, of which taps make a copy of a row's value."""
    return state({"bookmarks": {"users": marks.text()}})


@dataclass(frozen=True)
class Bad:
    """A stream of one row that is rejected: its mapping, and the columns that make it so."""

    columns: Callable[[Marks], Record]
    mapping: Record
    types: Record


def _own(name: str, bad: Callable[[Marks], object], **source: object) -> Bad:
    properties = {name: {"column": "value", **source}}
    return Bad(lambda marks: {"value": bad(marks)}, {"properties": properties}, {})


def _who(bad: Callable[[Marks], object], kind: str = "identity") -> Bad:
    return Bad(lambda marks: {"user": bad(marks)}, {"identifier": {kind: "user"}}, {})


def _event(column: str, bad: Callable[[Marks], object], **mapping: object) -> Bad:
    return Bad(
        lambda marks: {column: bad(marks)}, {"type": "event", "event_name": "Seen", **mapping}, {}
    )


def _items(bad: Callable[[Marks], object]) -> Bad:
    return _event("value", bad, event_name="Charged", properties={"Items": "value"})


BAD: Final[dict[str, Bad]] = {
    "schema_violation": Bad(lambda marks: {"value": [marks.text()]}, {}, {"value": _TEXT}),
    "identity_missing": _who(lambda _: None),
    "identity_invalid": _who(lambda marks: {"a": marks.text()}),
    "identity_too_long": _who(lambda marks: marks.text(1100)),
    "object_id_invalid": _who(lambda marks: f"{marks.text()} {marks.text()}", "objectId"),
    "timestamp_invalid": _event("at", lambda marks: marks.text(), timestamp="at"),
    "timestamp_milliseconds": _event("at", lambda marks: marks.time() * 1000, timestamp="at"),
    "event_name_invalid": _event(
        "value", lambda marks: f"{marks.text()}$", event_name=None, event_name_column="value"
    ),
    "event_name_too_long": _event(
        "value", lambda marks: marks.text(200), event_name=None, event_name_column="value"
    ),
    "event_key_missing": _event("value", lambda _: None, event_key=["value"]),
    "text_invalid": _own("Note", lambda marks: f"\ud800{marks.text()}"),
    "number_invalid": _own("Sum", lambda marks: marks.text(), type="number"),
    "integer_invalid": _own("Sum", lambda marks: marks.fraction(), type="integer"),
    "boolean_invalid": _own("Flag", lambda marks: marks.text(), type="boolean"),
    "date_invalid": _own("Day", lambda marks: marks.text(), type="date"),
    "phone_invalid": _own("Phone", lambda marks: f"+{marks.number()}{marks.number()}"),
    "phone_country_missing": _own("Phone", lambda marks: str(marks.number())),
    "email_invalid": _own("Email", lambda marks: marks.text()),
    "list_invalid": _own("Tags", lambda marks: {"a": marks.text()}, type="list"),
    "counter_invalid": _own("Points", lambda marks: marks.text(), operator="increment"),
    "value_too_long": _own("Note", lambda marks: marks.text(600), on_long="reject"),
    "list_too_long": _own(
        "Tags", lambda marks: [f"{marks.text()}{n}" for n in range(101)], on_long="reject"
    ),
    "gender_invalid": _own("Gender", lambda marks: marks.text()),
    "employed_invalid": _own("Employed", lambda marks: marks.text()),
    "married_invalid": _own("Married", lambda marks: marks.text()),
    "education_invalid": _own("Education", lambda marks: marks.text()),
    "age_invalid": _own("Age", lambda marks: marks.text()),
    "tz_invalid": _own("Tz", lambda marks: marks.text()),
    "category_invalid": _own("category-unsubscribe", lambda marks: [marks.text()]),
    "items_invalid": _items(lambda marks: marks.text()),
    "items_too_many": _items(lambda marks: [{"name": marks.text()}] * 257),
}
"""By the code of the reason, which is the name of the stream too."""


def bad_streams() -> dict[str, Record]:
    """The mappings of all of BAD."""
    base = {"type": "profile", "identifier": {"identity": "user"}, "properties": {"Note": "value"}}
    return {
        code: {name: part for name, part in (base | bad.mapping).items() if part is not None}
        for code, bad in BAD.items()
    }


def bad_rows(marks: Marks) -> dict[str, Message]:
    """A row of each stream of BAD; its key is a mark."""
    return {
        code: record(code, **{"no": marks.text(), "user": marks.text(), "value": marks.text()}
                     | bad.columns(marks))
        for code, bad in BAD.items()
    }  # fmt: skip


def bad_schemas() -> list[Message]:
    """The SCHEMA messages of all of BAD."""
    columns: Record = {name: {} for name in ("no", "user", "value", "at")}
    return [schema(code, "no", **columns | bad.types) for code, bad in BAD.items()]


def texts(rows: Iterable[Message | bytes]) -> Iterator[str]:
    """What stands in rows, as text."""
    return (row.decode() if isinstance(row, bytes) else json.dumps(row) for row in rows)


def keys(rows: Iterable[Message]) -> Iterator[str]:
    """What names rows in their streams."""
    for row in rows:
        columns = row["record"]
        yield str(columns.get("no") or columns.get("id") or columns["user"])
