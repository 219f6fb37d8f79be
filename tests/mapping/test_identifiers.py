"""Whom a row is about, and under which of CleverTap's four identifiers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from target_clevertap.mapping import Member, Rejection
from tests.mapping.streams import ANYTHING, TEXT, event, profile, rejection, segment, sent

FORBIDDEN = [
    *("undefined", "null", "na", "n/a", "0", "nil", "-1", "infinity", "-infinity", "inf", "-inf"),
    *("nan", "-nan", "empty", "xxxxxx", "none"),
]


@pytest.mark.parametrize("kind", ["identity", "objectId", "FBID", "GPID"])
def test_the_identifier_stands_at_the_root_of_the_record(kind: str) -> None:
    mapping = {"identifier": {kind: "id"}, "properties": {}}
    by_profile = profile(mapping, {}).item({"id": "a1"})
    assert sent(by_profile) == {"type": "profile", kind: "a1", "profileData": {}}
    by_event = event(mapping, {}).item({"id": "a1"})
    assert sent(by_event) == {"type": "event", kind: "a1", "evtName": "Bought", "evtData": {}}
    assert (by_event.identifier_kind, by_event.identifier_value) == (kind, "a1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("u-1", "u-1"),
        (" u 1 ", " u 1 "),
        ("ann@example.com", "ann@example.com"),
        ("Zoë", "Zoë"),
        (7, "7"),
        (10**30, str(10**30)),
        (-5, "-5"),
        ("x" * 1024, "x" * 1024),
        ("nullable", "nullable"),
        ("00", "00"),
    ],
)
def test_text_stays_as_it_is_and_integers_are_their_digits(value: object, expected: str) -> None:
    item = profile({"properties": {}}, {}).item({"id": value})
    assert sent(item)["identity"] == item.identifier_value == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "identity_missing"),
        ("", "identity_missing"),
        (" \t", "identity_missing"),
        (True, "identity_invalid"),
        (1.0, "identity_invalid"),
        (Decimal(1), "identity_invalid"),
        (["a"], "identity_invalid"),
        ({}, "identity_invalid"),
        ("x" * 1025, "identity_too_long"),
        pytest.param(10**5000, "identity_too_long", id="5001 digits"),
        ("a\ud800", "text_invalid"),
        (0, "identity_forbidden"),
        (-1, "identity_forbidden"),
        *[(word, "identity_forbidden") for word in FORBIDDEN],
        ("NULL", "identity_forbidden"),
        (" NaN ", "identity_forbidden"),
    ],
)
def test_what_cannot_identify_anybody_rejects_the_row(value: object, code: str) -> None:
    for rules in (profile({}, {}), event({}, {}), segment({}, {})):
        why = rejection(rules, {"id": value})
        assert (why.code, why.property) == (code, None)


def test_a_row_without_the_column_has_no_identifier() -> None:
    assert rejection(profile({}, {}), {}).code == "identity_missing"


@pytest.mark.parametrize("value", ["__g1:2", "-h(a)!b@c$d_e-f", "A" * 64])
def test_an_object_id_looks_like_one(value: str) -> None:
    rules = profile({"identifier": {"objectId": "id"}}, {})
    assert rules.item({"id": value}).identifier_value == value


@pytest.mark.parametrize("value", ["a.b", "ann@example.com", "a b", "A" * 65, "ä", "a\n"])
def test_anything_else_is_no_object_id(value: str) -> None:
    rules = profile({"identifier": {"objectId": "id"}}, {})
    assert rejection(rules, {"id": value}).code == "object_id_invalid"


def test_an_identifier_may_stand_inside_an_object() -> None:
    rules = profile({"identifier": {"identity": "user.key"}}, {"user": ANYTHING})
    assert rules.item({"user": {"key": 7}}).identifier_value == "7"
    assert rejection(rules, {"user": "7"}).code == "identity_missing"


def test_the_ordering_key_tells_kinds_and_values_apart() -> None:
    items = [
        profile({"identifier": {kind: "id"}}, {}).item({"id": value})
        for kind in ("identity", "objectId", "FBID", "GPID")
        for value in ("1", "2")
    ]
    assert len({item.identity for item in items}) == len(items)
    as_event = event({}, {}).item({"id": 1})
    assert as_event.identity == items[0].identity


@pytest.mark.parametrize(
    ("kind", "letter"), [("identity", "i"), ("objectId", "g"), ("FBID", "i"), ("GPID", "i")]
)
def test_a_member_of_a_list_is_a_clevertap_id_or_an_identity(kind: str, letter: str) -> None:
    rules = segment({"identifier": {kind: "id"}}, {})
    assert rules.member({"id": "a1"}) == Member(letter, "a1")  # type: ignore[arg-type] # the letters above


def test_a_deletion_names_the_profile_and_nothing_else() -> None:
    rules = profile({"on_delete": "delete"}, {"c": TEXT})
    item = rules.deletion({"id": 7, "c": "x"})
    assert (item.kind, item.identifier_kind, item.identifier_value) == ("delete", "identity", "7")
    assert (item.body, item.plain, item.replayable) == (b"", False, True)
    assert rules.deletes
    assert not profile({}, {}).deletes
    with pytest.raises(Rejection):
        rules.deletion({"id": None})


def test_a_row_is_named_by_its_key_properties() -> None:
    for rules in (profile({}, {"n": TEXT}, key=("id", "n")), segment({}, {})):
        assert rules.row_key({"id": 1, "n": None})[0] == 1
    assert profile({}, {"n": TEXT}, key=("id", "n")).row_key({"id": 1}) == [1, None]
    assert profile({}, {}, key=()).row_key({"id": 1}) == []


def test_an_event_is_named_by_its_event_key() -> None:
    columns = {"order": ANYTHING, "line": TEXT}
    rules = event({"event_key": ["order.no", "line"]}, columns)
    assert rules.row_key({"id": 1, "order": {"no": 5}, "line": "a"}) == ["a", 5]
    assert event({}, columns).row_key({"id": 1}) == [1]


@pytest.mark.parametrize("names", [("line", "order"), ("order", "line")])
def test_an_event_is_the_same_in_whatever_order_its_key_is_named(names: tuple[str, ...]) -> None:
    columns, record = {"order": TEXT, "line": TEXT}, {"id": 1, "order": "5", "line": "a"}
    assert event({"event_key": [*names]}, columns).row_key(record) == ["a", "5"]
    assert event({}, columns, key=names).row_key(record) == ["a", "5"]
