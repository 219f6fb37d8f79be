"""CleverTap's own properties hold values of a fixed form, whatever the SCHEMA says."""

from __future__ import annotations

import pytest

from tests.mapping.streams import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    PROFILE,
    TEXT,
    event,
    mistakes,
    profile,
    properties,
    rejection,
)

READ: list[tuple[str, object, object]] = [
    ("Phone", "+35922333232", "+35922333232"),
    ("Phone", " +49 (0)30 901820 ", "+4930901820"),
    ("Phone", "", None),
    ("Email", " ann@example.co.uk ", "ann@example.co.uk"),
    ("Email", " ", None),
    ("Gender", "m", "M"),
    ("Gender", "Female", "F"),
    ("Gender", "", None),
    ("Employed", True, "Y"),
    ("Employed", "no", "N"),
    ("Employed", "Y", "Y"),
    ("Married", 0, "N"),
    ("Married", "TRUE", "Y"),
    ("Married", " ", None),
    ("Education", "graduate", "Graduate"),
    ("Education", "SCHOOL", "School"),
    ("Age", 0, 0),
    ("Age", "41", 41),
    ("Age", "", None),
    ("DOB", "1990-02-28", "$D_636163200"),
    ("DOB", 0, "$D_0"),
    ("Tz", "PST", "PST"),
    ("Tz", "Asia/Kolkata", "Asia/Kolkata"),
    ("Tz", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ("Tz", " GMT-8:00 ", "GMT-8:00"),
    ("Tz", "", None),
    ("MSG-email", True, True),
    ("MSG-push", "no", False),
    ("MSG-whatsapp", 1, True),
    ("MSG-dndPhone", "", None),
    ("category-unsubscribe", {"email": ["News", "Offers"]}, {"email": ["News", "Offers"]}),
    ("category-resubscribe", '{"email": ["News"]}', {"email": ["News"]}),
    ("category-resubscribe", " ", None),
    ("category-resubscribe", "null", None),
    ("Name", "Ann", "Ann"),
    ("phone", "12", "12"),
]


@pytest.mark.parametrize(("name", "value", "expected"), READ)
def test_what_is_read_for_it(name: str, value: object, expected: object) -> None:
    rules = profile({"properties": {name: "c"}}, {"c": ANYTHING})
    found = properties(rules.item({"id": "1", "c": value}))
    assert found == ({} if expected is None else {name: expected})


REFUSED: list[tuple[str, object, str]] = [
    ("Phone", "223", "phone_country_missing"),
    ("Phone", "+44+441234", "phone_invalid"),
    ("Phone", "+1 555", "phone_invalid"),
    ("Phone", "no phone", "phone_country_missing"),
    ("Phone", True, "phone_invalid"),
    ("Phone", 1.5, "phone_invalid"),
    ("Phone", ["+35922333232"], "phone_invalid"),
    ("Email", "1234", "email_invalid"),
    ("Email", "$$$$$", "email_invalid"),
    ("Email", "ann@example", "email_invalid"),
    ("Email", "a@b@example.com", "email_invalid"),
    ("Email", "ann smith@example.com", "email_invalid"),
    ("Email", "@example.com", "email_invalid"),
    ("Email", "ann@.com", "email_invalid"),
    ("Email", "a" * 501 + "@example.com", "email_invalid"),
    ("Email", 5, "email_invalid"),
    ("Gender", "x", "gender_invalid"),
    ("Gender", 1, "gender_invalid"),
    ("Employed", "maybe", "employed_invalid"),
    ("Married", 2, "married_invalid"),
    ("Education", "PhD", "education_invalid"),
    ("Education", ["School"], "education_invalid"),
    ("Age", "aa", "age_invalid"),
    ("Age", -1, "age_invalid"),
    ("Age", True, "age_invalid"),
    ("Age", float("nan"), "age_invalid"),
    ("DOB", "28.02.1990", "date_invalid"),
    ("Tz", "somewhere nice", "tz_invalid"),
    ("Tz", "GMT-8", "tz_invalid"),
    ("Tz", 5, "tz_invalid"),
    ("MSG-email", "perhaps", "boolean_invalid"),
    ("MSG-email", 2, "boolean_invalid"),
    ("category-unsubscribe", "News", "category_invalid"),
    ("category-unsubscribe", {"email": "News"}, "category_invalid"),
    ("category-unsubscribe", {"email": [1]}, "category_invalid"),
    ("category-unsubscribe", ["News"], "category_invalid"),
]


@pytest.mark.parametrize(("name", "value", "code"), REFUSED)
def test_what_is_refused_for_it(name: str, value: object, code: str) -> None:
    rules = profile({"properties": {name: "c"}}, {"c": ANYTHING})
    why = rejection(rules, {"id": "1", "c": value})
    assert (why.code, why.property) == (code, name)


@pytest.mark.parametrize(("name", "value", "code"), REFUSED)
def test_a_refused_value_may_be_dropped_and_counted(name: str, value: object, code: str) -> None:
    rules = profile({"properties": {name: "c"}}, {"c": ANYTHING}, invalid_properties="drop")
    item = rules.item({"id": "1", "c": value})
    assert properties(item) == {}
    assert [tuple(adjustment) for adjustment in item.adjusted] == [(code, name)]


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("030 901820", "de ", "+4930901820"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("98765 43210", None, "+919876543210"),
        ("98765 43210", " ", "+919876543210"),
        (9876543210, None, "+919876543210"),
        ("+4930901820", "Atlantis", "+4930901820"),
        ("+4930901820", "IN", "+4930901820"),
        (None, "DE", None),
        ("", "DE", None),
    ],
)
def test_the_country_beside_a_number_goes_before_the_default_one(
    number: object, country: object, expected: str | None
) -> None:
    source = {"column": "number", "country": "country"}
    rules = profile(
        {"properties": {"Phone": source}},
        {"number": ANYTHING, "country": TEXT},
        default_country="IN",
    )
    found = properties(rules.item({"id": "1", "number": number, "country": country}))
    assert found.get("Phone") == expected


