"""Compiled mappings: what turns the records of one stream into items, without I/O or clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from target_clevertap.mapping.columns import ABSENT, Reading, Record
from target_clevertap.mapping.inline import inlined_as
from target_clevertap.mapping.items import Item, Member, encoded
from target_clevertap.mapping.names import event_name_fault, is_charged
from target_clevertap.mapping.rejections import Fault, Rejection
from target_clevertap.mapping.steps import Step, read
from target_clevertap.mapping.values import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.mapping.dates import Seconds
    from target_clevertap.settings import IdentifierKind

Time = Reading["int | None"]
EventName = Reading[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the three kinds of stream share.

    `notices` are sentences for the log, one for each column that is not sent because CleverTap
    would refuse its name. `keyed` says whether items carry the key of their row.
    """

    identifier_kind: IdentifierKind
    identify: Reading[str]
    key: tuple[Reading[object], ...]
    keyed: bool = False
    notices: tuple[str, ...] = ()

    def row_key(self, record: Record) -> list[object]:
        """The values that name a row; empty when the stream has no key."""
        found = (reading(record) for reading in self.key)
        return [None if value is ABSENT else value for value in found]

    def item_key(self, record: Record) -> bytes:
        """The key that the row's item carries: empty when it has none, or none is asked for."""
        values = self.row_key(record) if self.keyed else ()
        if not values or None in values:
            return b""
        try:
            return encode(values)
        except (ValueError, TypeError, RecursionError):
            return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRules(Rules):
    """Records as profiles: an upsert, or the deletion of the whole profile.

    `deletes` says whether rows that are gone at the source are to be deleted here too.
    `accumulating` and `counting` name the properties with operators of that kind.
    """

    deletes: bool
    steps: tuple[Step, ...]
    time: Time | None = None
    accumulating: frozenset[str] = frozenset()
    counting: frozenset[str] = frozenset()

    @property
    def moving(self) -> bool:
        """Whether a row may come to be about another profile: its key does not say about which."""
        column = self.identify.column
        return column is None or column not in {reading.column for reading in self.key}

    def item(self, record: Record) -> Item:
        """The profile of a record.

        Raises:
            Rejection: when CleverTap would not take it.
        """
        kind, identity = self.identifier_kind, self.identify(record)
        properties, adjusted = read(self.steps, record)
        entry: dict[str, object] = {"type": "profile", kind: identity}
        if self.time is not None and (at := self.time(record)) is not None:
            entry["ts"] = at
        entry["profileData"] = properties
        return Item(
            "profile",
            f"{kind}:{identity}",
            encoded(entry, properties),
            self.accumulating.isdisjoint(properties),
            self.counting.isdisjoint(properties),
            adjusted,
            self.item_key(record),
        )

    def deletion(self, record: Record) -> Item:
        """The deletion of a record's profile.

        Raises:
            Rejection: when the record does not say whose it is.
        """
        kind, identity = self.identifier_kind, self.identify(record)
        key = self.item_key(record)
        return Item("delete", f"{kind}:{identity}", b"", key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRules(Rules):
    """Records as events.

    `charged_steps` are the steps of rows whose event is Charged, where `Items` is a list.
    """

    name: EventName
    steps: tuple[Step, ...]
    charged_steps: tuple[Step, ...]
    time: Time | None = None

    def item(self, record: Record) -> Item:
        """The event of a record.

        Raises:
            Rejection: when CleverTap would not take it.
        """
        kind, identity = self.identifier_kind, self.identify(record)
        name = self.name(record)
        steps = self.charged_steps if is_charged(name) else self.steps
        entry: dict[str, object] = {"type": "event", kind: identity, "evtName": name}
        if self.time is not None:
            entry["ts"] = self.time(record)
        properties, adjusted = read(steps, record)
        entry["evtData"] = properties
        key = self.item_key(record)
        if self.keyed and not key:
            raise Rejection("event_key_missing")
        return Item(
            "event",
            f"{kind}:{identity}",
            encoded(entry, properties),
            plain=False,
            replayable=False,
            adjusted=adjusted,
            key=key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRules(Rules):
    """Records as members of the custom list that `mapping` describes."""

    member_type: Literal["g", "i"]

    def member(self, record: Record) -> Member:
        """The member that a record names.

        Raises:
            Rejection: when it names none that CleverTap could know.
        """
        return Member(self.member_type, self.identify(record))


def name_of(value: object) -> str:
    """The name of an event, from a column; raises Rejection for one CleverTap would refuse."""
    if value is None or value is ABSENT:
        raise Rejection("event_name_missing")
    if not isinstance(value, str):
        raise Rejection("event_name_invalid")
    if code := event_name_fault(value):
        raise Rejection(code)
    return value


def time_of(seconds: Seconds, *, required: bool) -> Callable[[object], int | None]:
    """The `ts` of a record; None, or a Rejection when it is required, where there is none."""

    @inlined_as(seconds)
    def read_time(value: object) -> int | None:
        try:
            at = None if value is None or value is ABSENT else seconds(value)
        except Fault as fault:
            raise Rejection(fault.code) from None
        if at is None and required:
            raise Rejection("timestamp_missing")
        return at

    return read_time
