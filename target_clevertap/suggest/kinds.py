"""What a stream is: profiles, events, or nothing that its columns would prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from target_clevertap.suggest.references import Reference, by_address, identifies, references
from target_clevertap.suggest.standards import EMAIL, PHONE, contacts, find, spelt
from target_clevertap.suggest.times import When, time_of
from target_clevertap.suggest.words import PERSONS, singular, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_clevertap.suggest.catalog import Column, Stream

_PEOPLE: Final = frozenset({*PERSONS, "profile", "lead", "recipient", "employee", "people"}) - {
    "actor"
}
PURCHASES: Final = frozenset({"order", "purchase", "sale", "transaction", "payment", "charge"})
_HAPPENINGS: Final = PURCHASES | {
    *("event", "view", "visit", "session", "click", "message", "ticket", "invoice", "booking"),
    *("log", "activity", "comment", "review", "refund", "cart", "checkout", "login", "search"),
    *("subscription", "reservation", "appointment", "track", "call", "conversation", "return"),
}
_AMOUNTS: Final = (
    *("amount", "total", "totalamount", "grandtotal", "totalprice", "ordertotal", "orderamount"),
    *("amountpaid", "amounttotal", "totalpaid", "price", "revenue", "subtotal", "net", "value"),
)
_ITEMS: Final = (
    *("items", "lineitems", "orderitems", "orderlines", "cartitems", "basketitems", "products"),
)

_STREAMS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class People:
    """A stream of profiles: the columns that say so, and how its rows name themselves."""

    stream: Stream
    contacts: tuple[Column, ...]
    identifier: Reference


@dataclass(frozen=True, slots=True)
class Happenings:
    """A stream of events: whose, and when."""

    stream: Stream
    identifier: Reference
    when: When


@dataclass(frozen=True, slots=True)
class Members:
    """A stream that names customers and no more: perhaps the members of a list."""

    stream: Stream
    identifier: Reference


@dataclass(frozen=True, slots=True)
class Unclear:
    """A stream about which the catalog tells too little, and what is missing."""

    stream: Stream
    reason: str


Kind: TypeAlias = "People | Happenings | Members | Unclear"


def kinds(streams: Iterable[Stream]) -> list[Kind]:
    """What each stream is. Profiles are identified as the other streams name them."""
    found = {stream: references(stream) for stream in streams}
    named: dict[str, list[Stream]] = {}
    for stream, others in found.items():
        for name in dict.fromkeys(reference.column.folded for reference in others):
            named.setdefault(name, []).append(stream)
    return [_kind(stream, others, named) for stream, others in found.items()]


def purchase_columns(stream: Stream) -> tuple[Column | None, Column | None]:
    """What was paid, and the list of what was bought."""
    amount = spelt(stream.columns, _AMOUNTS, ("number", "integer", "string"))
    return amount, spelt(stream.columns, _ITEMS, ("array", "string"))


def _kind(stream: Stream, found: list[Reference], named: Mapping[str, list[Stream]]) -> Kind:
    """`named` are the columns that name customers, and in which streams."""
    reached, when = contacts(stream), time_of(stream)
    whose = found[0] if found else by_address(stream)
    if _are_people(stream, reached, linked=bool(found and when)):
        if identifier := _own_identifier(stream, found, named):
            return People(stream, reached, identifier)
        return Unclear(stream, "it looks like profiles, but no column identifies them")
    if whose and when:
        return Happenings(stream, whose, when)
    return Members(stream, whose) if whose else Unclear(stream, _lack(stream, when))


def _lack(stream: Stream, when: When | None) -> str:
    if not stream.columns:
        return "its SCHEMA lists no columns"
    if when:
        return f"it has a time ({when.column.name}), but no column names a customer"
    return "no column names or describes a customer"


def _are_people(stream: Stream, reached: tuple[Column, ...], *, linked: bool) -> bool:
    """Whether the rows describe customers rather than something that customers did."""
    if _noun(stream) in _PEOPLE:
        return bool(reached)
    sure = find(EMAIL, stream.columns) or find(PHONE, stream.columns)
    if sure is None or _is_happening(stream):
        return False
    return not linked or len(reached) > 1


def _is_happening(stream: Stream) -> bool:
    amount, items = purchase_columns(stream)
    return _noun(stream) in _HAPPENINGS or bool(amount and items)


def _noun(stream: Stream) -> str:
    """What one row is called: the last word of the stream's name."""
    parts = words(stream.table)
    return singular(parts[-1]) if parts else ""


def is_purchase(stream: Stream) -> bool:
    """Whether the name of the stream says that its rows are purchases."""
    return _noun(stream) in PURCHASES


def _own_identifier(
    stream: Stream, found: list[Reference], named: Mapping[str, list[Stream]]
) -> Reference | None:
    """How the profiles are identified: as other streams name them, else by the key."""
    for reference in found:
        if reference.kind == "objectId" or reference.column.folded.endswith("identity"):
            return reference
        streams = named.get(reference.column.folded, ())
        if others := [other.name for other in streams if other != stream]:
            more = ", ..." if len(others) > _STREAMS_SHOWN else ""
            shown = ", ".join(others[:_STREAMS_SHOWN])
            return Reference(reference.column, f"it names customers in {shown}{more} too")
    key = stream.sole_key
    if key is not None and identifies(key):
        return Reference(key, "the key; events must name customers by the same values")
    return found[0] if found else by_address(stream)
