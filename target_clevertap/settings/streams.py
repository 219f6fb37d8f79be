"""What a user writes under `streams`: how the rows of a stream become profiles, events, a segment.

These are the words of the configuration only. What they mean for a row is decided when
`target_clevertap.mapping` compiles them against the stream's SCHEMA.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec

from target_clevertap.settings.parsing import Mistakes, below, build, json_type

if TYPE_CHECKING:
    from collections.abc import Iterator

IdentifierKind = Literal["identity", "objectId", "FBID", "GPID"]
ValueType = Literal[
    "string", "number", "integer", "boolean", "date", "phone", "email", "json", "list"
]
Operator = Literal["set", "add", "remove", "increment", "decrement", "delete"]
DateUnit = Literal["s", "ms"]
NullPolicy = Literal["omit", "delete"]
InvalidPolicy = Literal["reject", "drop"]
LongPolicy = Literal["truncate", "reject"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_OWNER_RULE = "must be the e-mail address of an admin of the account"
_IDENTIFIERS: tuple[IdentifierKind, ...] = ("identity", "objectId", "FBID", "GPID")


class IdentifierSource(msgspec.Struct, frozen=True):
    """Which of CleverTap's four identifiers the rows carry, and in which column."""

    kind: IdentifierKind
    column: str

    @classmethod
    def parse(cls, raw: object, path: str, mistakes: Mistakes) -> IdentifierSource | None:
        """From `{identity: column}`: exactly one identifier."""
        if not isinstance(raw, dict) or len(raw) != 1:
            mistakes.add(path, f"must name exactly one of {', '.join(_IDENTIFIERS)}")
            return None
        ((kind, column),) = raw.items()
        if kind not in _IDENTIFIERS:
            mistakes.add(below(path, kind), f"must be one of {', '.join(_IDENTIFIERS)}")
        elif not isinstance(column, str) or not column:
            mistakes.add(below(path, kind), "must be the name of a column")
        else:
            return cls(kind, column)
        return None


class TimeSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time of a row (`ts`) comes from."""

    column: str
    format: str | None = None
    unit: DateUnit | None = None

    @classmethod
    def parse(cls, raw: object, path: str, mistakes: Mistakes) -> TimeSource | None:
        """From a column's name, or `{column: ..., format | unit: ...}`."""
        return cls(column=raw) if isinstance(raw, str) else build(cls, raw, path, mistakes)

    def faults(self) -> Iterator[tuple[str, str]]:
        """A time is either text with a format or a number with a unit."""
        if self.format is not None and self.unit is not None:
            yield "", "takes format (for text) or unit (for numbers), not both"


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the value of one CleverTap property comes from, and what becomes of it."""

    column: str | None = None
    value: Any = msgspec.UNSET
    template: str | None = None
    type: ValueType | None = None
    format: str | None = None
    unit: DateUnit | None = None
    country: str | None = None
    operator: Operator | None = None
    default: Any = msgspec.UNSET
    nulls: NullPolicy | None = None
    on_invalid: InvalidPolicy | None = None
    on_long: LongPolicy | None = None

    @classmethod
    def parse(cls, raw: object, path: str, mistakes: Mistakes) -> Source | None:
        """From a column's name, or an object with one of `column`, `value`, `template`."""
        if isinstance(raw, str):
            return cls(column=raw)
        if not isinstance(raw, dict):
            mistakes.add(path, f"must be a column's name or an object, not {json_type(raw)}")
            return None
        return build(cls, raw, path, mistakes)

    def faults(self) -> Iterator[tuple[str, str]]:
        """One origin, and options that fit each other."""
        origins = (self.column is not None, self.value is not msgspec.UNSET, bool(self.template))
        if sum(origins) != 1:
            yield "", "needs exactly one of column, value, template"
        if self.format is not None and self.unit is not None:
            yield "", "takes format (for text) or unit (for numbers), not both"
        if (self.format or self.unit) and self.type not in {None, "date"}:
            yield "type", "must be date when format or unit is given"
        if self.country is not None and self.type not in {None, "phone"}:
            yield "type", "must be phone when country is given"


class StreamMapping(msgspec.Struct, frozen=True, kw_only=True):
    """What all three kinds of stream have in common; `type` picks the kind."""

    identifier: IdentifierSource

    @classmethod
    def parse(cls, raw: object, path: str, mistakes: Mistakes) -> StreamMapping | None:
        """The mapping of the kind that `type` names."""
        if not isinstance(raw, dict):
            mistakes.add(path, f"must be an object, not {json_type(raw)}")
            return None
        kind = raw.get("type")
        if not isinstance(kind, str) or kind not in _KINDS:
            mistakes.add(below(path, "type"), f"must be one of {', '.join(_KINDS)}")
            return None
        return build(_KINDS[kind], raw, path, mistakes)


class PropertyMapping(StreamMapping, frozen=True, kw_only=True):
    """A stream whose columns become properties: profiles and events.

    `properties` left out means every column that the mapping does not use otherwise.
    """

    properties: dict[str, Source] | None = None
    include_unmapped: bool = False
    exclude: tuple[str, ...] = ()
    timestamp: TimeSource | None = None


class ProfileMapping(PropertyMapping, frozen=True, kw_only=True):
    """Each row is one customer: properties are added or overwritten, others left alone."""

    type: Literal["profile"]
    on_delete: Literal["ignore", "delete"] = "ignore"

    def faults(self) -> Iterator[tuple[str, str]]:
        """CleverTap deletes by identity or objectId only (P-DEL)."""
        if self.on_delete == "delete" and self.identifier.kind in {"FBID", "GPID"}:
            yield "on_delete", "delete needs identity or objectId as the identifier"


class EventMapping(PropertyMapping, frozen=True, kw_only=True):
    """Each row is one thing that a customer did."""

    type: Literal["event"]
    event_name: str | None = None
    event_name_column: str | None = None
    event_key: tuple[str, ...] = ()
    first_run: Literal["send", "skip"] = "send"

    def faults(self) -> Iterator[tuple[str, str]]:
        """An event has one name."""
        if (self.event_name is None) == (self.event_name_column is None):
            yield "", "needs exactly one of event_name, event_name_column"


class SegmentMapping(StreamMapping, frozen=True, kw_only=True):
    """The rows of a run are the members of one custom list."""

    checks: ClassVar[Mapping[str, Callable[[Any], str | None]]] = {
        "segment_name": lambda name: None if name.strip() else "must not be empty",
        "owner_email": lambda email: None if _EMAIL.fullmatch(email) else _OWNER_RULE,
    }

    type: Literal["segment"]
    segment_name: str
    owner_email: str
    creator: str | None = None
    membership: Literal["snapshot", "accumulate"] = "snapshot"
    max_shrink_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    without_final_state: Literal["refuse", "upload"] = "refuse"


_KINDS: dict[str, type[StreamMapping]] = {
    "profile": ProfileMapping,
    "event": EventMapping,
    "segment": SegmentMapping,
}
