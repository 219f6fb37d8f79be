"""What `$add`, `$remove`, `$set`, `$delete`, `$incr` and `$decr` do to a profile (DOC).

Guesses, where CleverTap says nothing: a scalar operand is a list of one; `$incr` starts a missing
property at zero and leaves one that is no number alone; several operators of one property apply in
the order written; an object without a known operator is kept as it came.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.codec import encode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

MAX_ITEMS = 100
"""Items of a list property; the oldest are dropped first (DOC)."""

_GONE = object()


def merge(
    properties: dict[str, Any], sent: Mapping[str, Any], deletable: Container[str] | None = None
) -> None:
    """Merge what was sent into a profile: keys sent are written, the others stay (DOC).

    With `deletable`, `$delete` leaves every other property alone.
    """
    for name, value in sent.items():
        if value.__class__ is not dict or not value or not value.keys() <= _OPERATORS.keys():
            properties[name] = value
        elif "$delete" not in value or deletable is None or name in deletable:
            _operate(properties, name, value)


def _operate(properties: dict[str, Any], name: str, operations: Mapping[str, Any]) -> None:
    value = properties.get(name, _GONE)
    for operator, operand in operations.items():
        value = _OPERATORS[operator](value, operand)
    if value is _GONE:
        properties.pop(name, None)
    else:
        properties[name] = value


def _add(value: object, operand: object) -> object:
    return _unique([*_items(value), *_items(operand)])


def _remove(value: object, operand: object) -> object:
    removed = set(_items(operand))
    kept = [item for item in _items(value) if item not in removed]
    return kept or _GONE  # DOC: a list left empty deletes the property


def _set(_: object, operand: object) -> object:
    return _unique(_items(operand))


def _delete(_: object, __: object) -> object:
    return _GONE


def _incr(value: object, operand: object) -> object:
    return _sum(value, operand, 1)


def _decr(value: object, operand: object) -> object:
    return _sum(value, operand, -1)


def _sum(value: object, operand: object, sign: int) -> object:
    start = 0 if value is _GONE else value
    if not _is_number(start) or not _is_number(operand):
        return value
    try:
        return start + sign * operand  # type: ignore[operator] # both are numbers, as just checked
    except ArithmeticError:  # beyond any exponent that can be computed with
        return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _items(value: object) -> list[str]:
    """The items of a list property, which are strings; a scalar is promoted to a list (DOC)."""
    if value is _GONE or value is None:
        return []
    return [*map(_item, value)] if isinstance(value, list) else [_item(value)]


def _item(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return encode_json(value).decode()
    return str(value)


def _unique(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))[-MAX_ITEMS:]


_OPERATORS: dict[str, Callable[[object, object], object]] = {
    "$add": _add,
    "$remove": _remove,
    "$set": _set,
    "$delete": _delete,
    "$incr": _incr,
    "$decr": _decr,
}
