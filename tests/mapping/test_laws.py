"""What holds for every record, whatever is in it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from target_clevertap.mapping import EventRules, Item, ProfileRules, Rejection, merge
from tests.mapping.streams import (
    ANYTHING,
    BOOLEAN,
    DATE,
    DATE_TIME,
    EVENT,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    Json,
    event,
    of_profile,
    profile,
    properties,
    segment,
    sent,
)

COLUMNS: Json = {
    "text": TEXT, "number": NUMBER, "integer": INTEGER, "boolean": BOOLEAN, "date": DATE,
    "at": DATE_TIME, "list": TEXTS, "object": OBJECT, "any": ANYTHING,
    "either": {"anyOf": [DATE_TIME, TEXT]},
}  # fmt: skip
TYPED: Json = {
    kind: {"column": "any", "type": kind}
    for kind in ("string", "number", "integer", "boolean", "date", "phone", "email", "json", "list")
}
OPERATED: Json = {
    operator: {"column": "any", "operator": operator}
    for operator in ("set", "add", "remove", "increment", "decrement", "delete")
}
OWN = ("Phone", "Email", "Gender", "Employed", "Married", "Education", "Age", "DOB", "Tz",
       "MSG-sms", "category-unsubscribe")  # fmt: skip

plain_text = st.text(max_size=30) | st.text(
    alphabet=st.characters(codec=None, categories=None), max_size=3
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | plain_text
    | st.sampled_from(["2024-01-01", "+4930901820", "a@b.de", '["a"]', '{"a":1}', "1e9", "x" * 600])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(plain_text, inner, max_size=5),
    max_leaves=12,
)
records = st.fixed_dictionaries({}, optional={"id": values, **dict.fromkeys(COLUMNS, values)})

PROFILES = profile(
    {
        "properties": {
            **{f"by schema {name}": name for name in COLUMNS},
            **TYPED, **OPERATED, **dict.fromkeys(OWN, "any"),
            "inner": "any.a.b", "template": {"template": "{text}/{any}"},
        },
        "timestamp": {"column": "at"},
    },
    COLUMNS, invalid_properties="drop", nulls="delete", default_country="DE",
)  # fmt: skip
EVENTS = event(
    {
        "event_name_column": "text",
        "properties": {**{name: name for name in COLUMNS}, "Items": "any"},
    },
    COLUMNS, invalid_properties="drop",
)  # fmt: skip
CHARGED = event({"event_name": "Charged", "properties": {"Items": "any"}}, COLUMNS)
STRICT = [
    profile({"properties": {name: source}}, COLUMNS)
    for name, source in {**TYPED, **OPERATED, **dict.fromkeys(OWN, "any")}.items()
]
ALL: list[ProfileRules | EventRules] = [PROFILES, EVENTS, CHARGED, *STRICT]
MEMBERS = segment({}, COLUMNS)


def outcome(rules: ProfileRules | EventRules, record: Json) -> Item | Rejection:
    """What becomes of a record; anything but an item or a rejection is an error."""
    try:
        return rules.item(record)
    except Rejection as rejection:
        return rejection


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def assert_sendable(item: Item) -> None:
    """Valid JSON without null, NaN or infinity at any place, within the limits."""
    record = json.loads(item.body, parse_constant=refuse, parse_float=Decimal)
    assert_no_null(record)


def assert_no_null(value: object) -> None:
    assert value is not None
    if isinstance(value, dict):
        for inner in value.values():
            assert_no_null(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_no_null(inner)


@settings(max_examples=400, deadline=None)
@given(records)
def test_any_record_becomes_an_item_without_nulls_or_is_rejected(record: Json) -> None:
    for rules in ALL:
        for identified in (record, record | {"id": "1"}):
            found = outcome(rules, identified)
            if isinstance(found, Item):
                assert_sendable(found)
            else:
                assert found.reason


@given(values)
def test_a_member_of_a_list_is_encodable_text_or_rejected(value: object) -> None:
    try:
        member = MEMBERS.member({"id": value})
    except Rejection:
        return
    assert member.identity.encode()


@given(st.text(max_size=600))
def test_no_value_occurs_in_a_sentence(value: str) -> None:
    marked = f"\u2603{value}"
    for rules in ALL:
        for record in ({"id": "1", "any": marked, "text": f"{marked}:"}, {"id": [marked]}):
            found = outcome(rules, record)
            if isinstance(found, Rejection):
                assert "\u2603" not in f"{found} {found!r}"


@given(st.integers(min_value=-(10**4000), max_value=10**4000))
def test_every_integer_arrives_with_its_digits(number: int) -> None:
    assert json.loads(of_profile("c", INTEGER, number).body)["profileData"] == {"P": number}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_arrives_with_its_digits(number: Decimal) -> None:
    for value in (number, str(number)):
        item = of_profile({"column": "c", "type": "number"}, ANYTHING, value)
        record = json.loads(item.body, parse_float=Decimal, parse_int=Decimal)
        arrived = record["profileData"]["P"]
        if number != 0:  # zero loses at most its sign
            assert arrived.as_tuple() == number.as_tuple()
        assert arrived == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_arrives_equal(number: float) -> None:
    assert properties(of_profile("c", NUMBER, number)) == {"P": number}


@given(st.text(max_size=1200))
def test_a_cut_never_exceeds_the_limit_and_keeps_the_beginning(text: str) -> None:
    item = of_profile("c", TEXT, text)
    assert properties(item) == {"P": text[:512]}
    assert bool(item.adjusted) == (len(text) > 512)


@given(st.lists(st.text(max_size=3) | st.integers() | st.none(), max_size=250))
def test_a_multi_value_is_unique_and_has_at_most_a_hundred_texts(values: list[object]) -> None:
    item = of_profile("c", TEXTS, values)
    kept = properties(item)["P"]["$set"]
    unique = list(dict.fromkeys(str(value) for value in values if value is not None))
    assert kept == unique[-100:]
    assert bool(item.adjusted) == (len(unique) > 100)


ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia")


@given(st.datetimes(), st.sampled_from(ZONES))
def test_every_local_time_is_the_moment_it_names(at: datetime, zone: str) -> None:
    at = at.replace(fold=0)
    moment = at.replace(tzinfo=ZoneInfo(zone))
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    seconds = (moment - epoch).days * 86400 + (moment - epoch).seconds
    for written in (at, at.isoformat(), at.isoformat(" "), moment.isoformat()):
        found = properties(of_profile("c", DATE_TIME, written, timezone=zone))
        assert found == {"P": f"$D_{seconds}"}


@given(st.integers(min_value=-62_135_596_800, max_value=253_402_300_799), st.integers(0, 999))
def test_seconds_and_milliseconds_name_the_same_moment(seconds: int, part: int) -> None:
    expected = {"P": f"$D_{seconds}"}
    as_s = {"column": "c", "type": "date", "unit": "s"}
    as_ms = {"column": "c", "type": "date", "unit": "ms"}
    assert properties(of_profile(as_s, ANYTHING, seconds)) == expected
    assert properties(of_profile(as_ms, ANYTHING, seconds * 1000 + part)) == expected
    assert properties(of_profile(as_ms, ANYTHING, str(seconds * 1000 + part))) == expected


plain_rows = st.fixed_dictionaries(
    {"id": st.just("1")},
    optional={
        "text": st.none() | st.text(max_size=5),
        "number": st.none() | st.integers(),
        "at": st.none() | st.just("2024-01-01T00:00:00Z"),
    },
)


@given(st.lists(plain_rows, min_size=2, max_size=5))
def test_merging_is_the_same_as_sending_one_after_the_other(rows: list[Json]) -> None:
    mapping = {"properties": {"T": "text", "N": "number"}, "timestamp": "at"}
    rules = profile(mapping, COLUMNS, nulls="delete")
    items = [rules.item(row) for row in rows]
    merged = items[0]
    one_after_the_other: Json = {}
    for item in items:
        one_after_the_other |= properties(item)
    for later in items[1:]:
        merged = merge(merged, later)
    assert properties(merged) == one_after_the_other
    times = [sent(item)["ts"] for item in items if "ts" in sent(item)]
    assert sent(merged).get("ts") == (times[-1] if times else None)


names = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True, min_size=1, max_size=10)


@given(names)
def test_properties_keep_the_order_of_the_mapping(wanted: list[str]) -> None:
    rules = event(EVENT | {"properties": dict.fromkeys(wanted, "text")}, COLUMNS)
    assert list(properties(rules.item({"id": "1", "text": "x"}))) == wanted
