"""What operators do to a profile."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.sandbox.operators import merge


def merged(before: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    after = dict(before)
    merge(after, sent)
    return after


def test_keys_sent_are_written_and_others_stay() -> None:
    assert merged({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1, "b": 3, "c": 4}


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        (None, {"$add": ["jazz"]}, ["jazz"]),
        (["rock"], {"$add": ["jazz", "rock"]}, ["rock", "jazz"]),
        (7, {"$add": ["jazz"]}, ["7", "jazz"]),
        (True, {"$add": ["jazz"]}, ["true", "jazz"]),
        (["a", "b"], {"$remove": ["a"]}, ["b"]),
        ("a", {"$remove": ["b"]}, ["a"]),
        (["a"], {"$remove": ["a"]}, None),
        (None, {"$remove": ["a"]}, None),
        (["a"], {"$set": ["b", "c", "b"]}, ["b", "c"]),
        ("a", {"$set": ["b"]}, ["b"]),
        ("a", {"$delete": 1}, None),
        (None, {"$delete": 1}, None),
        (5, {"$incr": 10}, 15),
        (5, {"$decr": 2}, 3),
        (Decimal("1.5"), {"$incr": Decimal("0.1")}, Decimal("1.6")),
    ],
)
def test_an_operator_does_what_is_documented(
    before: object, operation: dict[str, Any], after: object
) -> None:
    start = {} if before is None else {"p": before}
    assert merged(start, {"p": operation}) == ({} if after is None else {"p": after})


def test_a_list_keeps_the_newest_hundred_items() -> None:
    before = {"p": [str(n) for n in range(100)]}
    assert merged(before, {"p": {"$add": ["new"]}})["p"] == [
        *(str(n) for n in range(1, 100)),
        "new",
    ]


def test_a_plain_value_overwrites_a_list() -> None:
    assert merged({"p": ["a"]}, {"p": "b"}) == {"p": "b"}


@pytest.mark.parametrize("value", [{"$push": 1}, {}, {"a": 1}, ["a", 1]])
def test_what_is_no_operator_is_kept_as_it_came(value: object) -> None:
    assert merged({}, {"p": value}) == {"p": value}


def test_an_increment_leaves_text_alone() -> None:
    assert merged({"p": "x"}, {"p": {"$incr": 1}}) == {"p": "x"}


@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3), min_size=1))
def test_list_operators_give_the_same_when_sent_twice(before: list[str], items: list[str]) -> None:
    for operator in ("$add", "$remove", "$set"):
        once = merged({"p": before}, {"p": {operator: items}})
        assert merged(once, {"p": {operator: items}}) == once


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_list_is_unique_and_has_a_hundred_items_at_most(
    before: list[str], items: list[str]
) -> None:
    after = merged({"p": before}, {"p": {"$add": items}})["p"]
    assert len(after) == len(set(after)) <= 100
