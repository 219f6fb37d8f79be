"""What each country calling code accepts, as one compiled expression made from Google's metadata.

Most phone columns already hold E.164. Asking `phonenumbers` about one such number takes some
30 microseconds, more than all the rest of its record; matching it here takes well under one. The
library stays the judge: nothing is decided here but what it would decide (`is_valid_number` of
`parse`), and a number that it would first rewrite is left to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phonenumbers import PhoneNumberDesc

_NOTHING: Final = "(?!)"
_TYPES: Final = (
    "mobile",
    "fixed_line",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
"""The kinds of number that count as valid; short codes and emergency calls do not."""

_START: Final = re.compile(r"\+[1-9][0-9]{2}")
_START_LENGTH: Final = 4
"""A plus and three digits: no calling code is longer, none is the start of another."""


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """Two full matches over `+` and digits; a text that fits neither is for the library."""

    valid: Callable[[str], object]
    """Fits what is valid and, in E.164, stays as it is."""
    unaltered: Callable[[str], object]
    """Fits what `parse` takes as it is: no national prefix to strip, no rewriting."""


_PLANS: Final[dict[str, NumberingPlan]] = {}
"""By the first four characters; grows as calling codes are met, to 900 entries at most."""

VALID_E164: Final[dict[str, Callable[[str], object]]] = {}
"""What fits valid numbers, of the plans met so far: for whom a call of a function is too much."""


def is_valid_e164(text: str) -> bool | None:
    """Whether a text is a valid number in E.164, or None when only the library can tell.

    True promises that the library's answer is this very text, False that it has none.
    """
    start = text[:_START_LENGTH]
    plan = _PLANS.get(start) or _plan_met(start)
    if plan is None:
        return None
    if plan.valid(text):
        return True
    return False if plan.unaltered(text) else None


def _plan_met(start: str) -> NumberingPlan | None:
    """Remembers the plan that a number's start points to; None if there is none."""
    if not _START.fullmatch(start):
        return None
    for length in (1, 2, 3):
        code = int(start[1 : 1 + length])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            plan = _PLANS[start] = _compiled(code)
            VALID_E164[start] = plan.valid
            return plan
    return None


@cache
def _compiled(code: int) -> NumberingPlan:
    """The plan of a calling code; loads the metadata of its regions and no others."""
    named = COUNTRY_CODE_TO_REGION_CODE[code]
    found = (PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in named)
    regions = [region for region in found if region is not None]
    start = rf"\+{code}" + _without_prefix(code, regions[0])
    return NumberingPlan(
        valid=re.compile(start + _by_region(regions), re.ASCII).fullmatch,
        unaltered=re.compile(start + r"\d*", re.ASCII).fullmatch,
    )


def _without_prefix(code: int, main: PhoneMetadata) -> str:
    """Refuses a number that `parse` would rewrite by the rules of the code's main region.

    Some rules match the empty text too (Argentina's), which rewrites nothing: the look behind
    makes sure that something was matched.
    """
    prefix = main.national_prefix_for_parsing
    return rf"(?!(?:{prefix})(?<!\+{code}))" if prefix else ""


def _by_region(regions: Sequence[PhoneMetadata]) -> str:
    """Fits what is valid in the region that the library would find for the number.

    That is the first whose leading digits fit or, if it has none, whose numbers fit; where leading
    digits fit, no later region is asked. A region alone on its code is not looked for.
    """
    if len(regions) == 1:
        return _valid(regions[0])
    expression = _NOTHING
    for region in reversed(regions):
        leading = region.leading_digits
        expression = (
            f"(?:(?={leading}){_valid(region)}|(?!{leading}){expression})"
            if leading is not None
            else f"(?:{_valid(region)}|{expression})"
        )
    return expression


def _valid(region: PhoneMetadata) -> str:
    """Fits the numbers of a region: by its general description and by one of the types."""
    general = region.general_desc
    known = general.possible_length if general else ()
    types = dict.fromkeys(_described(getattr(region, name), known) for name in _types(region))
    return rf"(?={_described(general)}\Z)(?:{'|'.join(types)})"


def _types(region: PhoneMetadata) -> Sequence[str]:
    """The types to try: `mobile` is not asked where its pattern is that of `fixed_line`."""
    same = region.same_mobile_and_fixed_line_pattern
    return [name for name in _TYPES if not (same and name == "mobile")]


def _described(description: PhoneNumberDesc | None, known: Sequence[int] = ()) -> str:
    """Fits the numbers of a description: by pattern and, but those `known`, by possible lengths."""
    if description is None or not description.national_number_pattern:
        return _NOTHING
    pattern = f"(?:{description.national_number_pattern})"
    possible = description.possible_length
    return pattern if not possible or possible == known else rf"(?={_lengths(possible)}\Z){pattern}"


def _lengths(possible: Sequence[int]) -> str:
    """Fits digits of a possible length; the lengths stand in order (-1 stands for none)."""
    first, last = possible[0], possible[-1]
    if last - first + 1 == len(possible) and first > 0:
        return rf"\d{{{first},{last}}}"
    return "(?:" + "|".join(rf"\d{{{length}}}" for length in possible if length > 0) + ")"
