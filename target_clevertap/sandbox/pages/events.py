"""Events: by name, and those of one name with their counts over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from target_clevertap.sandbox.codec import decode_json
from target_clevertap.sandbox.pages.paging import SIZE, after, stretch
from target_clevertap.sandbox.pages.plot import plot
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.pages.values import Property, properties_of
from target_clevertap.sandbox.tallies import HOUR

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

MOST_NAMES = 200
"""Names on one page; CleverTap itself takes 512 in an account."""


class EventName(Struct, frozen=True, kw_only=True):
    """How many events have a name, and the hours of the first and the last, in seconds."""

    name: str
    count: int
    first: int
    last: int


class Event(Struct, frozen=True, kw_only=True):
    """One event as a row; `profile` is None once its profile is gone."""

    id: int
    profile: int | None
    identity: str
    ts: int
    properties: list[Property]
    call: int


def events(account: Account, request: Request) -> Screen:
    """The names of events, or with `name` the events of that one."""
    name = request.query_params.get("name")
    if name is None:
        names = event_names(account, MOST_NAMES)
        total = sum(account.tallies.of("events").values())
        return Screen("events.html", "Events", {"names": names, "total": total})
    values = {
        "name": name,
        "count": account.tallies.of("events").get(name, 0),
        "plot": plot(account.store, name),
        "page": stretch(_events(account, name, after(request)), request, lambda each: each.id),
    }
    return Screen("event.html", f"“{name}” events", values)


def event_names(account: Account, most: int) -> list[EventName]:
    """The names that most events have."""
    rows = account.store.execute(
        "SELECT which, count, (SELECT MIN(hour) FROM event_hours WHERE name = which), "
        "(SELECT MAX(hour) FROM event_hours WHERE name = which) "
        "FROM tallies WHERE what = 'events' ORDER BY count DESC, which LIMIT ?",
        (most,),
    )
    return [
        EventName(name=name, count=count, first=first * HOUR, last=last * HOUR)
        for name, count, first, last in rows
    ]


def _events(account: Account, name: str, before: int) -> list[Event]:
    rows = account.store.execute(
        "SELECT events.id, profiles.id, identity, ts, events.properties, call FROM events "
        "LEFT JOIN profiles ON profiles.id = profile "
        "WHERE name = ? AND events.id < ? ORDER BY events.id DESC LIMIT ?",
        (name, before, SIZE + 1),
    )
    return [
        Event(
            id=number,
            profile=profile,
            identity=identity,
            ts=ts,
            properties=properties_of(decode_json(text)),
            call=call,
        )
        for number, profile, identity, ts, text, call in rows
    ]
