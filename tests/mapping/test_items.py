"""Items and their merging; the codes and sentences of rejections."""

from __future__ import annotations

import string

import pytest

from target_clevertap.mapping import REASONS, Adjustment, Item, Rejection, merge
from tests.mapping.streams import ANYTHING, DATE_TIME, Json, profile, sent

COLUMNS: Json = {"a": ANYTHING, "b": ANYTHING, "at": DATE_TIME}


def item(record: Json, **settings: object) -> Item:
    mapping = {"timestamp": "at", "properties": {"A": "a", "B": "b"}}
    return profile(mapping, COLUMNS, **settings).item({"id": "1", **record})


def test_the_later_version_wins_property_by_property() -> None:
    merged = merge(item({"a": 1, "b": "x"}), item({"b": ["y"]}))
    assert sent(merged) == {
        "type": "profile", "identity": "1", "profileData": {"A": 1, "B": {"$set": ["y"]}},
    }  # fmt: skip
    assert merged.plain
    assert (merged.identity, merged.identifier_value) == ("identity:1", "1")


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [(None, "1970-01-01T00:00:02Z", 2), ("1970-01-01T00:00:01Z", None, 1),
     ("1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z", 2), (None, None, None)],
)  # fmt: skip
def test_the_time_of_the_later_version_wins_if_it_has_one(
    earlier: str | None, later: str | None, expected: int | None
) -> None:
    merged = merge(item({"at": earlier}), item({"at": later}))
    assert sent(merged).get("ts") == expected


def test_merging_changes_no_digit() -> None:
    digits = "12345678901234567890.10"
    mapping = {"properties": {"A": {"column": "a", "type": "number"}}}
    rules = profile(mapping, COLUMNS)
    merged = merge(rules.item({"id": "1", "a": digits}), rules.item({"id": "1"}))
    assert (
        merged.body
        == f'{{"type":"profile","identity":"1","profileData":{{"A":{digits}}}}}'.encode()
    )


def test_adjustments_of_both_versions_are_kept() -> None:
    merged = merge(item({"a": "x" * 513}), item({"b": "x" * 513}))
    assert merged.adjusted == (
        Adjustment("value_truncated", "A"), Adjustment("value_truncated", "B"),
    )  # fmt: skip


def test_a_rejection_has_a_code_a_property_and_a_sentence() -> None:
    with pytest.raises(Rejection) as caught:
        profile({"properties": {"Phone": "a"}}, COLUMNS).item({"id": "1", "a": "+12"})
    why = caught.value
    assert (why.code, why.property) == ("phone_invalid", "Phone")
    assert why.reason == "Phone is not a valid number"
    assert str(why) == "phone_invalid: Phone is not a valid number"


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_code_has_a_sentence_about_the_row_or_a_property(code: str) -> None:
    places = {field for _, field, _, _ in string.Formatter().parse(REASONS[code]) if field}
    assert places <= {"property"}
    assert Rejection(code, "P").reason[0].isupper()
    assert not Rejection(code, "P").reason.endswith(".")
