"""What CleverTap means when it refuses one record, in words of our own.

The service's own text may repeat a value of the record; these sentences cannot, so they are what
logs and reports show.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSING_CODE: Final = 555
"""The one code that speaks of CleverTap instead of the record: the record may be sent again."""

REFUSAL_MEANINGS: Final[Mapping[int, str]] = MappingProxyType(
    {
        509: "The event has no name",
        512: "The event is not built as an event should be",
        513: "The event has the name of one of CleverTap's own events",
        514: "Gender is neither M nor F",
        515: "Email is not a valid address",
        516: "Phone is not a valid number",
        517: "Employed is neither Y nor N",
        518: "Education is none of School, College, Graduate",
        519: "Married is neither Y nor N",
        520: "Age is not a number",
        522: "The event has too many properties",
        523: "The record has no identifier, or one that is too long",
        524: "The record is neither a profile nor an event",
        525: "The timestamp is not in seconds since 1970",
        526: "The objectId is not a CleverTap ID",
        528: "The event is on the account's list of discarded events",
        PASSING_CODE: "CleverTap could not process the record just now",
    }
)
"""Code of a refused profile or event to its meaning (CleverTap: API errors, 2025-12)."""


def meaning_of(code: int) -> str:
    """One sentence for any code, also for one that CleverTap does not document."""
    return REFUSAL_MEANINGS.get(code, f"CleverTap refused the record with code {code}")
