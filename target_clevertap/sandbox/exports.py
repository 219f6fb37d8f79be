"""`/1/events.json` and `/1/profiles.json`: reading back in two steps (DOC P-GEV, P-GUP).

The first call says which event and days are wanted and gets a cursor; each further one brings a
cursor and gets records with the next, until there is none. CleverTap's Node library sends the
first as a GET with the parameter `query` (CODE).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from target_clevertap.sandbox.answers import Answer, failure, json_answer
from target_clevertap.sandbox.codec import decode_json
from target_clevertap.sandbox.reading import person_record, profile_record

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call

USUAL_BATCH = 50
MAX_BATCH = 5_000  # DOC
LIFE_SECONDS = {"events": 4 * 3600, "profiles": 4 * 24 * 3600}  # 3P
DATES = 4002
"""The code of days that are none (3P); its text is a guess."""
Day = Annotated[int, Meta(ge=19700101, le=99981231)]
Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Query(Struct, frozen=True):
    """What is wanted: an event, from one day to another, both included, as `yyyyMMdd`."""

    event_name: str
    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    event_properties: Annotated[tuple[Any, ...], Meta(max_length=0)] = ()
    """Conditions on properties are not imitated: a query with one is malformed here."""


class Cursor(Struct, frozen=True, kw_only=True):
    """Where an export has come to; `start` and `end` are seconds since the epoch."""

    what: Literal["events", "profiles"]
    event_name: str
    start: Id
    end: Id
    after: Id = 0
    """The id of the last row that was handed out."""
    batch: Annotated[int, Meta(ge=1, le=MAX_BATCH)]
    expires: float


_query_decoder = msgspec.json.Decoder(Query)
_cursor_decoder = msgspec.json.Decoder(Cursor)


def export_events(account: Account, call: Call) -> Answer:
    """Events of one name; `ts` is `yyyyMMddHHmmss` in the project's time zone (DOC; UTC: guess)."""
    return _export(account, call, "events")


def export_profiles(account: Account, call: Call) -> Answer:
    """The profiles that have an event of one name."""
    return _export(account, call, "profiles")


def _export(account: Account, call: Call, what: Literal["events", "profiles"]) -> Answer:
    text = call.parameter("cursor")
    if text is None:
        return _first(account, call, what)
    cursor = _cursor(text)
    if cursor is None or cursor.what != what:
        return failure(400)
    if account.clock.now() >= cursor.expires:
        return json_answer({"status": "fail", "error": "CURSOR_INVALIDATED"})  # 3P; framing: guess
    return _page(account, cursor)


def _first(account: Account, call: Call, what: Literal["events", "profiles"]) -> Answer:
    try:
        query = _query_decoder.decode(call.parameter("query") or call.body)
        batch = min(int(call.parameter("batch_size") or USUAL_BATCH), MAX_BATCH)
    except (ValueError, RecursionError):  # msgspec's own are among them
        return failure(400)
    if batch < 1:
        return failure(400)
    start, end = _midnight(query.first), _midnight(query.last)
    if start is None or end is None or end < start:
        return json_answer({"status": "fail", "error": "Invalid dates", "code": DATES})
    if not account.store.execute(
        "SELECT 1 FROM events WHERE name = ? LIMIT 1", (query.event_name,)
    ).fetchone():
        return failure(400, json.dumps([f"Invalid event : {query.event_name}"]))  # 3P
    cursor = Cursor(
        what=what,
        event_name=query.event_name,
        start=int(start.timestamp()),
        end=int((end + timedelta(days=1)).timestamp()),
        batch=batch,
        expires=account.clock.now() + LIFE_SECONDS[what],
    )
    return json_answer({"cursor": _text(cursor), "status": "success"})


def _page(account: Account, cursor: Cursor) -> Answer:
    rows = _rows(account, cursor)
    answer: dict[str, Any] = {"status": "success", "records": [record for _, record in rows]}
    if len(rows) == cursor.batch:
        answer["next_cursor"] = _text(replace(cursor, after=rows[-1][0]))
    return json_answer(answer)


def _rows(account: Account, cursor: Cursor) -> list[tuple[int, dict[str, Any]]]:
    """The next rows, each with its id and as the record that is handed out."""
    condition = "WHERE name = ? AND ts >= ? AND ts < ?"
    values = cursor.event_name, cursor.start, cursor.end, cursor.after, cursor.batch
    if cursor.what == "profiles":
        ids = account.store.execute(
            f"SELECT id FROM profiles WHERE id IN (SELECT profile FROM events {condition}) "  # noqa: S608 - own text
            "AND id > ? ORDER BY id LIMIT ?",
            values,
        ).fetchall()
        return [(profile, profile_record(account, profile)) for (profile,) in ids]
    events = account.store.execute(
        f"SELECT id, profile, identity, ts, properties FROM events {condition} "  # noqa: S608 - own text
        "AND id > ? ORDER BY id LIMIT ?",
        values,
    ).fetchall()
    owners = {profile: person_record(account, profile) for profile in {row[1] for row in events}}
    return [
        (number, _event(owners[profile] or {"identity": identity}, ts, properties))
        for number, profile, identity, ts, properties in events
    ]


def _event(owner: dict[str, Any], ts: int, properties: str) -> dict[str, Any]:
    """An event with what it tells of its profile (3P: `profile.email`; the rest: guess)."""
    moment = datetime.fromtimestamp(ts, timezone.utc)
    return {
        "profile": owner,
        "ts": int(f"{moment:%Y%m%d%H%M%S}"),
        "event_props": decode_json(properties),
    }


def _midnight(day: int) -> datetime | None:
    """The beginning of a day, or None if there is no such day."""
    try:
        return datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _text(cursor: Cursor) -> str:
    """A cursor as it is handed out: already encoded for a URL (3P)."""
    return quote(urlsafe_b64encode(msgspec.json.encode(cursor)).decode())


def _cursor(text: str) -> Cursor | None:
    """What a cursor says once it has come back, or None if it was never handed out."""
    try:
        return _cursor_decoder.decode(urlsafe_b64decode(text))
    except (ValueError, RecursionError):  # msgspec's and binascii's own are among them
        return None
