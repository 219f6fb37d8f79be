"""Telephone numbers get exactly the answer that Google's library gives, only sooner."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from itertools import count, repeat
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberFormat, PhoneNumberType

from target_clevertap.mapping import numbering_plans
from target_clevertap.mapping.numbering_plans import is_valid_e164
from target_clevertap.mapping.phones import phones
from target_clevertap.mapping.rejections import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATED = 100_000
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CALLING_CODES = sorted(phonenumbers.supported_calling_codes())
CHECKED_FASTER = 0.9
"""Of the generated numbers, the share that must not need the library; 0.95 do not."""

convert = phones(None)


def by_the_library(text: str, country: str | None = None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return e164(number)


def by_us(text: str, country: str | None = None) -> object:
    try:
        return phones(country)(text) if country else convert(text)
    except Fault as fault:
        return None if fault.code == "phone_invalid" else fault.code


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@cache
def examples() -> list[str]:
    """The library's own examples, valid and invalid, of every region and every type."""
    return sorted({e164(number) for number in _examples() if number is not None})


def _examples() -> Iterator[phonenumbers.PhoneNumber | None]:
    for region in REGIONS:
        yield phonenumbers.invalid_example_number(region)
        for kind in PhoneNumberType.values():
            yield phonenumbers.example_number_for_type(region, kind)
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield phonenumbers.example_number_for_non_geo_entity(code)


def generated(amount: int) -> list[str]:
    """Different numbers of every calling code: right, nearly right, short, long and random ones.

    The same in every run, and in order: the library is five times faster on one country at a time.
    """
    choose = random.Random("E.164")  # noqa: S311 - for tests, not for secrets
    made: set[str] = set()
    for turn in count():
        if len(made) == amount:
            break
        if turn % 10 == 0:
            code = CALLING_CODES[turn // 10 % len(CALLING_CODES)]
            made.add(f"+{code}{digits(choose, choose.randint(0, 20))}")
        else:
            made.add(changed(choose, examples()[turn % len(examples())]))
    return sorted(made)


def changed(choose: random.Random, number: str) -> str:
    """A number with a new ending, or with one to three of its digits changed."""
    keep = choose.randint(3, len(number))
    if choose.random() < 0.5:
        return number[:keep] + digits(choose, len(number) - keep)
    for _ in range(choose.randint(1, 3)):
        place = choose.randint(2, len(number))
        replaced = choose.randint(0, 1)
        added = choose.choice(("", "0", "1", digits(choose, 1)))
        number = number[:place] + added + number[place + replaced :]
    return number


def digits(choose: random.Random, amount: int) -> str:
    return "".join(choose.choices("0123456789", k=amount))


def test_every_example_of_the_library_gets_the_librarys_answer() -> None:
    assert len(examples()) > 1_000
    wrong = [text for text in examples() if by_us(text) != by_the_library(text)]
    assert wrong == []


def test_generated_numbers_of_every_calling_code_get_the_librarys_answer() -> None:
    wrong, faster, valid = [], 0, 0
    for text in generated(GENERATED):
        expected = by_the_library(text)
        faster += is_valid_e164(text) is not None
        valid += expected is not None
        if by_us(text) != expected:
            wrong.append(text)
    assert wrong == []
    assert faster > CHECKED_FASTER * GENERATED
    assert 0.2 < valid / GENERATED < 0.8


@given(st.sampled_from(CALLING_CODES), st.from_regex(r"[0-9]{0,20}", fullmatch=True))
def test_any_digits_after_a_calling_code_get_the_librarys_answer(code: int, rest: str) -> None:
    text = f"+{code}{rest}"
    assert by_us(text) == by_the_library(text)


@given(st.text("+0123456789 \n\uff0b\uff11\u0663\u00b2x-", max_size=20).map("+".__add__))
def test_any_text_that_starts_with_a_plus_gets_the_librarys_answer(text: str) -> None:
    assert by_us(text) == by_the_library(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+4915112345678", id="a plain one"),
        pytest.param("+49015112345678", id="a national prefix"),
        pytest.param("+4402079460000", id="a national prefix, several regions"),
        pytest.param("+390236618300", id="a zero that belongs to the number"),
        pytest.param("+39236618300", id="a zero that is missing"),
        pytest.param("+3906698123456", id="Vatican City by its leading digits"),
        pytest.param("+5491123456789", id="an Argentine mobile"),
        pytest.param("+54111523456789", id="an Argentine mobile with 15"),
        pytest.param("+5215512345678", id="a Mexican mobile with 1"),
        pytest.param("+55031115511961234567", id="a Brazilian carrier code"),
        pytest.param("+378886377", id="San Marino without its area code"),
        pytest.param("+261202123", id="Madagascar, too short to be completed"),
        pytest.param("+78121234567", id="Saint Petersburg, which starts as the prefix does"),
        pytest.param("+77710009998", id="Kazakhstan beside Russia"),
        pytest.param("+14165550123", id="Canada, found after the islands before it"),
        pytest.param("+12684601234", id="Antigua by its leading digits"),
        pytest.param("+12681234567", id="Antigua's leading digits, but not its numbers"),
        pytest.param("+447624123456", id="Isle of Man by its leading digits"),
        pytest.param("+4779123456", id="Svalbard, named after Norway"),
        pytest.param("+5997171234", id="Caribbean Netherlands, named after Curacao"),
        pytest.param("+80012345678", id="no country"),
        pytest.param("+999123456789", id="no calling code"),
        pytest.param("+0049301234567", id="zeros after the plus"),
        pytest.param("+" + "1" * 251, id="over the library's length of text"),
        pytest.param("+1", id="a calling code alone"),
        pytest.param("+", id="a plus alone"),
    ],
)
def test_a_difficult_number_gets_the_librarys_answer(text: str) -> None:
    assert by_us(text) == by_the_library(text)


