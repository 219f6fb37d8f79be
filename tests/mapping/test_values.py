"""What a value becomes, by the SCHEMA or by its type: one row a rule, accepted or refused."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from target_clevertap.mapping import Rejection
from tests.mapping.streams import (
    ANYTHING,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Json,
    of_event,
    of_profile,
)

NAN, INFINITY = float("nan"), float("inf")
LEFT_OUT = "{}"


def body(properties: str) -> bytes:
    profile = f'{{"type":"profile","identity":"1","profileData":{properties}}}'
    return profile.encode()


BY_SCHEMA: list[tuple[str, Json, object, str]] = [
    ("text stays text", TEXT, "Zoë 🎉", '{"P":"Zoë 🎉"}'),
    ("empty text stays", TEXT, "", '{"P":""}'),
    ("blank text stays", TEXT, "  ", '{"P":"  "}'),
    ("text that looks like a date stays", TEXT, "2024-01-01", '{"P":"2024-01-01"}'),
    ("a null is left out", TEXT, None, LEFT_OUT),
    ("a number in a text column is its digits", TEXT, 5, '{"P":"5"}'),
    ("a decimal in a text column keeps its zeros", TEXT, Decimal("1.10"), '{"P":"1.10"}'),
    ("an exponent is written out in text", TEXT, 1e16, '{"P":"10000000000000000"}'),
    ("a boolean in a text column is a word", TEXT, True, '{"P":"true"}'),
    ("an object in a text column is JSON text", TEXT, {"a": 1}, r'{"P":"{\"a\":1}"}'),
    ("a time in a text column is ISO text", TEXT, date(2024, 1, 2), '{"P":"2024-01-02"}'),
    ("an integer is exact", INTEGER, 9007199254740993, '{"P":9007199254740993}'),
    ("an integer beyond 64 bits is exact", INTEGER, 10**30, f'{{"P":{10**30}}}'),
    ("a decimal keeps its digits", NUMBER, Decimal("1234.50"), '{"P":1234.50}'),
    ("a long decimal is exact", NUMBER, Decimal("0.1" + "0" * 30 + "1"), f'{{"P":0.1{"0" * 30}1}}'),
    ("a float is a number", NUMBER, 0.1, '{"P":0.1}'),
    ("a boolean is a boolean", BOOLEAN, False, '{"P":false}'),
    ("a date is midnight UTC", DATE, "1990-02-28", '{"P":"$D_636163200"}'),
    ("a time with offset", DATE_TIME, "2024-01-01T01:00:00+01:00", '{"P":"$D_1704067200"}'),
    ("a time with Z", DATE_TIME, "2024-01-01T00:00:00Z", '{"P":"$D_1704067200"}'),
    ("fractions go down", DATE_TIME, "2024-01-01T00:00:00.999999Z", '{"P":"$D_1704067200"}'),
    ("also before 1970", DATE_TIME, "1969-12-31T23:59:59.5Z", '{"P":"$D_-1"}'),
    ("the last moment", DATE_TIME, "9999-12-31T23:59:59.999999Z", '{"P":"$D_253402300799"}'),
    ("the first moment", DATE_TIME, "0001-01-01T00:00:00Z", '{"P":"$D_-62135596800"}'),
    ("a blank date is a null", DATE, " ", LEFT_OUT),
    ("a date object", DATE, date(1990, 2, 28), '{"P":"$D_636163200"}'),
    ("a time of day stays text", TIME, "12:34:56", '{"P":"12:34:56"}'),
    ("a list of texts is a multi-value", TEXTS, ["a", None, "b", "a"], '{"P":{"$set":["a","b"]}}'),
    ("an empty list empties", TEXTS, [], '{"P":{"$set":[]}}'),
    ("a list of numbers is texts", ANYTHING, [1, 2.5, True], '{"P":{"$set":["1","2.5","true"]}}'),
    ("a list of lists is JSON text", TEXTS, [[1, 2], [3]], '{"P":"[[1,2],[3]]"}'),
    ("a list of objects is JSON text", ANYTHING, [{"a": None}], r'{"P":"[{\"a\":null}]"}'),
    ("an object is JSON text", OBJECT, {"b": 1, "a": [2]}, r'{"P":"{\"b\":1,\"a\":[2]}"}'),
    ("JSON text keeps decimals", OBJECT, {"a": Decimal("1.10")}, r'{"P":"{\"a\":1.10}"}'),
    ("text in an object column stays", OBJECT, '{"a":1}', r'{"P":"{\"a\":1}"}'),
    ("without a type a number is a number", ANYTHING, 5, '{"P":5}'),
    ("without a type text is text", ANYTHING, "2024-01-01", '{"P":"2024-01-01"}'),
    ("without a type a boolean is a boolean", ANYTHING, True, '{"P":true}'),
    ("a datetime object is a date", ANYTHING, datetime(2024, 1, 1), '{"P":"$D_1704067200"}'),  # noqa: DTZ001
    ("of several types, the value's", {"type": ["string", "integer"]}, 5, '{"P":5}'),
    (
        "a union of date and text reads a date",
        {"anyOf": [{"type": "string", "format": "date-time"}, TEXT]},
        "2024-01-01T00:00:00Z",
        '{"P":"$D_1704067200"}',
    ),
    (
        "a union of date and text keeps the rest",
        {"anyOf": [{"type": "string", "format": "date-time"}, TEXT]},
        "soon",
        '{"P":"soon"}',
    ),
    (
        "a nullable date by oneOf is a date",
        {"oneOf": [{"type": "null"}, {"type": "string", "format": "date"}]},
        "1970-01-02",
        '{"P":"$D_86400"}',
    ),
    (
        "what stands beside anyOf holds for all of it",
        {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
        "1970-01-02",
        '{"P":"$D_86400"}',
    ),
    (
        "allOf adds up",
        {"allOf": [{"type": ["string", "null"]}, {"format": "date"}]},
        "1970-01-02",
        '{"P":"$D_86400"}',
    ),
    ("one alternative of anything", {"anyOf": [True, TEXT]}, 5, '{"P":5}'),
    ("Singer's decimal text", {"type": "string", "format": "singer.decimal"}, "1.10", '{"P":1.10}'),
]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [row[1:] for row in BY_SCHEMA],
    ids=[row[0] for row in BY_SCHEMA],
)
def test_the_schema_decides(schema: Json, value: object, expected: str) -> None:
    assert of_profile("c", schema, value).body == body(expected)


REFUSED_BY_SCHEMA: list[tuple[str, Json, object, str]] = [
    ("NaN", NUMBER, NAN, "number_invalid"),
    ("infinity", NUMBER, -INFINITY, "number_invalid"),
    ("a decimal NaN", NUMBER, Decimal("NaN"), "number_invalid"),
    ("NaN without a type", ANYTHING, NAN, "number_invalid"),
    ("NaN in a list", TEXTS, [NAN], "number_invalid"),
    ("NaN inside an object", OBJECT, {"a": [NAN]}, "number_invalid"),
    ("a decimal infinity inside an object", OBJECT, {"a": Decimal("inf")}, "number_invalid"),
    ("NaN in a text column", TEXT, NAN, "number_invalid"),
    (
        "NaN as decimal text",
        {"type": "string", "format": "x-singer.decimal"},
        "NaN",
        "number_invalid",
    ),
    ("a boolean as number", NUMBER, True, "number_invalid"),
    ("an object as number", NUMBER, {}, "number_invalid"),
    ("an integer of thousands of digits", INTEGER, 10**5000, "number_invalid"),
    ("the same as text", TEXT, 10**5000, "number_invalid"),
    ("a number as boolean", BOOLEAN, 2, "boolean_invalid"),
    ("a word as date", DATE, "soon", "date_invalid"),
    ("30 February", DATE, "2024-02-30", "date_invalid"),
    ("a year before Christ", DATE_TIME, "0044-03-15 BC", "date_invalid"),
    ("infinity as a time", DATE_TIME, "infinity", "date_invalid"),
    ("a boolean as date", DATE, True, "date_invalid"),
    ("milliseconds without a unit", DATE_TIME, 1704067200000, "date_invalid"),
    ("a broken surrogate", TEXT, "a\ud800b", "text_invalid"),
    ("a broken surrogate in a list", TEXTS, ["\udfff"], "text_invalid"),
    ("a broken surrogate inside an object", OBJECT, {"a": "\ud800"}, "text_invalid"),
    ("a kind that JSON lacks", ANYTHING, object(), "json_invalid"),
]


@pytest.mark.parametrize(
    ("schema", "value", "code"),
    [row[1:] for row in REFUSED_BY_SCHEMA],
    ids=[row[0] for row in REFUSED_BY_SCHEMA],
)
def test_a_value_that_cannot_be_sent_rejects_the_row(
    schema: Json, value: object, code: str
) -> None:
    with pytest.raises(Rejection) as caught:
        of_profile("c", schema, value)
    assert (caught.value.code, caught.value.property) == (code, "P")


BY_TYPE: list[tuple[Json, object, str]] = [
    ({"type": "string"}, 12, '{"P":"12"}'),
    ({"type": "string"}, False, '{"P":"false"}'),
    ({"type": "string"}, [1, "a"], r'{"P":"[1,\"a\"]"}'),
    ({"type": "string"}, Decimal("1E+3"), '{"P":"1000"}'),
    ({"type": "string"}, Decimal("1E+9999"), '{"P":"1E+9999"}'),
    ({"type": "number"}, " -12.50 ", '{"P":-12.50}'),
    ({"type": "number"}, "+7", '{"P":7}'),
    ({"type": "number"}, "007", '{"P":7}'),
    ({"type": "number"}, ".5", '{"P":0.5}'),
    ({"type": "number"}, "1e3", '{"P":1E+3}'),
    ({"type": "number"}, "9007199254740993", '{"P":9007199254740993}'),
    ({"type": "number"}, "", LEFT_OUT),
    ({"type": "integer"}, 5.0, '{"P":5}'),
    ({"type": "integer"}, Decimal("5.00"), '{"P":5}'),
    ({"type": "integer"}, "5", '{"P":5}'),
    ({"type": "integer"}, 1e22, f'{{"P":{10**22}}}'),
    ({"type": "integer"}, " ", LEFT_OUT),
    *[
        ({"type": "boolean"}, yes, '{"P":true}')
        for yes in (True, 1, 1.0, "true", "YES", "y", "T", "On", "1")
    ],
    *[
        ({"type": "boolean"}, no, '{"P":false}')
        for no in (False, 0, Decimal(0), "False", "no", "N", "f", "oFF", "0")
    ],
    ({"type": "boolean"}, "", LEFT_OUT),
    ({"type": "email"}, " ann@example.com ", '{"P":"ann@example.com"}'),
    ({"type": "email"}, "", LEFT_OUT),
    ({"type": "phone"}, "+49 30 901820", '{"P":"+4930901820"}'),
    ({"type": "json"}, {"a": [1]}, r'{"P":"{\"a\":[1]}"}'),
    ({"type": "json"}, 5, '{"P":"5"}'),
    ({"type": "json"}, "word", r'{"P":"\"word\""}'),
    ({"type": "json"}, '{"a": 1}', r'{"P":"{\"a\": 1}"}'),
    ({"type": "json"}, "null", LEFT_OUT),
    ({"type": "list"}, ["a", 1], '{"P":{"$set":["a","1"]}}'),
    ({"type": "list"}, '["a", 1.10]', '{"P":{"$set":["a","1.10"]}}'),
    ({"type": "list"}, "a", '{"P":{"$set":["a"]}}'),
    ({"type": "list"}, "[a", '{"P":{"$set":["[a"]}}'),
    ({"type": "list"}, [{"a": 1}], r'{"P":{"$set":["{\"a\":1}"]}}'),
    ({"type": "date"}, "2024-01-01 00:00:00+00", '{"P":"$D_1704067200"}'),
    ({"type": "date"}, "1704067200", '{"P":"$D_1704067200"}'),
    ({"type": "date"}, 1704067200.9, '{"P":"$D_1704067200"}'),
    ({"type": "date"}, -1.5, '{"P":"$D_-2"}'),
    ({"type": "date", "unit": "ms"}, 1704067200999, '{"P":"$D_1704067200"}'),
    ({"type": "date", "unit": "ms"}, "1704067200999", '{"P":"$D_1704067200"}'),
    ({"type": "date", "unit": "ms"}, -1, '{"P":"$D_-1"}'),
    ({"unit": "s"}, 200_000_000_000, '{"P":"$D_200000000000"}'),
    ({"format": "%d.%m.%Y"}, "01.01.2024", '{"P":"$D_1704067200"}'),
    ({"format": "%Y%m%d"}, 20240101, '{"P":"$D_1704067200"}'),
    ({"format": "%Y-%m-%d %H:%M %z"}, "2024-01-01 01:00 +0100", '{"P":"$D_1704067200"}'),
]


@pytest.mark.parametrize(("words", "value", "expected"), BY_TYPE)
def test_an_explicit_type_goes_before_the_schema(words: Json, value: object, expected: str) -> None:
    assert of_profile({"column": "c", **words}, ANYTHING, value).body == body(expected)


REFUSED_BY_TYPE: list[tuple[Json, object, str]] = [
    ({"type": "number"}, "1_000", "number_invalid"),
    ({"type": "number"}, "1,5", "number_invalid"),
    ({"type": "number"}, "٣", "number_invalid"),
    ({"type": "number"}, "Infinity", "number_invalid"),
    ({"type": "number"}, "9" * 5000, "number_invalid"),
    ({"type": "number"}, "1e" + "9" * 30, "number_invalid"),
    ({"type": "number"}, False, "number_invalid"),
    ({"type": "integer"}, 5.5, "integer_invalid"),
    ({"type": "integer"}, "five", "integer_invalid"),
    ({"type": "integer"}, Decimal("1E+999999"), "integer_invalid"),
    ({"type": "boolean"}, "maybe", "boolean_invalid"),
    ({"type": "boolean"}, 2, "boolean_invalid"),
    ({"type": "boolean"}, [], "boolean_invalid"),
    ({"type": "date"}, "01.01.2024", "date_invalid"),
    ({"type": "date"}, 100_000_000_000, "date_invalid"),
    ({"type": "date"}, "100000000000", "date_invalid"),
    ({"type": "date"}, NAN, "date_invalid"),
    ({"type": "date"}, Decimal("1E+999999"), "date_invalid"),
    ({"type": "date", "unit": "s"}, 253_402_300_800, "date_invalid"),
    ({"type": "date", "unit": "ms"}, "2024-01-01", "date_invalid"),
    ({"type": "date", "format": "%d.%m.%Y"}, "2024-01-01", "date_invalid"),
    ({"type": "date", "format": "%Y%m%d"}, 2024.5, "date_invalid"),
    ({"type": "phone"}, "12", "phone_country_missing"),
    ({"type": "phone"}, "+12", "phone_invalid"),
    ({"type": "email"}, "ann", "email_invalid"),
    ({"type": "json"}, NAN, "number_invalid"),
    ({"type": "list"}, {"a": 1}, "list_invalid"),
]


@pytest.mark.parametrize(("words", "value", "code"), REFUSED_BY_TYPE)
def test_a_value_that_is_not_of_its_type_rejects_the_row(
    words: Json, value: object, code: str
) -> None:
    with pytest.raises(Rejection) as caught:
        of_profile({"column": "c", **words}, ANYTHING, value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (TEXTS, ["a", "b"], r'{"P":"[\"a\",\"b\"]"}'),
        (ANYTHING, [{"a": 1}], r'{"P":"[{\"a\":1}]"}'),
        (OBJECT, {"a": 1}, r'{"P":"{\"a\":1}"}'),
        (NUMBER, Decimal("1.10"), '{"P":1.10}'),
        (DATE, "1970-01-02", '{"P":"$D_86400"}'),
        (TEXT, None, LEFT_OUT),
    ],
)
def test_lists_and_objects_of_events_are_json_text(
    schema: Json, value: object, expected: str
) -> None:
    head = '{"type":"event","identity":"1","evtName":"Bought","evtData":'
    assert of_event("c", schema, value).body == f"{head}{expected}}}".encode()


def test_endless_nesting_rejects_the_row_instead_of_ending_the_run() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Rejection) as caught:
        of_profile("c", ANYTHING, nested)
    assert caught.value.code == "json_invalid"


@pytest.mark.parametrize(
    ("zone", "text", "seconds"),
    [
        ("Europe/Berlin", "2024-07-01", 1719784800),
        ("Europe/Berlin", "2024-07-01 12:00:00", 1719828000),
        ("Asia/Kolkata", "2024-07-01T00:00:00", 1719772200),
        # An hour that occurs twice is the first one, an hour that does not occur is in winter.
        ("Europe/Berlin", "2024-10-27T02:30:00", 1729989000),
        ("Europe/Berlin", "2024-03-31T02:30:00", 1711848600),
        # An offset of its own goes before the zone.
        ("Asia/Kolkata", "2024-07-01T00:00:00Z", 1719792000),
    ],
)
def test_times_without_an_offset_are_in_the_configured_zone(
    zone: str, text: str, seconds: int
) -> None:
    assert of_profile("c", DATE_TIME, text, timezone=zone).body == body(f'{{"P":"$D_{seconds}"}}')


def test_a_datetime_object_keeps_its_own_zone() -> None:
    at = datetime(2024, 1, 1, tzinfo=timezone.utc)
    item = of_profile("c", DATE_TIME, at, timezone="Asia/Kolkata")
    assert item.body == body('{"P":"$D_1704067200"}')
