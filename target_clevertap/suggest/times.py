"""Which column says when the thing of a row happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.suggest.words import singular, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.settings import DateUnit
    from target_clevertap.suggest.catalog import Column, Stream

_OCCURRED: Final = (
    *("occurredat", "occurredon", "happenedat", "happenedon", "eventtime", "eventtimestamp"),
    *("eventdate", "eventat", "eventts", "timestamp", "ts", "time", "datetime"),
)
_DONE: Final = (
    *("orderedat", "placedat", "purchasedat", "paidat", "bookedat", "soldat", "sentat"),
    *("viewedat", "visitedat", "clickedat", "openedat", "starredat", "joinedat", "submittedat"),
    *("completedat", "processedat", "transactiondate", "purchasedate", "saledate", "date"),
)
_CREATED: Final = (
    *("createdat", "created", "createdon", "createddate", "createdtime", "creationdate"),
    *("creationtime", "datecreated", "insertedat", "recordedat", "loggedat", "startedat"),
)
_OTHER_MATTERS: Final = (
    *("updat", "modif", "delet", "expir", "until", "due", "birth", "dob", "born", "schedul"),
    *("next", "valid", "cancel", "clos", "end", "ship", "deliver", "refund", "trial", "avail"),
    *("since", "estimat", "expect", "sync", "load", "extract", "archiv", "cutoff"),
)
_MILLISECONDS: Final = ("milliseconds", "millis", "ms")


@dataclass(frozen=True, slots=True)
class When:
    """A column with times, the unit of its numbers if known, and why it was chosen."""

    column: Column
    why: str
    unit: DateUnit | None = None


def time_of(stream: Stream) -> When | None:
    """The column that most likely says when a row happened."""
    for column, why in _candidates(stream):
        return _read(column, why)
    return None


def _candidates(stream: Stream) -> Iterator[tuple[Column, str]]:
    named = {_plain(column): column for column in reversed(stream.columns) if _tells_time(column)}
    yield from ((named[name], "by its name") for name in _OCCURRED if name in named)
    yield from _of_the_noun(stream, named)
    yield from ((named[name], "by its name") for name in _DONE if name in named)
    yield from ((named[name], "by its name") for name in _CREATED if name in named)
    dated = [c for c in stream.columns if c.is_dated and not _is_other_matter(_plain(c))]
    yield from ((c, "the replication key") for c in dated if c.name == stream.replication_key)
    yield from ((column, "by its format") for column in dated)


def _of_the_noun(stream: Stream, named: dict[str, Column]) -> Iterator[tuple[Column, str]]:
    """`ordered_at` and `order_date` of the stream orders."""
    parts = words(stream.table)
    if not parts:
        return
    noun = singular(parts[-1])
    for ending in ("edat", "edon", "date", "time", "timestamp", "at"):
        if noun + ending in named:
            yield named[noun + ending], "by its name and that of the stream"


def _tells_time(column: Column) -> bool:
    return column.may_be("string", "integer", "number")


def _plain(column: Column) -> str:
    """The folded name without a unit at its end."""
    unit = _unit_in(column.folded)
    return column.folded.removesuffix(unit) if unit else column.folded


def _unit_in(name: str) -> str | None:
    return next((unit for unit in _MILLISECONDS if name.endswith(unit)), None)


def _is_other_matter(name: str) -> bool:
    return any(word in name for word in _OTHER_MATTERS)


def _read(column: Column, why: str) -> When:
    if column.shape.types and not column.may_be("string"):
        if _unit_in(column.folded):
            return When(column, f"{why}: milliseconds since 1970", "ms")
        return When(column, f"{why}: seconds since 1970; for milliseconds add unit: ms")
    if column.is_dated:
        return When(column, why)
    return When(column, f"{why}; ISO 8601 is read, for anything else add its format")
