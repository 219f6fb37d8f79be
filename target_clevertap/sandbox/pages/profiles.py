"""Profiles: all of them, those that a search finds, and one with everything about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from target_clevertap.sandbox.codec import decode_json
from target_clevertap.sandbox.identifiers import Identifier
from target_clevertap.sandbox.pages.paging import LARGEST, SIZE, Stretch, after, stretch, whole
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.pages.values import Property, Value, properties_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

LONGEST_SEARCH = 1024
CALLS_TO_TAKE_UP = 3
"""Before a search; each takes about ten milliseconds."""
_SELECT = "SELECT id, properties, first_call, last_call, last_seen FROM profiles"


class Profile(Struct, frozen=True, kw_only=True):
    """One profile as a row."""

    id: int
    identifiers: list[Identifier]
    properties: dict[str, Any]
    first_call: int
    last_call: int
    last_seen: float

    @property
    def title(self) -> str:
        """What a person would call it: its name, or else an identifier."""
        name = self.properties.get("Name")
        if isinstance(name, str) and name.strip():
            return name
        return self.identifiers[0][1] if self.identifiers else f"Profile {self.id}"

    def shown(self, name: str) -> Value | None:
        """One of its properties, or None."""
        return value_of(self.properties[name], name) if name in self.properties else None


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """One event of a profile."""

    id: int
    name: str
    ts: int
    properties: list[Property]
    call: int


def profiles(account: Account, request: Request) -> Screen:
    """All profiles, the newest first, or those that were looked for."""
    text = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
    total = account.tallies.of("profiles").get("", 0)
    if text:
        return _search(account, text, total)
    rows = account.store.execute(
        f"{_SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?", (after(request), SIZE + 1)
    )
    found: Stretch[Profile] = stretch(_profiles(account, rows), request, lambda each: each.id)
    return Screen("profiles.html", "Profiles", {"page": found, "total": total, "text": ""})


def _search(account: Account, text: str, total: int) -> Screen:
    with account.store.transaction():
        account.search.catch_up(CALLS_TO_TAKE_UP)
    found = account.search.find(text)
    values = {
        "page": Stretch(_by_id(account, found.profiles), None, None),
        "total": total,
        "text": text,
        "more": found.more,
        "behind": account.search.is_behind,
    }
    return Screen("profiles.html", f"Profiles like “{text}”", values)


def _by_id(account: Account, ids: Iterable[int]) -> list[Profile]:
    rows = (account.store.execute(f"{_SELECT} WHERE id = ?", (each,)).fetchone() for each in ids)
    return _profiles(account, (row for row in rows if row))


def _profiles(account: Account, rows: Iterable[Any]) -> list[Profile]:
    return [
        Profile(
            id=number,
            identifiers=account.people.identifiers(number),
            properties=decode_json(properties),
            first_call=first_call,
            last_call=last_call,
            last_seen=last_seen,
        )
        for number, properties, first_call, last_call, last_seen in rows
    ]


def profile(account: Account, request: Request) -> Screen | None:
    """One profile with its properties, identifiers, devices, segments and events."""
    number = whole(request.path_params["number"])
    found = _by_id(account, [number]) if number is not None else []
    if not found:
        return None
    (one,) = found
    values = {
        "profile": one,
        "properties": properties_of(one.properties),
        "devices": account.store.execute(
            "SELECT object_id, token FROM devices WHERE profile = ? ORDER BY object_id", (one.id,)
        ).fetchall(),
        "segments": _segments(account, one.identifiers),
        "counts": account.store.execute(
            "SELECT COUNT(*) FROM (SELECT 1 FROM events WHERE profile = ? LIMIT 10001)", (one.id,)
        ).fetchone()[0],
        "page": _timeline(account, request, one.id),
    }
    return Screen("profile.html", one.title, values)


def _segments(account: Account, identifiers: Iterable[Identifier]) -> list[tuple[int, str]]:
    found: dict[int, str] = {}
    for kind, value in identifiers:
        rows = account.store.execute(
            "SELECT id, name FROM segments WHERE EXISTS (SELECT 1 FROM members "
            "WHERE segment = segments.id AND kind = ? AND value = ? AND profile IS NOT NULL)",
            (kind, value),
        )
        found.update(rows.fetchall())
    return sorted(found.items())


def _timeline(account: Account, request: Request, profile: int) -> Stretch[TimelineEvent]:
    """Events by their own time, the latest first; of equal times, the last to arrive."""
    ts, number = _place(request)
    rows = account.store.execute(
        "SELECT id, name, ts, properties, call FROM events "
        "WHERE profile = ? AND (ts, id) < (?, ?) ORDER BY ts DESC, id DESC LIMIT ?",
        (profile, ts, number, SIZE + 1),
    )
    found = [
        TimelineEvent(
            id=number, name=name, ts=ts, properties=properties_of(decode_json(text)), call=call
        )
        for number, name, ts, text, call in rows
    ]
    return stretch(found, request, lambda each: f"{each.ts}.{each.id}")


def _place(request: Request) -> tuple[int, int]:
    ts, _, number = request.query_params.get("after", "").partition(".")
    place = whole(ts), whole(number)
    return (LARGEST, LARGEST) if None in place else place  # type: ignore[return-value] # as just seen
