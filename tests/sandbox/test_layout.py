"""The layout of CleverTap's JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.sandbox.layout import Json, encode

RECORDED = [
    b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}',
    b'{ "status" : "fail" , "error" : "Account ID is not valid" , "code" : 401}',
    b'{ "status" : "fail" , "error" : "Malformed request" , "code" : 400}',
    (
        b'{ "status" : "partial" , "processed" : 1 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 515 , "error" : "Profile data is incorrect. Email is not valid.Skipped record '
        b'number : 2" , "record" : { "identity" : "4" , "ts" : 1521649274 , "type" : "profile" , '
        b'"profileData" : { "Email" : "1234"}}}]}'
    ),
    (
        b'{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 516 , "error" : "Profile data is incorrect. Phone number is not valid.Skipped '
        b'record number : 1" , "record" : { "identity" : "1414" , "type" : "profile" , '
        b'"profileData" : { "ID" : "1414" , "Name" : "John" , "Phone" : "+44+441234"}}}]}'
    ),
]

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@pytest.mark.parametrize("body", RECORDED)
def test_a_recorded_body_is_reproduced_byte_for_byte(body: bytes) -> None:
    assert encode(json.loads(body)) == body


@given(VALUES)
def test_the_layout_is_json_and_loses_nothing(value: Json) -> None:
    assert json.loads(encode(value)) == value


def test_decimals_keep_their_digits() -> None:
    assert encode([Decimal("1.10"), Decimal("12345678901234567890.5")]) == (
        b"[ 1.10 , 12345678901234567890.5]"
    )


def test_an_empty_object_and_an_empty_array_have_one_space() -> None:
    assert encode({"a": {}, "b": []}) == b'{ "a" : { } , "b" : [ ]}'
