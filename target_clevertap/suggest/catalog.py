"""A tap's catalog as Singer defines it: its streams, and what is selected of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from target_clevertap.errors import SettingsError
from target_clevertap.mapping.columns import Columns, UnknownColumn
from target_clevertap.mapping.shapes import Shape
from target_clevertap.suggest.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BOM = b"\xef\xbb\xbf"
_BOOKKEEPING = "_sdc_"


class Metadata(msgspec.Struct, frozen=True):
    """What a catalog says about a stream (an empty breadcrumb) or about a place in it."""

    breadcrumb: tuple[str, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def selected(self) -> bool | None:
        """Whether the place is selected, by the rules of the Singer SDK; None when nobody said."""
        inclusion = self.metadata.get("inclusion")
        if inclusion in {"unsupported", "automatic"}:
            return bool(inclusion == "automatic")
        for word in ("selected", "selected-by-default"):
            if isinstance(said := self.metadata.get(word), bool):
                return said
        return None


class Entry(msgspec.Struct, frozen=True):
    """A stream as it stands in the file."""

    tap_stream_id: str | None = None
    stream: str | None = None
    stream_alias: str | None = None
    table_name: str | None = None
    schema: dict[str, Any] = msgspec.field(default_factory=dict)
    metadata: tuple[Metadata, ...] = ()
    key_properties: tuple[str, ...] | None = None
    replication_key: str | None = None

    @property
    def name(self) -> str:
        """The name that the stream's messages will carry."""
        return self.stream_alias or self.stream or self.tap_stream_id or ""

    @property
    def root(self) -> Metadata:
        """What is said about the stream as a whole."""
        return next((entry for entry in self.metadata if not entry.breadcrumb), Metadata())


class _File(msgspec.Struct, frozen=True):
    streams: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column, or a place in one: `name` is what a mapping calls it."""

    name: str
    shape: Shape
    own_name: str = ""

    @property
    def folded(self) -> str:
        """The name as it is compared: without case and separators, and without its parents."""
        return folded(self.own_name or self.name)

    def holds(self, place: Column) -> bool:
        """Whether a place is one inside this column."""
        return place.own_name != "" and place.name == f"{self.name}.{place.own_name}"

    def may_be(self, *types: str) -> bool:
        """Whether its values can be of one of these JSON types."""
        return not self.shape.types or not self.shape.types.isdisjoint(types)

    @property
    def is_dated(self) -> bool:
        """Whether its SCHEMA says that it holds dates or times."""
        return not self.shape.formats.isdisjoint({"date", "date-time"})


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A stream with those of its columns that the tap will send."""

    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    replication_key: str | None
    places: Columns
    deselected: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, entry: Entry) -> Stream:
        """The stream of an entry of the file."""
        hidden = frozenset(
            place.breadcrumb[1::2] for place in entry.metadata if place.selected is False
        )
        places = Columns.of(entry.schema)
        columns = tuple(
            Column(name, Shape.of(places.shape.properties[name]))
            for name in places.names
            if (name,) not in hidden and not name.startswith(_BOOKKEEPING)
        )
        key = _texts(entry.root.metadata.get("table-key-properties")) or entry.key_properties
        replication_key = entry.replication_key or entry.root.metadata.get("replication-key")
        return cls(entry.name, _table(entry), columns, key or (), replication_key, places, hidden)

    def column(self, name: str) -> Column | None:
        """The column of this name, if it is there."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def sole_key(self) -> Column | None:
        """The one column that is the key by itself."""
        return self.column(self.key[0]) if len(self.key) == 1 else None

    def inside(self, column: Column) -> Iterator[Column]:
        """What the SCHEMA knows in the objects of a column, as far as a dotted path leads there."""
        if column.shape.may_be_object:
            for name, schema in column.shape.properties.items():
                if name and self._leads_to(column.name, name):
                    yield Column(f"{column.name}.{name}", Shape.of(schema), name)

    def _leads_to(self, column: str, name: str) -> bool:
        if (column, name) in self.deselected:
            return False
        try:
            return self.places.find(f"{column}.{name}").keys == (column, name)
        except UnknownColumn:  # pragma: no cover - the SCHEMA has just named it
            return False


@dataclass(frozen=True, slots=True)
class Catalog:
    """The streams of a catalog, and the names of those that are not selected."""

    streams: tuple[Stream, ...]
    deselected: tuple[str, ...]

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> Catalog:
        """Those entries that will send rows; of two with one name, the first.

        Where nothing is selected yet, as in most fresh discoveries, everything may come.
        """
        begun = any(entry.root.metadata.get("selected") is True for entry in entries)
        chosen: dict[str, Stream] = {}
        others: dict[str, None] = {}
        for entry in entries:
            said = entry.root.selected
            if not begun if said is None else said:
                chosen.setdefault(entry.name, Stream.of(entry))
            else:
                others[entry.name] = None
        return cls(tuple(chosen.values()), tuple(others))


def read_catalog(path: Path) -> Catalog:
    """The catalog in a file.

    Raises:
        SettingsError: one sentence, when the file cannot be read or is no catalog.
    """
    try:
        content = path.read_bytes().removeprefix(_BOM)
        return parse_catalog(content)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        problem = f"is not a catalog as a tap prints it with --discover: {_words(error)}"
    raise SettingsError([f"--suggest {path}: {problem}"])


def parse_catalog(content: bytes) -> Catalog:
    """The catalog in the bytes of a file.

    Raises:
        ValueError: when they are no JSON, or not that of a catalog.
        RecursionError: when something in it is nested without end.
    """
    entries = msgspec.json.decode(content, type=_File).streams
    if not entries:
        raise ValueError("it has no streams")
    if not all(entry.name for entry in entries):
        raise ValueError("a stream in it has no name")
    return Catalog.of(entries)


def _words(error: Exception) -> str:
    """What is wrong with the file, in the parser's words, which hold no value of it."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error).replace("`", "")


def _table(entry: Entry) -> str:
    """The name of the table behind a stream: without the schema that database taps put before."""
    if entry.table_name:
        return entry.table_name
    prefix = entry.root.metadata.get("schema-name")
    for separator in "-._":
        if isinstance(prefix, str) and entry.name.startswith(prefix + separator):
            return entry.name[len(prefix) + 1 :]
    return entry.name


def _texts(value: object) -> tuple[str, ...]:
    """A list of names, or nothing."""
    return tuple(map(str, value)) if isinstance(value, list) else ()
