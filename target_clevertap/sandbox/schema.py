"""A published schema: what CleverTap drops after it has answered `success` (DOC, Error Stream).

An account may say which events and properties it expects. What does not fit is dropped or accepted
by the account's choice, and told in the dashboard's Error Stream alone: the answer to the call
counts it as processed. The properties that CleverTap itself defines always fit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field

from target_clevertap.sandbox.event_names import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Record: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["string", "number", "boolean", "date", "list"]
Properties: TypeAlias = dict[str, Any]

DATE = "$D_"
STANDARD = frozenset(
    {
        *("Name", "Email", "Phone", "Gender", "Employed", "Education", "Married", "DOB", "Age"),
        *("Tz", "Photo", "Customer Type", "identity"),
        *("category-unsubscribe", "category-resubscribe"),
    }
)
"""Properties of a profile that no schema has to define; so are all that begin with `MSG-`."""

MANDATORY = "Mandatory event property not passed; violation handler dropped event"
UNDEFINED_EVENT = {
    "drop": "Undefined event found and dropped",
    "accept": "Undefined event found and accepted",
}
UNDEFINED_EVENT_PROPERTY = {
    "drop": "Undefined event property found and property dropped",
    "drop_event": "Undefined event property found and event dropped",
    "accept": "Undefined event property found and accepted",
}
MISMATCHED_EVENT_PROPERTY = {
    "drop": "Mismatched event property data type found and property dropped",
    "drop_event": "Mismatched event property data type found and event dropped",
    "accept": "Mismatched event property data type found and event accepted",
}
UNDEFINED_USER_PROPERTY = {
    "drop": "Undefined user property found and dropped",
    "accept": "Undefined user property found and accepted",
}
MISMATCHED_USER_PROPERTY = {
    "drop": "Mismatched and user property data type found and dropped",
    "accept": "Mismatched and user property data type found and accepted",
}

Choice: TypeAlias = Literal["drop", "accept"]
EventChoice: TypeAlias = Literal["drop", "drop_event", "accept"]


class EventSchema(Struct, frozen=True, forbid_unknown_fields=True):
    """The properties of an event, and those without which it is dropped."""

    properties: dict[str, Kind] = field(default_factory=dict)
    mandatory: tuple[str, ...] = ()


class Schema(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account expects; without `profile`, or without `events`, anything fits there.

    `undefined` and `mismatched` say what becomes of properties, `undefined_events` of events.
    """

    profile: dict[str, Kind] | None = None
    events: dict[str, EventSchema] | None = None
    undefined_events: Choice = "drop"
    undefined: EventChoice = "drop"
    mismatched: EventChoice = "drop"


class Violation(Struct, frozen=True, kw_only=True):
    """One line of the Error Stream."""

    error: str
    name: str
    """The event, or `Profile`."""
    property: str | None
    record: Record


class SchemaFilter:
    """Lets through what fits, and tells what does not."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._events = {folded(name): event for name, event in (schema.events or {}).items()}

    def run(self, records: Iterable[Record]) -> tuple[list[Record], list[Violation]]:
        """The records as they are stored, those that are dropped left out, and the violations."""
        kept: list[Record] = []
        told: list[Violation] = []
        for record in records:
            check = _Check(self._schema, record)
            stored = self._stored(record, check)
            told += check.violations
            if stored is not None:
                kept.append(stored)
        return kept, told

    def _stored(self, record: Record, check: _Check) -> Record | None:
        if record["type"] == "profile" and self._schema.profile is not None:
            return check.profile(self._schema.profile)
        if record["type"] == "event" and self._schema.events is not None:
            return check.event(self._events.get(folded(record["evtName"])))
        return record


class _Check:
    """The check of one record."""

    def __init__(self, schema: Schema, record: Record) -> None:
        self._schema = schema
        self._record = record
        self.violations: list[Violation] = []

    def profile(self, defined: dict[str, Kind]) -> Record:
        """The profile with the properties that are kept."""
        kept: Properties = {}
        for name, value in (self._record.get("profileData") or {}).items():
            problem = self._user_problem(name, value, defined)
            if problem is not None:
                self._tell(problem[1], "Profile", name)
            if problem is None or problem[0] == "accept":
                kept[name] = value
        return {**self._record, "profileData": kept}

    def _user_problem(
        self, name: str, value: object, defined: dict[str, Kind]
    ) -> tuple[str, str] | None:
        if name in STANDARD or name.startswith("MSG-"):
            return None
        if name not in defined:
            choice = _of_users(self._schema.undefined)
            return choice, UNDEFINED_USER_PROPERTY[choice]
        if not fits(value, defined[name]):
            choice = _of_users(self._schema.mismatched)
            return choice, MISMATCHED_USER_PROPERTY[choice]
        return None

    def event(self, defined: EventSchema | None) -> Record | None:
        """The event as it is kept, or None if it is dropped."""
        record, name = self._record, self._record["evtName"]
        if defined is None:
            choice = self._schema.undefined_events
            self._tell(UNDEFINED_EVENT[choice], name)
            return record if choice == "accept" else None
        sent = record.get("evtData") or {}
        for mandatory in defined.mandatory:
            if sent.get(mandatory) is None:
                self._tell(MANDATORY, name, mandatory)
                return None
        problems = dict(self._event_problems(sent, defined))
        for bad, (_, error) in problems.items():
            self._tell(error, name, bad)
        choices = {bad: choice for bad, (choice, _) in problems.items()}
        if "drop_event" in choices.values():
            return None
        kept = {key: value for key, value in sent.items() if choices.get(key) != "drop"}
        return {**record, "evtData": kept}

    def _event_problems(
        self, sent: Properties, defined: EventSchema
    ) -> Iterator[tuple[str, tuple[str, str]]]:
        schema = self._schema
        for name, value in sent.items():
            if name not in defined.properties:
                yield name, (schema.undefined, UNDEFINED_EVENT_PROPERTY[schema.undefined])
            elif not fits(value, defined.properties[name]):
                yield name, (schema.mismatched, MISMATCHED_EVENT_PROPERTY[schema.mismatched])

    def _tell(self, error: str, name: str, prop: str | None = None) -> None:
        self.violations.append(
            Violation(error=error, name=name, property=prop, record=self._record)
        )


def _of_users(choice: EventChoice) -> Choice:
    """A profile is never dropped as a whole: of the three choices it knows two (DOC)."""
    return "accept" if choice == "accept" else "drop"


def fits(value: object, kind: Kind) -> bool:
    """Whether a value has the type that the schema names; null and operators fit any (guess)."""
    if value is None or isinstance(value, dict):
        return True
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if kind == "list":
        return isinstance(value, list)
    return isinstance(value, str) and value.startswith(DATE) == (kind == "date")
