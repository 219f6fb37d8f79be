"""CleverTap's own profile properties, which hold values of a fixed form whatever the SCHEMA says.

Forms: CleverTap P-UP and P-ERR (errors 514-520), 2026. Blank text counts as null everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from target_clevertap.mapping.inline import inlined
from target_clevertap.mapping.limits import MAX_TEXT
from target_clevertap.mapping.rejections import Fault
from target_clevertap.mapping.values import NotJson, boolean, decoded, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_clevertap.mapping.values import Converter
    from target_clevertap.settings import ValueType

_is_email = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+").fullmatch
# A part of these, which is found in half the time.
_is_usual_email = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII).fullmatch
_ZONE = re.compile(
    r"[A-Za-z]{2,5}"  # an abbreviation: PST
    r"|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2}"  # Area/City: Asia/Kolkata
    r"|GMT[+-]\d{1,2}:\d{2}",  # an offset: GMT-8:00
    re.ASCII,
)
_GENDERS = {"m": "M", "male": "M", "f": "F", "female": "F"}
_EDUCATION = {name.lower(): name for name in ("School", "College", "Graduate")}


@dataclass(frozen=True, slots=True)
class OwnProperty:
    """The form of one of CleverTap's properties.

    `types` are the words that an explicit `type` may use for it. `convert` is None for those that
    need to know the stream's policies: telephone numbers and dates.
    """

    types: frozenset[ValueType]
    convert: Converter | None = None


def own_property(name: str) -> OwnProperty | None:
    """The form of a property, or None when it is the customer's own affair."""
    return _MESSAGING if name.startswith("MSG-") else _OWN.get(name)


@inlined(str, source="{v} if {is_usual}({v}) else {convert}({v})", is_usual=_is_usual_email)
def email(value: object) -> object:
    """An address: one @ with something on both sides, a dot in the domain, no spaces."""
    if not isinstance(value, str):
        raise Fault("email_invalid")
    if len(value) <= MAX_TEXT and _is_email(value):
        return value
    address = value.strip()
    if not address:
        return None
    if len(address) > MAX_TEXT or not _is_email(address):
        raise Fault("email_invalid")
    return address


def _choice(choices: Mapping[str, str], code: str) -> Converter:
    """One of a few words, read in any case."""
    usual = {form: choices[word] for word in choices for form in (word, word.title(), word.upper())}

    @inlined(str, source="{usual}({v}) or {convert}({v})", usual=usual.get)
    def convert(value: object) -> object:
        word = value.strip().lower() if isinstance(value, str) else "neither"
        if not word:
            return None
        if word not in choices:
            raise Fault(code)
        return choices[word]

    return convert


def _yes_or_no(code: str) -> Converter:
    """Y or N, from those letters or anything that reads as a boolean."""

    @inlined(bool, source="'Y' if {v} else 'N'")
    def convert(value: object) -> object:
        try:
            answer = boolean(value)
        except Fault:
            raise Fault(code) from None
        return None if answer is None else "Y" if answer else "N"

    return convert


@inlined(int, source="{v} if {v} >= 0 else {convert}({v})")
def _age(value: object) -> object:
    try:
        years = number(value)
    except Fault:
        raise Fault("age_invalid") from None
    if isinstance(years, int | float | Decimal) and years < 0:
        raise Fault("age_invalid")
    return years


def _time_zone(value: object) -> object:
    name = value.strip() if isinstance(value, str) else None
    if name == "":
        return None
    if name is None or len(name) > MAX_TEXT or not _ZONE.fullmatch(name):
        raise Fault("tz_invalid")
    return name


def _categories(value: object) -> object:
    """Lists of category names by channel; they stay an object (Freshsales page, 2026)."""
    if isinstance(value, str):
        value = _held(value)
    if value is None:
        return None
    if not isinstance(value, dict) or not all(map(_is_channel, value.items())):
        raise Fault("category_invalid")
    return value


def _held(json_text: str) -> object:
    """What a JSON text holds; None for blank text."""
    try:
        return decoded(json_text) if json_text.strip() else None
    except NotJson:
        raise Fault("category_invalid") from None


def _is_channel(entry: tuple[object, object]) -> bool:
    channel, names = entry
    return bool(channel) and isinstance(names, list) and all(map(_is_category, names))


def _is_category(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_TEXT


_WORD: frozenset[ValueType] = frozenset({"string"})
_FLAG: frozenset[ValueType] = frozenset({"string", "boolean"})
_MESSAGING = OwnProperty(frozenset({"boolean"}), boolean)
_CATEGORIES = OwnProperty(frozenset({"json"}), _categories)
_OWN: dict[str, OwnProperty] = {
    "Phone": OwnProperty(frozenset({"string", "phone"})),
    "Email": OwnProperty(frozenset({"string", "email"}), email),
    "DOB": OwnProperty(frozenset({"date"})),
    "Gender": OwnProperty(_WORD, _choice(_GENDERS, "gender_invalid")),
    "Employed": OwnProperty(_FLAG, _yes_or_no("employed_invalid")),
    "Married": OwnProperty(_FLAG, _yes_or_no("married_invalid")),
    "Education": OwnProperty(_WORD, _choice(_EDUCATION, "education_invalid")),
    "Age": OwnProperty(frozenset({"number", "integer"}), _age),
    "Tz": OwnProperty(_WORD, _time_zone),
    "category-unsubscribe": _CATEGORIES,
    "category-resubscribe": _CATEGORIES,
}
