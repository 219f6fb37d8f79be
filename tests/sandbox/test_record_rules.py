"""The checks of one record: codes, texts, and which check comes first."""

from __future__ import annotations

from typing import Any

import pytest

from target_clevertap.sandbox import refusals
from target_clevertap.sandbox.event_names import RESERVED, SYSTEM
from target_clevertap.sandbox.rules import RecordRules
from target_clevertap.sandbox.settings import Settings
from tests.sandbox.api import event, profile


def code_of(record: object, **settings: Any) -> int | None:  # noqa: ANN401 - each setting has its type
    refusal = RecordRules(Settings(**settings)).refusal(record)
    return refusal.code if refusal else None


RESTRICTED = "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. "
NO_IDENTIFIER = (
    "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the "
    "user. "
)


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (
            refusals.NAME_MISSING,
            "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ",
        ),
        (refusals.RESTRICTED_EVENT, RESTRICTED),
        (refusals.GENDER, "Profile data is incorrect. Gender needs to be M/F."),
        (refusals.EMAIL, "Profile data is incorrect. Email is not valid."),
        (refusals.PHONE, "Profile data is incorrect. Phone number is not valid."),
        (refusals.EMPLOYED, "Profile data is incorrect. Employed needs to be Y/N."),
        (
            refusals.EDUCATION,
            "Profile data is incorrect. Education needs to be School/College/Graduate..",
        ),
        (refusals.MARRIED, "Profile data is incorrect. Married needs to be Y/N."),
        (refusals.AGE, "Profile data is incorrect. Age is invalid."),
        (refusals.NO_IDENTIFIER, NO_IDENTIFIER),
        (refusals.TIMESTAMP, "Timestamp should be present in the Unix Epoch format. "),
    ],
)
def test_a_known_text_is_given_to_the_letter(refusal: refusals.Refusal, text: str) -> None:
    assert refusal.error(7) == f"{text}Skipped record number : 7"


@pytest.mark.parametrize("ts", [1, 1700000000, "1700000000"])
def test_epoch_seconds_are_a_time(ts: object) -> None:
    assert code_of({**profile(), "ts": ts}) is None


@pytest.mark.parametrize("ts", [0, "0", "yesterday", "2024-01-01T00:00:00Z", "", True, 1e9, [], -1])
def test_anything_else_is_no_time(ts: object) -> None:
    assert code_of({**profile(), "ts": ts}) == 525


@pytest.mark.parametrize("kind", ["identity", "objectId", "FBID", "GPID"])
@pytest.mark.parametrize("build", [profile, event])
def test_any_of_four_identifiers_is_enough(kind: str, build: Any) -> None:  # noqa: ANN401 - either builder
    record = build()
    del record["identity"]
    assert code_of(record) == 523
    assert code_of({**record, kind: "abc"}) is None


@pytest.mark.parametrize("identity", ["", None, "x" * 1025, True, 1.5, [], {}])
def test_an_empty_or_overlong_identity_is_none(identity: object) -> None:
    assert code_of(profile(identity)) == 523


@pytest.mark.parametrize("identity", ["x", "x" * 1024, 4711, "müller@example.com"])
def test_an_identity_is_text_or_a_number(identity: object) -> None:
    assert code_of(profile(identity)) is None


def test_the_identity_limit_is_a_switch() -> None:
    assert code_of(profile("x" * 121)) is None
    assert code_of(profile("x" * 121), identity_limit=120) == 523


def test_refusing_forbidden_identities_is_a_switch() -> None:
    assert code_of(profile("N/A")) is None
    assert code_of(profile("N/A"), refuse_forbidden_identities=True) == 523


@pytest.mark.parametrize("object_id", ["user@example.com", "x" * 65, "a b"])
def test_an_ill_formed_object_id_is_refused(object_id: str) -> None:
    assert code_of({"type": "profile", "objectId": object_id, "profileData": {}}) == 526


@pytest.mark.parametrize("kind", ["Profile", "user", None, 1, []])
def test_a_record_that_is_neither_event_nor_profile_is_refused(kind: object) -> None:
    assert code_of({**profile(), "type": kind}) == 524


@pytest.mark.parametrize("record", [None, 1, "x", [], True])
def test_what_is_no_object_is_refused_alone(record: object) -> None:
    assert code_of(record) == 524


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Email", "a@example.com"),
        ("Phone", "+35922333232"),
        ("Phone", "35922333232"),
        ("Phone", 35922333232),
        ("Gender", "M"),
        ("Employed", "Y"),
        ("Education", "College"),
        ("Married", "N"),
        ("Age", "18"),
        ("Age", 18),
        ("Email", {"$delete": 1}),
        ("Email", None),
    ],
)
def test_a_valid_property_is_accepted(name: str, value: object) -> None:
    assert code_of(profile(**{name: value})) is None


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Gender", "male", 514),
        ("Gender", "m", 514),
        ("Email", "1234", 515),
        ("Email", "$$$$$", 515),
        ("Email", "a b@example.com", 515),
        ("Email", "a@b@example.com", 515),
        ("Email", "@example.com", 515),
        ("Email", 5, 515),
        ("Phone", "223", 516),
        ("Phone", "123", 516),
        ("Phone", "+44+441234", 516),
        ("Phone", "+44 1234 5678", 516),
        ("Phone", "", 516),
        ("Phone", True, 516),
        ("Employed", "Yes", 517),
        ("Employed", True, 517),
        ("Education", "PhD", 518),
        ("Married", "single", 519),
        ("Age", "aa", 520),
        ("Age", True, 520),
        ("Age", "", 520),
    ],
)
def test_an_invalid_property_is_refused_with_its_code(name: str, value: object, code: int) -> None:
    assert code_of(profile(**{name: value})) == code


