"""What tap-postgres really writes (meltanolabs, 0.10.0) for each of PostgreSQL's types."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.mapping.streams import Json, event, profile

SCHEMA_LINE, RECORD_LINE = (
    Path(__file__).with_name("tap_postgres_kinds.jsonl").read_bytes().splitlines()
)
decode = msgspec.json.Decoder(Json, float_hook=Decimal).decode
COLUMNS: Json = decode(SCHEMA_LINE)["schema"]["properties"]
RECORD: Json = decode(RECORD_LINE)["record"]

SENT = {
    "uid": '"6f1b8a52-0f5a-4a35-9c40-3a3f5f1c2d11"',
    "name": r'"Zoë 🎉 \\ \"q\""',
    "big": "9007199254740993",
    "money": "1234.50",
    "exact": "12345678901234567890.123456789012345678",
    "real_": "1.5",
    "dbl": "0.1",
    "yes": "true",
    "born": '"$D_636163200"',
    "at": '"$D_1709289296"',
    "at_local": '"$D_1709296496"',
    "clock": '"12:34:56"',
    "gap": '"1970-01-02T02:00:00+00:00"',
    "tags": '{"$set":["a","b"]}',
    "nums": '{"$set":["1.10","2"]}',
    "ints": '{"$set":["1","2"]}',
    "grid": '"[[1,2],[3,4]]"',
    "js": (
        r'"{\"l\":[1,2],\"n\":null,\"big\":9007199254740993,\"dec\":1.10,'
        r'\"address\":{\"zip\":\"50667\",\"city\":\"Köln\"}}"'
    ),
    "js0": '{"$set":["1","x"]}',
    "bytes_": '"00ff"',
    "ip": '"10.0.0.1"',
}


@pytest.mark.parametrize("column", SENT)
def test_each_type_of_postgresql_arrives_as_it_should(column: str) -> None:
    rules = profile({"properties": {"P": column}}, COLUMNS)
    head = '{"type":"profile","identity":"1","profileData":{"P":'
    assert rules.item(RECORD).body == f"{head}{SENT[column]}}}}}".encode()


@pytest.mark.parametrize("column", ["mood", "h"])
def test_its_nulls_are_left_out(column: str) -> None:
    rules = profile({"properties": {"P": column}}, COLUMNS)
    assert rules.item(RECORD).body.endswith(b'"profileData":{}}')


def test_paths_reach_into_jsonb() -> None:
    rules = event({"properties": {"City": "js.address.city", "D": "js.dec"}}, COLUMNS)
    assert rules.item(RECORD).body.endswith('"evtData":{"City":"Köln","D":1.10}}'.encode())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-23 21:14:19.16203+00", 1795468459),
        ("2026-11-23 21:14:19+05:30", 1795448659),
        ("2026-11-23 21:14:19.1", 1795468459),
        ("2026-11-23", 1795392000),
    ],
)
def test_dates_as_strings_are_read_with_a_type(text: str, seconds: int) -> None:
    rules = profile({"properties": {"P": {"column": "gap", "type": "date"}}}, COLUMNS)
    assert rules.item({"id": 1, "gap": text}).body.endswith(f'{{"P":"$D_{seconds}"}}}}'.encode())