@pytest.mark.parametrize("country", ["Atlantis", "XX", 49, False])
def test_a_national_number_beside_no_country_is_not_guessed_at(country: object) -> None:
    source = {"column": "number", "country": "country"}
    columns = {"number": TEXT, "country": ANYTHING}
    rules = profile({"properties": {"Phone": source}}, columns, default_country="IN")
    why = rejection(rules, {"id": "1", "number": "98765 43210", "country": country})
    assert why.code == "phone_country_missing"


def test_a_country_makes_any_property_a_telephone_number() -> None:
    columns = {"number": TEXT, "country": TEXT}
    source = {"column": "number", "country": "country"}
    record = {"id": "1", "number": "030 901820", "country": "DE"}
    for rules in (
        profile({"properties": {"Second phone": source}}, columns),
        event({"properties": {"Second phone": source}}, columns),
    ):
        assert properties(rules.item(record)) == {"Second phone": "+4930901820"}


def test_a_number_may_be_put_together_from_columns() -> None:
    source = {"template": "+{code}{number}"}
    rules = profile({"properties": {"Phone": source}}, {"code": INTEGER, "number": TEXT})
    found = properties(rules.item({"id": "1", "code": 49, "number": "30901820"}))
    assert found == {"Phone": "+4930901820"}


def test_the_date_of_birth_takes_a_format() -> None:
    source = {"column": "c", "format": "%d/%m/%Y"}
    rules = profile({"properties": {"DOB": source}}, {"c": TEXT})
    assert properties(rules.item({"id": "1", "c": "28/02/1990"})) == {"DOB": "$D_636163200"}


def test_events_have_no_own_properties() -> None:
    rules = event({"properties": {"Phone": "c", "Gender": "g"}}, {"c": TEXT, "g": TEXT})
    found = properties(rules.item({"id": "1", "c": "12", "g": "x"}))
    assert found == {"Phone": "12", "Gender": "x"}


def test_a_column_left_to_its_own_name_has_the_form_too() -> None:
    rules = profile({}, {"Gender": TEXT, "MSG-sms": BOOLEAN})
    assert properties(rules.item({"id": "1", "Gender": "male", "MSG-sms": None})) == {"Gender": "M"}


@pytest.mark.parametrize(
    ("name", "words", "line"),
    [
        ("Phone", {"type": "number"}, "type: must be phone or string, or left out, for Phone"),
        ("DOB", {"type": "string"}, "type: must be date, or left out, for DOB"),
        ("Age", {"type": "string"}, "type: must be integer or number, or left out, for Age"),
        ("MSG-sms", {"type": "json"}, "type: must be boolean, or left out, for MSG-sms"),
        ("Gender", {"type": "boolean"}, "type: must be string, or left out, for Gender"),
        ("Email", {"country": "c"}, "country: belongs to telephone numbers only"),
        ("Phone", {"format": "%Y"}, "format: belongs to dates only"),
        ("Age", {"unit": "ms"}, "unit: belongs to dates only"),
        ("Email", {"operator": "add"}, "operator: must be delete, or left out, for Email"),
        (
            "category-unsubscribe",
            {"type": "list"},
            "type: must be json, or left out, for category-unsubscribe",
        ),
    ],
)
def test_words_that_contradict_the_form_are_a_mistake(
    name: str, words: dict[str, str], line: str
) -> None:
    mapping = PROFILE | {"properties": {name: {"column": "c", **words}}}
    assert mistakes(mapping, {"c": TEXT}) == [f"streams.s.properties.{name}.{line}"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Phone", "string"), ("Phone", "phone"), ("Email", "email"), ("DOB", "date"),
     ("Age", "number"), ("MSG-sms", "boolean"), ("Employed", "boolean"),
     ("category-unsubscribe", "json")],
)  # fmt: skip
def test_words_that_agree_with_the_form_are_none(name: str, kind: str) -> None:
    mapping = {"properties": {name: {"column": "c", "type": kind}}}
    assert properties(profile(mapping, {"c": ANYTHING}).item({"id": "1", "c": None})) == {}


def test_only_delete_works_on_them() -> None:
    rules = profile({"properties": {"Email": {"column": "gone", "operator": "delete"}}},
                    {"gone": BOOLEAN})  # fmt: skip
    assert properties(rules.item({"id": "1", "gone": True})) == {"Email": {"$delete": 1}}
    assert properties(rules.item({"id": "1", "gone": False})) == {}


def test_a_default_has_to_be_of_the_form() -> None:
    mapping = PROFILE | {"properties": {"Gender": {"column": "c", "default": "unknown"}}}
    assert mistakes(mapping, {"c": TEXT}) == [
        "streams.s.properties.Gender.default: Gender is neither M nor F"
    ]
