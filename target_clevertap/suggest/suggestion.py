"""The whole block: each stream with its guesses, and why the others are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import SettingsError
from target_clevertap.mapping.names import is_charged
from target_clevertap.suggest.kinds import (
    Happenings,
    Members,
    People,
    is_purchase,
    kinds,
    purchase_columns,
)
from target_clevertap.suggest.names import event_name
from target_clevertap.suggest.properties import Properties
from target_clevertap.suggest.standards import spelt
from target_clevertap.suggest.words import words
from target_clevertap.suggest.writing import Note, Setting, scalar, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.suggest.catalog import Catalog, Column, Stream
    from target_clevertap.suggest.kinds import Kind
    from target_clevertap.suggest.references import Reference
    from target_clevertap.suggest.times import When
    from target_clevertap.suggest.writing import Line

_LONGEST_KEY: Final = 1000
"""Characters of a key on one line; YAML has a limit of 1,024."""

_EVENT_NAMES: Final = ("event", "eventname", "eventtype")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A `streams:` block in YAML, and how many of the streams it maps."""

    text: str
    mapped: int


def suggest(catalog: Catalog) -> Suggestion:
    """A block that fits the catalog, with the reason beside each guess.

    Raises:
        SettingsError: when a SCHEMA is nested without end.
    """
    try:
        lines = [line for kind in kinds(catalog.streams) for line in _stream(kind)]
    except RecursionError:
        raise SettingsError(["--suggest: a SCHEMA of the catalog is nested too deeply"]) from None
    mapped = sum(isinstance(line, Setting) and not line.off for line in lines)
    streams = Setting("streams", tuple(lines), open=not mapped)
    return Suggestion(written([*_head(catalog), streams, *_tail(catalog, mapped)]), mapped)


def _head(catalog: Catalog) -> Iterator[Note]:
    yield Note("Guessed from the names, formats and keys in the catalog: read the comments, and")
    yield Note("correct what is wrong. Then look with --preview 10 at what rows would be sent as,")
    yield Note("and let CleverTap check all of them with dry_run, before anything is stored.")
    if catalog.deselected:
        yield Note(f"Not selected in the catalog, so left out: {', '.join(catalog.deselected)}")


def _tail(catalog: Catalog, mapped: int) -> Iterator[Line]:
    """What to do about the streams that have no mapping."""
    if mapped == 0:
        yield Note("Nothing could be mapped for sure: take one of the streams and say what it is.")
    elif mapped < len(catalog.streams):
        yield Setting(
            "unmapped_streams",
            "ignore",
            "lets a run pass over the streams without a mapping; or deselect them in the tap",
            off=True,
        )


def _stream(kind: Kind) -> Iterator[Line]:
    name = kind.stream.name
    if len(scalar(name)) > _LONGEST_KEY:
        yield Note("A stream is left out: its name is too long for a key in YAML.")
    elif isinstance(kind, People):
        yield Setting(name, _profiles(kind))
    elif isinstance(kind, Happenings):
        yield Setting(name, _events(kind))
    elif isinstance(kind, Members):
        yield from _members(kind)
    else:
        yield Note(f"{name} is left out: {kind.reason}")


def _profiles(kind: People) -> tuple[Line, ...]:
    shown = ", ".join(column.name for column in kind.contacts)
    properties = Properties.of_people(kind.stream, kind.identifier.column)
    return (
        Setting("type", "profile", f"it describes customers: {shown}"),
        _identifier(kind.identifier),
        Setting("properties", properties.lines()),
    )


def _events(kind: Happenings) -> tuple[Line, ...]:
    stream, used = kind.stream, [kind.identifier.column, kind.when.column]
    named = spelt(stream.columns, _EVENT_NAMES, ("string",))
    if named and named.is_dated:
        named = None
    name = _purchase(stream) or _named(stream, named)
    if named and name.key == "event_name_column":
        used.append(named)
    charged = name.key == "event_name" and is_charged(str(name.value))
    properties = Properties.of_purchases if charged else Properties.of_happenings
    return (
        Setting("type", "event", f"it names a customer and has a time: {kind.when.column.name}"),
        _identifier(kind.identifier),
        name,
        _timestamp(kind.when),
        *_event_key(stream, used),
        Setting("properties", properties(stream, used).lines()),
    )


def _members(kind: Members) -> Iterator[Line]:
    """A list cannot be guessed: who owns it is known to nobody but the user."""
    stream = kind.stream
    yield Note(
        f"{stream.name} is left out: {kind.identifier.column.name} names a customer, but there is "
        "no time, so it is no event. If its rows are the members of a list:"
    )
    yield Setting(
        stream.name,
        (
            Setting("type", "segment"),
            _identifier(kind.identifier),
            Setting("segment_name", " ".join(words(stream.table)).capitalize() or "Members"),
            Setting("owner_email", "admin@example.com", "the address of an admin of the account"),
        ),
        off=True,
    )


def _identifier(reference: Reference) -> Setting:
    return Setting("identifier", {reference.kind: reference.column.name}, reference.why)


def _timestamp(when: When) -> Setting:
    if when.unit:
        return Setting("timestamp", {"column": when.column.name, "unit": when.unit}, when.why)
    return Setting("timestamp", when.column.name, when.why)


def _purchase(stream: Stream) -> Setting | None:
    """CleverTap's own event for purchases, where the stream is surely one of them."""
    found = [column.name for column in purchase_columns(stream) if column]
    if not is_purchase(stream) or not found:
        return None
    why = f"CleverTap's event for purchases, for {' and '.join(found)}"
    return Setting("event_name", "Charged", why)


def _named(stream: Stream, column: Column | None) -> Setting:
    if column is not None:
        return Setting("event_name_column", column.name, "by its name: each value is an event")
    return Setting("event_name", event_name(stream.table), "from the name of the stream")


def _event_key(stream: Stream, used: list[Column]) -> Iterator[Setting]:
    """What makes a row the same event, where the stream has no key that says so."""
    if not stream.key:
        why = "the stream has no key: add what tells its rows apart, or some will not be sent"
        yield Setting("event_key", [column.name for column in used], why)
