"""Storing the accepted records of one call, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from target_clevertap.sandbox.codec import encode_json
from target_clevertap.sandbox.identifiers import identifier_text, identifiers_of
from target_clevertap.sandbox.operators import merge
from target_clevertap.sandbox.people import People
from target_clevertap.sandbox.search import Search
from target_clevertap.sandbox.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_clevertap.sandbox.identifiers import Identifier
    from target_clevertap.sandbox.settings import Settings
    from target_clevertap.sandbox.store import Store

Record: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[object, ...]
EventRow: TypeAlias = tuple[int, str, str, int, str, int]
"""Profile, identity, name, time, properties, call."""
DELETABLE = frozenset({"Name", "Gender"})
"""What `$delete` is for according to one of two contradicting pages."""


class Ingest:
    """The records of one call on their way into the database."""

    def __init__(self, store: Store, settings: Settings, call: int, now: float) -> None:
        self._store = store
        self._people = People(store)
        self._deletable = DELETABLE if settings.delete_only_name_and_gender else None
        self._ignore_nulls = settings.ignore_nulls
        self._call = call
        self._now = now
        self._known: dict[Identifier, int] = {}
        self._bound: dict[Identifier, int] = {}
        self._properties: dict[int, dict[str, Any]] = {}
        self._first_id = self._next_id = 0

    def run(self, records: Iterable[Record]) -> None:
        """Store accepted records: profiles merged (DOC), events appended, none as a double (3P)."""
        owned = [(record, _identifiers(record)) for record in records]
        self._load(owned)
        events: list[EventRow] = []
        tokens: list[Row] = []
        for record, identifiers in owned:
            profile = self._profile_of(identifiers)
            if record["type"] == "profile":
                self._merge(profile, record.get("profileData") or {})
            elif record["type"] == "event":
                events.append(self._event_row(profile, identifiers[0][1], record))
            else:
                tokens.append((record["objectId"], profile, _json(record["tokenData"])))
        self._write(events, tokens)

    def _load(self, owned: Iterable[tuple[Record, list[Identifier]]]) -> None:
        self._first_id = self._next_id = self._people.next_id()
        self._known = self._people.find(
            identifier for _, identifiers in owned for identifier in identifiers
        )
        if not self._known:
            return
        merged = {
            self._known[identifier]
            for record, identifiers in owned
            if record["type"] == "profile"
            for identifier in identifiers
            if identifier in self._known
        }
        self._properties = self._people.properties(merged)

    def _profile_of(self, identifiers: list[Identifier]) -> int:
        """The profile that a record belongs to, made if there is none (DOC).

        Guess: the first identifier that is known decides, and those that are new are bound to it.
        """
        known = self._known
        for identifier in identifiers:
            if identifier in known:
                profile = known[identifier]
                break
        else:
            profile = self._new_profile()
        for identifier in identifiers:
            if identifier not in known:
                known[identifier] = self._bound[identifier] = profile
        return profile

    def _new_profile(self) -> int:
        profile = self._next_id
        self._next_id += 1
        self._properties[profile] = {}
        return profile

    def _merge(self, profile: int, sent: Mapping[str, Any]) -> None:
        if self._ignore_nulls:
            sent = {name: value for name, value in sent.items() if value is not None}
        if profile not in self._properties:  # reached by an identifier that this call has bound
            self._properties.update(self._people.properties([profile]))
        merge(self._properties[profile], sent, self._deletable)

    def _event_row(self, profile: int, identity: str, record: Record) -> EventRow:
        properties = record.get("evtData") or {}
        if self._ignore_nulls:
            properties = {name: value for name, value in properties.items() if value is not None}
        ts = int(record.get("ts", self._now))
        return profile, identity, record["evtName"], ts, _json(properties), self._call

    def _write(self, events: list[EventRow], tokens: list[Row]) -> None:
        self._people.write(self._properties.items(), self._call, self._now)
        self._people.bind(self._bound.items())
        self._store.executemany(
            "INSERT INTO events (profile, identity, name, ts, properties, call) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            events,
        )
        self._store.executemany(
            "INSERT OR REPLACE INTO devices (object_id, profile, token) VALUES (?, ?, ?)", tokens
        )
        self._count(events)

    def _count(self, events: list[EventRow]) -> None:
        """Count what is new, and let the search know of what was written."""
        tallies = Tallies(self._store)
        if self._next_id > self._first_id:
            tallies.add({("profiles", ""): self._next_id - self._first_id})
        if self._properties:
            Search(self._store).note(self._properties)
        if events:
            tallies.add_events((name, ts) for _, _, name, ts, _, _ in events)


def _identifiers(record: Record) -> list[Identifier]:
    """Root identifiers, then the second identity that a profile may carry in its properties."""
    found = identifiers_of(record)
    if record["type"] == "profile":
        second = identifier_text((record.get("profileData") or {}).get("identity"))
        if second is not None and ("identity", second) not in found:
            found.append(("identity", second))
    return found


def _json(value: object) -> str:
    return encode_json(value).decode()
