"""`Items` of the event Charged: the one place where CleverTap takes a list in an event (P-EV)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.mapping.limits import MAX_ITEMS
from target_clevertap.mapping.names import PROHIBITED_IN_EVENTS, property_name_fault
from target_clevertap.mapping.rejections import Cut, Fault
from target_clevertap.mapping.values import NotJson, decoded

if TYPE_CHECKING:
    from target_clevertap.mapping.values import Converter

ITEMS = "Items"


def charged_items(scalar: Converter) -> Converter:
    """A list of flat objects, or a JSON text of one; `scalar` converts the values in them.

    Nulls are left out; blank text counts as null.
    """

    def convert(value: object) -> object:
        if isinstance(value, str):
            value = _held(value)
        if value is None:
            return None
        if not isinstance(value, list):
            raise Fault("items_invalid")
        if len(value) > MAX_ITEMS:
            raise Fault("items_too_many")
        codes: list[str] = []
        items = [_item(item, scalar, codes) for item in value]
        if codes:
            raise Cut(tuple(dict.fromkeys(codes)), items)
        return items

    return convert


def _held(json_text: str) -> object:
    """What a JSON text holds; None for blank text."""
    try:
        return decoded(json_text) if json_text.strip() else None
    except NotJson:
        raise Fault("items_invalid") from None


def _item(item: object, scalar: Converter, codes: list[str]) -> dict[str, object]:
    """One object with its values converted; appends to `codes` what had to be cut."""
    if not isinstance(item, dict):
        raise Fault("items_invalid")
    flat: dict[str, object] = {}
    for name, value in item.items():
        if property_name_fault(name, PROHIBITED_IN_EVENTS):
            raise Fault("items_invalid")
        if value is not None:
            try:
                flat[name] = scalar(value)
            except Cut as cut:
                codes.extend(cut.codes)
                flat[name] = cut.instead
            except Fault as fault:
                # The property is a list: a sentence about its being no number would mislead.
                raise Fault(
                    {"number_invalid": "items_invalid"}.get(fault.code, fault.code)
                ) from None
    return flat