def test_a_number_with_five_digits_is_the_shortest_phone() -> None:
    assert code_of(profile(Phone="+1234")) == 516
    assert code_of(profile(Phone="+12345")) is None


def test_phone_needs_plus_is_a_switch() -> None:
    assert code_of(profile(Phone="4912345678"), phone_needs_plus=True) == 516
    assert code_of(profile(Phone="+4912345678"), phone_needs_plus=True) is None


def test_check_gender_is_a_switch() -> None:
    assert code_of(profile(Gender="male"), check_gender=False) is None


def test_profile_checks_come_in_the_recorded_order() -> None:
    wrong: dict[str, Any] = {
        "Age": "aa",
        "Married": "x",
        "Education": "x",
        "Employed": "x",
        "Phone": "123",
        "Email": "x",
        "Gender": "x",
    }
    record = {"type": "profile", "identity": "", "ts": 0, "profileData": wrong}
    found = []
    for name, right in [
        ("ts", 1),
        ("identity", "1"),
        ("Gender", "F"),
        ("Email", "a@example.com"),
        ("Phone", "+35922333232"),
        ("Employed", "Y"),
        ("Education", "School"),
        ("Married", "N"),
        ("Age", 18),
    ]:
        found.append(code_of(record))
        (wrong if name in wrong else record)[name] = right
    assert found == [525, 523, 514, 515, 516, 517, 518, 519, 520]
    assert code_of(record) is None


def test_a_phone_is_a_number_without_plus_to_every_later_check() -> None:
    record = profile(Phone="+35922333232", Employed="x")
    assert code_of(record) == 517
    assert record["profileData"]["Phone"] == 35922333232


def test_a_refused_phone_is_left_as_it_came() -> None:
    record = profile(Phone="+44+441234")
    assert code_of(record) == 516
    assert record["profileData"]["Phone"] == "+44+441234"


def test_a_second_identity_is_text_to_the_check_of_age_but_not_before() -> None:
    record = profile(identity=5, Married="x")
    assert code_of(record) == 519
    assert record["profileData"]["identity"] == 5
    record = profile(identity=5, Age="aa")
    assert code_of(record) == 520
    assert record["profileData"]["identity"] == "5"


@pytest.mark.parametrize("name", ["", "  ", None, 5, ["Viewed"]])
def test_an_event_needs_a_name(name: object) -> None:
    assert code_of(event(name)) == 509


@pytest.mark.parametrize("name", [*RESERVED, "app launched", "AppLaunched", "WEB PAGE VIEWED"])
def test_a_reserved_name_is_refused_in_any_case_and_spacing(name: str) -> None:
    assert code_of(event(name)) == 513


@pytest.mark.parametrize("name", SYSTEM)
def test_refusing_further_system_events_is_a_switch(name: str) -> None:
    assert code_of(event(name)) == 513
    assert code_of(event(name), refuse_system_events=False) is None


@pytest.mark.parametrize("name", ["Charged", "Web Page Viewed: Home", "Product viewed"])
def test_other_names_are_accepted(name: str) -> None:
    assert code_of(event(name)) is None


def test_a_discarded_name_is_refused_in_any_case() -> None:
    assert code_of(event("OLD event"), discarded_events=("Old Event",)) == 528


def test_an_event_has_256_properties_at_most() -> None:
    assert code_of(event("E", **{f"p{n}": n for n in range(256)})) is None
    assert code_of(event("E", **{f"p{n}": n for n in range(257)})) == 522


@pytest.mark.parametrize("properties", [[], "x", 1, None])
def test_event_properties_are_an_object(properties: object) -> None:
    assert code_of({**event(), "evtData": properties}) == 512


def test_an_event_may_come_without_properties() -> None:
    record = event()
    del record["evtData"]
    assert code_of(record) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"objectId": None}, 530),
        ({"objectId": "a.b"}, 530),
        ({"tokenData": "x"}, 531),
        ({"tokenData": {"type": "fcm"}}, 532),
        ({"tokenData": {"id": "t"}}, 533),
        ({"tokenData": {"id": "t", "type": "pager"}}, 535),
    ],
)
def test_a_token_is_checked_by_its_own_codes(changes: dict[str, Any], code: int | None) -> None:
    token = {"type": "token", "objectId": "abc", "tokenData": {"id": "t", "type": "fcm"}}
    assert code_of({**token, **changes}) == code
