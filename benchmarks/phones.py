"""What a telephone number costs: in E.164, by the compiled numbering plans, and by the library.

Run with `python -m benchmarks.phones` on a machine that is otherwise idle.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from target_clevertap.mapping.phones import phones
from target_clevertap.mapping.rejections import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

REGIONS: Final = ("IN", "US", "BR", "ID", "MX", "DE", "GB", "AE")
AMOUNT: Final = 2_000
ROUNDS: Final = 7


class Cost(NamedTuple):
    """Microseconds for one number: the median of several rounds over different numbers."""

    numbers: str
    in_e164: float
    """As it comes: the compiled plan decides."""
    by_library: float
    """The same with a space after the plus, which only the library reads."""


def costs() -> list[Cost]:
    """The cost of valid mobile numbers, country by country and mixed, and of invalid ones."""
    by_region = {region: mobiles(region) for region in REGIONS}
    mixed = [number for row in zip(*by_region.values(), strict=True) for number in row][:AMOUNT]
    return [
        *(_cost(f"{region}, valid", numbers) for region, numbers in by_region.items()),
        _cost("mixed, valid", mixed),
        _cost("mixed, three digits short", [number[:-3] for number in mixed]),
    ]


def mobiles(region: str) -> list[str]:
    """Valid mobile numbers of a region in E.164, random but the same in every run."""
    choose = random.Random(region)  # noqa: S311 - made-up numbers, not secrets
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example is None:
        raise LookupError(region)
    start = phonenumbers.format_number(example, PhoneNumberFormat.E164)[:-6]
    found: dict[str, None] = {}
    while len(found) < AMOUNT:
        number = f"{start}{choose.randrange(10**6):06}"
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            found[number] = None
    return list(found)


def _cost(name: str, numbers: Sequence[str]) -> Cost:
    spaced = [f"+ {number[1:]}" for number in numbers]
    return Cost(name, _microseconds(numbers), _microseconds(spaced))


def _microseconds(numbers: Sequence[str]) -> float:
    _converted(numbers)
    return statistics.median(_converted(numbers) for _ in range(ROUNDS)) / len(numbers) * 1e6


def _converted(numbers: Sequence[str]) -> float:
    """The seconds for all of them; an invalid number costs its exception too."""
    convert = phones(None)
    refused = 0
    start = time.perf_counter()
    for number in numbers:
        try:
            convert(number)
        except Fault:  # noqa: PERF203 - every number is asked by itself, as in a run
            refused += 1
    seconds = time.perf_counter() - start
    if refused not in {0, len(numbers)}:
        raise ValueError(f"{refused} of {len(numbers)} numbers were refused")
    return seconds


def main() -> None:
    """Prints the costs as a table."""
    lines = ["| numbers | in E.164, us | by the library, us |", "|---|---|---|"]
    lines += [
        f"| {cost.numbers} | {cost.in_e164:.2f} | {cost.by_library:.1f} |" for cost in costs()
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
