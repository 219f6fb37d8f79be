"""Phone numbers in E.164, by Google's rules as the `phonenumbers` library keeps them.

CleverTap wants `+<country code><number>` and refuses the rest (error 516; P-UP, 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from target_clevertap.mapping.columns import ABSENT
from target_clevertap.mapping.inline import inlined
from target_clevertap.mapping.numbering_plans import VALID_E164, is_valid_e164
from target_clevertap.mapping.rejections import Fault

if TYPE_CHECKING:
    from target_clevertap.mapping.columns import Getter, Record
    from target_clevertap.mapping.values import Converter

_PLUSES = ("+", "\uff0b")


def phones(default_country: str | None) -> Converter:
    """Values as E.164 text; blank text is null.

    A value is text, an integer, or the pair of such a number and its country that
    `with_country` makes. Text that is E.164 already is checked without the library, some thirty
    times faster and to the same end; its country is in it, so none is looked for.
    """

    @inlined(
        str,
        source="{v} if (fits := {patterns}({v}[:4])) and fits({v}) else {convert}({v})",
        patterns=VALID_E164.get,
    )
    def convert(value: object) -> object:
        number, named = value if type(value) is tuple else (value, ABSENT)
        if type(number) is str:
            valid = is_valid_e164(number)
            if valid:
                return number
            if valid is False:
                raise Fault("phone_invalid")
        spelling = _spelling(number)
        return _e164(spelling, _country(named, default_country)) if spelling else None

    return convert


def with_country(number: Getter, country: Getter) -> Getter:
    """Takes a number and the country beside it out of a record, as a pair."""

    def get(record: Record) -> object:
        value = number(record)
        return value if value is None or value is ABSENT else (value, country(record))

    return get


def _country(named: object, default_country: str | None) -> str | None:
    """The code in the row when it has one; None when what stands there is no country."""
    if named is None or named is ABSENT or named == "":
        return default_country
    code = named.strip().upper() if isinstance(named, str) else ""
    if not code and isinstance(named, str):
        return default_country
    return code if code in SUPPORTED_REGIONS else None


def _spelling(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if type(value) is int and 0 <= value < 10**20:
        return str(value)
    raise Fault("phone_invalid")


def _e164(spelling: str, country: str | None) -> str:
    if country is None and not spelling.startswith(_PLUSES):
        raise Fault("phone_country_missing")
    try:
        number = parse(spelling, country)
    except NumberParseException:
        raise Fault("phone_invalid") from None
    if not is_valid_number(number):
        raise Fault("phone_invalid")
    return format_number(number, PhoneNumberFormat.E164)
