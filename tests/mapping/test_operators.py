"""Operators of profiles: set, add, remove, increment, decrement, delete."""

from __future__ import annotations

from decimal import Decimal

import pytest

from target_clevertap.mapping import Rejection
from tests.mapping.streams import (
    ANYTHING,
    EVENT,
    PROFILE,
    TEXT,
    Json,
    mistakes,
    of_profile,
    profile,
    properties,
)

READ: list[tuple[Json, object, object]] = [
    ({"operator": "add"}, ["jazz", "rock", "jazz"], {"$add": ["jazz", "rock"]}),
    ({"operator": "add"}, "jazz", {"$add": ["jazz"]}),
    ({"operator": "add"}, 7, {"$add": ["7"]}),
    ({"operator": "add"}, [], None),
    ({"operator": "add"}, [None], None),
    ({"operator": "add"}, '["a"]', {"$add": ['["a"]']}),
    ({"operator": "add", "type": "list"}, '["a","b"]', {"$add": ["a", "b"]}),
    ({"operator": "add", "type": "string"}, "a", {"$add": ["a"]}),
    ({"operator": "remove"}, ["new"], {"$remove": ["new"]}),
    ({"operator": "remove"}, [], None),
    ({"operator": "set"}, ["en", "fr"], {"$set": ["en", "fr"]}),
    ({"operator": "set"}, "en", {"$set": ["en"]}),
    ({"operator": "set"}, [], {"$set": []}),
    ({"operator": "set"}, [{"a": 1}], {"$set": ['{"a":1}']}),
    ({"operator": "increment"}, 1, {"$incr": 1}),
    ({"operator": "increment"}, 2.0, {"$incr": 2}),
    ({"operator": "increment"}, "3", {"$incr": 3}),
    ({"operator": "increment"}, " ", None),
    ({"operator": "decrement"}, Decimal(5), {"$decr": 5}),
    ({"operator": "decrement", "type": "integer"}, 0, {"$decr": 0}),
    ({"operator": "delete"}, True, {"$delete": 1}),
    ({"operator": "delete"}, 1, {"$delete": 1}),
    ({"operator": "delete"}, "2024-01-01", {"$delete": 1}),
    ({"operator": "delete"}, False, None),
    ({"operator": "delete"}, 0, None),
    ({"operator": "delete"}, 0.0, None),
    ({"operator": "delete"}, "", None),
    ({"operator": "delete"}, [], None),
    ({"operator": "delete", "type": "boolean"}, "no", None),
    ({"operator": "delete", "type": "boolean"}, "yes", {"$delete": 1}),
]


@pytest.mark.parametrize(("words", "value", "expected"), READ)
def test_what_an_operator_sends(words: Json, value: object, expected: object) -> None:
    found = properties(of_profile({"column": "c", **words}, ANYTHING, value))
    assert found == ({} if expected is None else {"P": expected})


@pytest.mark.parametrize(
    ("operator", "value", "code"),
    [
        ("add", {"a": 1}, "list_invalid"),
        ("add", [float("nan")], "number_invalid"),
        ("increment", 1.5, "counter_invalid"),
        ("increment", "one", "counter_invalid"),
        ("increment", True, "counter_invalid"),
        ("decrement", float("inf"), "counter_invalid"),
        ("decrement", [1], "counter_invalid"),
        ("delete", float("nan"), "number_invalid"),
    ],
)
def test_what_an_operator_refuses(operator: str, value: object, code: str) -> None:
    with pytest.raises(Rejection) as caught:
        of_profile({"column": "c", "operator": operator}, ANYTHING, value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("operator", "plain", "replayable"),
    [
        ("set", True, True),
        ("delete", True, True),
        ("add", False, True),
        ("remove", False, True),
        ("increment", False, False),
        ("decrement", False, False),
    ],
)
def test_an_item_says_whether_it_may_be_merged_and_sent_again(
    operator: str, *, plain: bool, replayable: bool
) -> None:
    source = {"column": "c", "operator": operator}
    item = of_profile(source, ANYTHING, 1)
    assert (item.plain, item.replayable) == (plain, replayable)
    without_operation = of_profile(source, ANYTHING, None)
    assert (without_operation.plain, without_operation.replayable) == (True, True)


def test_a_constant_may_be_counted_and_added() -> None:
    mapping = {
        "properties": {
            "Visits": {"value": 1, "operator": "increment"},
            "Tags": {"value": "customer", "operator": "add"},
            "Old": {"value": True, "operator": "delete"},
            "Days": {"column": "c", "operator": "increment", "default": 1},
        }
    }
    assert properties(profile(mapping, {"c": ANYTHING}).item({"id": "1", "c": None})) == {
        "Visits": {"$incr": 1},
        "Tags": {"$add": ["customer"]},
        "Old": {"$delete": 1},
        "Days": {"$incr": 1},
    }


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"operator": "add", "type": "number"},
         "type: must be list or string, or left out, with operator add"),
        ({"operator": "set", "unit": "ms"},
         "type: must be list or string, or left out, with operator set"),
        ({"operator": "increment", "type": "string"},
         "type: must be integer or number, or left out, with operator increment"),
        ({"operator": "delete", "nulls": "delete"}, "nulls: must be omit with operator delete"),
        ({"operator": "increment", "default": "x"},
         "default: P is counted with something that is not an integer"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_an_operator_are_a_mistake(words: Json, line: str) -> None:
    mapping = PROFILE | {"properties": {"P": {"column": "c", **words}}}
    assert mistakes(mapping, {"c": TEXT}) == [f"streams.s.properties.P.{line}"]


def test_events_have_no_operators() -> None:
    source = {"column": "c", "operator": "add", "type": "list", "nulls": "delete"}
    assert mistakes(EVENT | {"properties": {"P": source}}, {"c": TEXT}) == [
        "streams.s.properties.P.operator: only profiles have operators",
        "streams.s.properties.P.nulls: must be omit: nothing is deleted from events",
        "streams.s.properties.P.type: must not be list: events have no lists",
    ]