@pytest.mark.parametrize("country", ["US", "DE", "IT"])
@pytest.mark.parametrize("text", ["+0114930123456", "+00393661830", "+4930901820", "+39030123456"])
def test_a_number_with_a_plus_gets_the_librarys_answer_whatever_the_country(
    text: str, country: str
) -> None:
    assert by_us(text, country) == by_the_library(text, country)


def test_the_mobile_numbers_of_every_region_are_told_without_the_library() -> None:
    every = map(phonenumbers.example_number_for_type, REGIONS, repeat(PhoneNumberType.MOBILE))
    mobiles = {e164(number) for number in every if number is not None}
    assert len(mobiles) > 200
    assert {text for text in mobiles if not is_valid_e164(text)} == set()


DESCRIPTIONS = st.builds(
    PhoneNumberDesc,
    national_number_pattern=st.lists(
        st.sampled_from((r"[1-9]\d{2,5}", r"\d{4}", r"0\d{3}", r"7\d{3,5}", r"[89]\d{4}")),
        min_size=1,
        max_size=2,
    ).map("|".join),
    possible_length=st.sets(st.integers(3, 7), min_size=1).map(sorted).map(tuple),
)
PREFIXES = [
    (None, None),
    ("0", None),
    ("0|70?", None),
    ("(7[12])|0", None),
    ("(7[12])|0", r"8\1"),
    (r"([89]\d{3})$", r"7\1"),
    ("0?(?:(71|8)6)?", r"9\1"),
]
"""What to strip, and what to put in its place: the kinds that the real rules have."""


def _region(prefix: tuple[str | None, str | None], **rules: Any) -> PhoneMetadata:  # noqa: ANN401 - as theirs
    return PhoneMetadata(
        "ZZ",
        country_code=7,
        national_prefix_for_parsing=prefix[0],
        national_prefix_transform_rule=prefix[1],
        register=False,
        **rules,
    )


MADE_UP = st.builds(
    _region,
    prefix=st.sampled_from(PREFIXES),
    general_desc=DESCRIPTIONS,
    fixed_line=DESCRIPTIONS,
    mobile=DESCRIPTIONS,
    pager=st.none() | DESCRIPTIONS,
    uan=st.just(PhoneNumberDesc(possible_length=(-1,))),
    leading_digits=st.sampled_from((None, "7", "[1-7]", "8|90")),
)
RESTS = st.lists(st.from_regex(r"[016789]{2,8}", fullmatch=True), min_size=20, max_size=40)


@contextmanager
def numbering(russia: PhoneMetadata, kazakhstan: PhoneMetadata) -> Iterator[None]:
    """Other rules for the two regions of +7, in the library itself and so for us too."""
    compiled = inspect.unwrap(numbering_plans._compiled)  # noqa: SLF001 - keeps no real plans
    ours = "target_clevertap.mapping.numbering_plans"
    theirs = "phonenumbers.PhoneMetadata"
    with (
        patch(f"{ours}._PLANS", {}),
        patch(f"{ours}._compiled", compiled),
        patch.dict(f"{theirs}._region_available", {"RU": None, "KZ": None}),
        patch.dict(f"{theirs}._region_metadata", {"RU": russia, "KZ": kazakhstan}),
    ):
        yield


@given(MADE_UP, MADE_UP, RESTS)
def test_whatever_the_rules_of_a_region_will_be_they_get_the_librarys_answer(
    russia: PhoneMetadata, kazakhstan: PhoneMetadata, rests: list[str]
) -> None:
    with numbering(russia, kazakhstan):
        for text in (f"+7{rest}" for rest in rests):
            assert by_us(text) == by_the_library(text)


def test_a_number_that_would_be_rewritten_is_left_to_the_library() -> None:
    assert is_valid_e164("+49015112345678") is None
    assert is_valid_e164("+378886377") is None


@pytest.mark.parametrize(
    "text", ["+49 1511 2345678", "+4915112345678\n", "+49151\uff112345678", ""]
)
def test_text_that_is_not_quite_e164_is_left_to_the_library(text: str) -> None:
    assert is_valid_e164(text) is None


def test_only_the_calling_codes_that_were_met_cost_anything() -> None:
    program = (
        "from phonenumbers import PhoneMetadata\n"
        "from target_clevertap.mapping.phones import phones\n"
        "convert = phones(None)\n"
        "print(sorted(PhoneMetadata._region_metadata))\n"
        "convert('+4915112345678')\n"
        "print(sorted(PhoneMetadata._region_metadata))\n"
    )
    told = subprocess.run(  # noqa: S603 - our own program, in a process that has met no number
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert told.stdout.splitlines() == ["[]", "['DE']"]


def test_a_number_with_its_country_beside_it_is_read_by_the_number_when_that_has_a_plus() -> None:
    assert convert(("+4915112345678", "US")) == "+4915112345678"
    assert convert(("+4915112345678", "no country")) == "+4915112345678"
    assert convert(("01511 2345678", "DE")) == "+4915112345678"


def test_a_number_without_plus_or_country_is_told_apart_from_an_invalid_one() -> None:
    with pytest.raises(Fault) as nowhere:
        convert("01511 2345678")
    with pytest.raises(Fault) as invalid:
        convert("+49151")
    assert (nowhere.value.code, invalid.value.code) == ("phone_country_missing", "phone_invalid")
