"""The hot loop: a record's properties, read by the steps that were compiled for its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_clevertap.mapping.columns import ABSENT
from target_clevertap.mapping.rejections import (
    ALWAYS_REJECTED,
    Adjustment,
    Cut,
    Fault,
    Rejection,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.mapping.columns import Getter, Record
    from target_clevertap.mapping.values import Converter


class Step(NamedTuple):
    """How one property is filled; everything that does not depend on the row is settled.

    `column` is read directly when `get` is None, which saves a call for the usual case. `absent`
    and `null` are what is sent when there is no value: ABSENT leaves the property out. `drop`
    says that a faulty value is left out rather than its row rejected.
    """

    name: str
    column: str
    get: Getter | None
    convert: Converter
    absent: object
    null: object
    drop: bool


def read(steps: Iterable[Step], record: Record) -> tuple[dict[str, object], tuple[Adjustment, ...]]:
    """The properties of a record in the order of the steps, and what had to be adjusted.

    Raises:
        Rejection: for a value that is at fault, unless the property's policy is to drop it.
    """
    properties: dict[str, object] = {}
    adjusted: tuple[Adjustment, ...] = ()
    for name, column, get, convert, absent, null, drop in steps:
        try:
            value = record.get(column, ABSENT) if get is None else get(record)
            if value is ABSENT:
                value = absent
            else:
                if value is not None:
                    value = convert(value)
                if value is None:
                    value = null
        except Cut as cut:
            value = cut.instead
            adjusted += tuple(Adjustment(code, name) for code in cut.codes)
        except Fault as fault:
            if not drop or fault.code in ALWAYS_REJECTED:
                raise Rejection(fault.code, name) from None
            adjusted += (Adjustment(fault.code, name),)
            continue
        if value is not ABSENT:
            properties[name] = value
    return properties, adjusted
