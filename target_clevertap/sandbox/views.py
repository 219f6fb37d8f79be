"""Profiles and events as `/_sandbox/` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw, Struct

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account


class ProfileView(Struct, frozen=True, kw_only=True):
    """One profile; `identifiers` has a list of values for each kind it is known by."""

    id: int
    identifiers: dict[str, list[str]]
    properties: Raw
    first_call: int
    last_call: int
    last_seen: float


class EventView(
    Struct, frozen=True, kw_only=True, rename={"name": "evtName", "properties": "evtData"}
):
    """One event as stored, with the number of the call that brought it."""

    id: int
    profile: int
    identity: str
    name: str
    ts: int
    properties: Raw
    call: int


def profiles(account: Account, identity: str | None, offset: int, limit: int) -> list[ProfileView]:
    """Profiles in the order of their creation; with `identity`, those that any kind of it names."""
    rows = account.store.execute(
        "SELECT id, properties, first_call, last_call, last_seen FROM profiles "
        "WHERE ?1 IS NULL OR id IN (SELECT profile FROM identifiers WHERE value = ?1 "
        "AND kind IN ('identity', 'objectId', 'FBID', 'GPID')) "
        "ORDER BY id LIMIT ?3 OFFSET ?2",
        (identity, offset, limit),
    ).fetchall()
    return [
        ProfileView(
            id=number,
            identifiers=_by_kind(account, number),
            properties=Raw(properties.encode()),
            first_call=first_call,
            last_call=last_call,
            last_seen=last_seen,
        )
        for number, properties, first_call, last_call, last_seen in rows
    ]


def _by_kind(account: Account, profile: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, value in account.people.identifiers(profile):
        found.setdefault(kind, []).append(value)
    return found


def events(
    account: Account, name: str | None, identity: str | None, offset: int, limit: int
) -> list[EventView]:
    """Events in the order of their arrival, all or those of a name or of an identity."""
    rows = account.store.execute(
        "SELECT id, profile, identity, name, ts, properties, call FROM events "
        "WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR identity = ?2) "
        "ORDER BY id LIMIT ?4 OFFSET ?3",
        (name, identity, offset, limit),
    )
    return [
        EventView(
            id=number,
            profile=profile,
            identity=owner,
            name=event_name,
            ts=ts,
            properties=Raw(properties.encode()),
            call=call,
        )
        for number, profile, owner, event_name, ts, properties, call in rows
    ]
