"""Why a row or a value is not taken: stable codes, one sentence each, never the value.

A converter raises `Fault` or `Cut` about the value in its hands; whoever knows the property and
its policies turns that into a `Rejection` of the row or an `Adjustment` of the property.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the row as a whole
        "schema_violation": "{property} does not fit the SCHEMA of the stream",
        # who the row belongs to
        "identity_missing": "The row has no identifier",
        "identity_invalid": "The identifier is neither text nor an integer",
        "identity_too_long": "The identifier is longer than 1024 characters",
        "identity_forbidden": "The identifier is a word that CleverTap forbids, such as null or 0",
        "object_id_invalid": "The identifier is not a CleverTap ID (1-64 of A-Z a-z 0-9 ()!:@$_-)",
        # when and what
        "timestamp_missing": "The row has no timestamp",
        "timestamp_invalid": "The timestamp is not a time after 1970",
        "timestamp_milliseconds": "The timestamp looks like milliseconds: set unit: ms",
        "event_name_missing": "The row has no event name",
        "event_name_invalid": "The event name is not text, or has a character CleverTap prohibits",
        "event_name_reserved": "The event name is that of a system event of CleverTap",
        "event_name_too_long": "The event name is longer than 120 characters",
        "event_key_missing": "A column of event_key is null: nothing tells the event from others",
        # values of any property
        "text_invalid": "{property} holds text that is not valid Unicode",
        "number_invalid": "{property} is not a number, or not a finite one",
        "integer_invalid": "{property} is not an integer",
        "boolean_invalid": "{property} is neither true nor false",
        "date_invalid": "{property} is not a date or a time in seconds",
        "phone_invalid": "{property} is not a valid number",
        "phone_country_missing": "{property} has no country code and no country (default_country)",
        "email_invalid": "{property} is not a valid e-mail address",
        "json_invalid": "{property} holds a value that JSON cannot express",
        "list_invalid": "{property} is not a list of values",
        "counter_invalid": "{property} is counted with something that is not an integer",
        "value_too_long": "{property} is longer than 512 characters",
        "value_truncated": "{property} was cut to 512 characters",
        "list_too_long": "{property} has more than 100 values",
        "list_truncated": "{property} was cut to its last 100 values",
        # CleverTap's own properties
        "gender_invalid": "{property} is neither M nor F",
        "employed_invalid": "{property} is neither Y nor N",
        "married_invalid": "{property} is neither Y nor N",
        "education_invalid": "{property} is none of School, College, Graduate",
        "age_invalid": "{property} is not a number from 0",
        "tz_invalid": "{property} is not a time zone such as PST, Asia/Kolkata or GMT-8:00",
        "category_invalid": "{property} is not an object of lists of category names",
        "items_invalid": "{property} is not a list of flat objects with names CleverTap takes",
        "items_too_many": "{property} has more than 256 objects",
    }
)
"""Every code with its sentence; `{property}` stands for the property's name in CleverTap."""


class Rejection(Exception):
    """A row that cannot be sent: a stable `code`, and the `property` that is at fault, if one is.

    Nothing in it comes from the record, so it may be logged.
    """

    def __init__(self, code: str, property: str | None = None) -> None:  # noqa: A002 - the field's word
        super().__init__(code, property)
        self.code = code
        self.property = property

    @property
    def reason(self) -> str:
        """One sentence for a person."""
        return REASONS[self.code].format(property=self.property or "The row")

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


class Adjustment(NamedTuple):
    """A property that was sent cut, or left out, instead of having its row rejected."""

    code: str
    property: str


class Fault(Exception):
    """A value that CleverTap would refuse, or that is not what the mapping says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Cut(Exception):
    """A value that fits only when shortened; `instead` is the short one, `codes` say how."""

    def __init__(self, codes: tuple[str, ...], instead: object) -> None:
        super().__init__(codes)
        self.codes = codes
        self.instead = instead


ALWAYS_REJECTED: Final = frozenset({"text_invalid", "value_too_long", "list_too_long"})
"""Faults that `invalid_properties: drop` does not forgive: broken text, and lengths for which
`long_values: reject` asked in so many words."""
