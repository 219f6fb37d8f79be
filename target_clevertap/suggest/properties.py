"""The `properties` of a suggested mapping: what each column becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.mapping.charged import ITEMS
from target_clevertap.mapping.limits import MAX_PROPERTIES
from target_clevertap.suggest.kinds import purchase_columns
from target_clevertap.suggest.names import PropertyNames
from target_clevertap.suggest.standards import Match, spelt, standard_properties
from target_clevertap.suggest.writing import Note, Setting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from target_clevertap.mapping.converters import Kind
    from target_clevertap.suggest.catalog import Column, Stream
    from target_clevertap.suggest.writing import Line

_SECRETS: Final = (
    *("password", "passwd", "pwhash", "secret", "accesstoken", "refreshtoken", "apikey"),
    *("privatekey", "creditcard", "cardnumber", "cvv", "iban", "socialsecurity", "sessiontoken"),
)
_SECRET_WORDS: Final = frozenset({"salt", "pin", "otp", "ssn", "cvc", "pwd", "token"})
_PAYMENTS: Final = ("paymentmode", "paymentmethod", "paymenttype")
_CURRENCIES: Final = ("currency", "currencycode", "ordercurrency")
_ORDERS: Final = ("chargedid", "orderid", "ordernumber", "transactionid", "purchaseid", "chargeid")
_NAMES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Properties:
    """All properties of one stream: those with a meaning first, then the other columns."""

    stream: Stream
    kind: Kind
    matches: tuple[Match, ...]
    used: Collection[Column]

    @classmethod
    def of_people(cls, stream: Stream, identifier: Column) -> Properties:
        """Those of profiles, CleverTap's own among them."""
        matches = [
            match for match in standard_properties(stream) if identifier not in match.columns
        ]
        return cls(stream, "profile", tuple(matches), _used(matches, identifier))

    @classmethod
    def of_happenings(cls, stream: Stream, used: Collection[Column]) -> Properties:
        """Those of events with a name of their own."""
        return cls(stream, "event", (), used)

    @classmethod
    def of_purchases(cls, stream: Stream, used: Collection[Column]) -> Properties:
        """Those of the event Charged."""
        matches = [match for match in _charged(stream) if match.columns[0] not in used]
        return cls(stream, "event", tuple(matches), _used(matches, *used))

    def lines(self) -> tuple[Line, ...]:
        """One setting for each column, and what is left out."""
        lines = [Setting(match.property, match.source, match.why) for match in self.matches]
        left_out = []
        room = MAX_PROPERTIES - len(lines)
        for line in self._rest():
            if line.off or room > 0:
                lines.append(line)
                room -= not line.off
            else:
                left_out.append(line)
        return (*lines, *_too_many(left_out))

    def _rest(self) -> Iterator[Setting]:
        reserved = (ITEMS,) if self.matches and self.kind == "event" else ()
        names = PropertyNames(self.kind, (*reserved, *(match.property for match in self.matches)))
        for column in self.stream.columns:
            if self._holds_used(column):
                why = "left out: it holds the customer, who is known already"
                yield Setting(column.name, column.name, why, off=True)
            elif column not in self.used:
                yield _plain(column, names)

    def _holds_used(self, column: Column) -> bool:
        return any(column.holds(place) for place in self.used) and self.kind == "event"


def _used(matches: list[Match], *others: Column) -> tuple[Column, ...]:
    return (*others, *(column for match in matches for column in match.columns))


def _charged(stream: Stream) -> Iterator[Match]:
    """The properties that the event Charged is documented with."""
    amount, items = purchase_columns(stream)
    number = spelt(stream.columns, _ORDERS, ("string", "integer")) or stream.sole_key
    mode = spelt(stream.columns, _PAYMENTS, ("string",))
    currency = spelt(stream.columns, _CURRENCIES, ("string",))
    if amount:
        yield Match("Amount", amount.name, (amount,))
    if number:
        why = "the key" if number is stream.sole_key else "by its name"
        yield Match("Charged ID", number.name, (number,), why)
    if currency:
        yield Match("Currency", currency.name, (currency,))
    if mode:
        yield Match("Payment mode", mode.name, (mode,))
    if items:
        yield Match(ITEMS, items.name, (items,), "by its name: a list of flat objects")


def _plain(column: Column, names: PropertyNames) -> Setting:
    """A column under its own name, with what is to be known about it."""
    if _is_secret(column):
        return Setting(column.name, column.name, "left out: it looks like a secret", off=True)
    name = names.free(column.name)
    return Setting(name, column.name, "; ".join(_remarks(name, column)))


def _remarks(name: str, column: Column) -> Iterator[str]:
    if name != column.name:
        yield "renamed: the column's own name is taken, or not one that CleverTap takes"
    if column.shape.types == {"object"}:
        inside = next(iter(column.shape.properties), None)
        reach = f"; {column.name}.{inside} reaches into it" if inside else ""
        yield f"an object, sent as JSON text{reach}"


def _is_secret(column: Column) -> bool:
    return column.folded in _SECRET_WORDS or any(word in column.folded for word in _SECRETS)


def _too_many(left_out: list[Setting]) -> Iterator[Note]:
    if left_out:
        shown = ", ".join(line.key for line in left_out[:_NAMES_SHOWN])
        more = ", ..." if len(left_out) > _NAMES_SHOWN else ""
        yield Note(
            f"{len(left_out)} more columns are left out, since CleverTap takes "
            f"{MAX_PROPERTIES} properties: {shown}{more}"
        )
