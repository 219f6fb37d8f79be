"""Streams of the tap that stream maps bring together, or take apart, each keep what is theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import SegmentIncomplete, SettingsError
from tests.support.pipeline import Message, config, load, record, rejected, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

USERS = {
    "type": "profile",
    "identifier": {"identity": "id"},
    "properties": {"Name": "name", "Phone": "phone"},
}
COLUMNS = {"id": "string", "name": "string", "phone": "string"}
NORTH, SOUTH = (schema(name, "id", **COLUMNS) for name in ("north", "south"))
ALIASES = {"north": {"__alias__": "users"}, "south": {"__alias__": "users"}}
DROP = {"invalid_properties": "drop"}
"""With it, a phone number that is none no longer rejects its row."""


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    streams = {"users": USERS}
    settings = config(sandbox, tmp_path / "work", streams=streams, stream_maps=ALIASES)
    del settings["ledger_url"]
    return settings


def row(stream: str, identity: str, phone: str = "12", name: str = "Ada") -> Message:
    return record(stream, id=identity, name=name, phone=phone)


def identities(sandbox: Sandbox) -> set[str]:
    return {
        identity
        for profile in sandbox.profiles()
        for identity in profile["identifiers"]["identity"]
    }


# Streams of the tap that become one


def test_rejected_rows_of_streams_that_become_one_follow_their_own_schema(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    off = {"ledger_url": "off"}
    rows = [row("north", "n1"), row("south", "s1"), row("north", "n2")]
    load(settings | off, [NORTH, SOUTH, *rows], capsys)
    (file,) = tmp_path.rglob("rejected.jsonl")
    lines = file.read_bytes().splitlines()
    told = [(line["type"], line["stream"]) for line in map(json.loads, lines)]
    assert told == [
        ("SCHEMA", "north"), ("RECORD", "north"),
        ("SCHEMA", "south"), ("RECORD", "south"),
        ("RECORD", "north"),
    ]  # fmt: skip
    load(settings | off | DROP, lines, capsys)
    assert identities(sandbox) == {"n1", "s1", "n2"}


def test_rows_that_wait_are_tried_again_by_the_schema_of_their_own_stream(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    rows = [row("north", "n1"), row("south", "s1"), row("north", "n2")]
    load(settings, [NORTH, SOUTH, *rows], capsys)
    assert load(settings | DROP, [state(1)], capsys) == [1]
    assert identities(sandbox) == {"n1", "s1", "n2"}


@pytest.mark.parametrize("second", ["south", "users"])
def test_rows_are_read_by_the_schema_of_their_own_stream(
    second: str, sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings["streams"] = {"users": USERS | {"properties": {"Name": "name", "Since": "since"}}}
    day = {"type": "string", "format": "date"}
    schemas = [
        schema("north", "id", id="string", name="string", since=day),
        schema(second, "id", id="string", name="string", since="integer"),
    ]
    rows = [
        record("north", id="n1", name="Ada", since="2026-01-02"),
        record(second, id="s1", name="Ada", since=1999),
    ]
    messages = [*schemas, *rows, *schemas, *rows]
    load(settings | {"ledger_url": "off"}, messages, capsys)
    assert rejected(tmp_path) == []
    found = [sandbox.profile(identity) for identity in ("n1", "s1")]
    assert [profile and profile["properties"]["Since"] for profile in found] == [
        "$D_1767312000",
        1999,
    ]


def test_a_list_is_whole_when_every_stream_of_the_tap_that_adds_to_it_is(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    vip = {
        "type": "segment",
        "identifier": {"identity": "id"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
    }
    settings |= {"streams": {"users": vip}}
    rows = [NORTH, SOUTH, row("north", "n1"), row("south", "s1")]
    ends: list[Message] = [
        {"type": "ACTIVATE_VERSION", "stream": name, "version": 1} for name in ("north", "south")
    ]
    with pytest.raises(SegmentIncomplete):
        load(settings, [*rows, ends[0]], capsys)
    load(settings, [*rows, *ends], capsys)
    assert len(sandbox.segments()) == 1


# A stream of the tap that becomes several

ORDERS = {
    "type": "event",
    "identifier": {"identity": "user"},
    "event_name": "Ordered",
    "properties": {"Total": {"column": "total", "type": "number"}},
}
BUYERS = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"Orders": {"column": "count", "operator": "increment"}},
}
ORDERS_SCHEMA = schema("orders", "id", id="integer", user="string", total="string", count="integer")


@pytest.fixture
def shop(settings: dict[str, Any]) -> dict[str, Any]:
    streams = {"orders": ORDERS, "buyers": BUYERS}
    return settings | {"streams": streams, "stream_maps": {"buyers": {"__source__": "orders"}}}


def test_a_row_is_tried_again_for_the_stream_that_has_rejected_it_only(
    sandbox: Sandbox, shop: dict[str, Any], capsys: Capture
) -> None:
    order = record("orders", id=1, user="u1", total="much", count=1)
    load(shop, [ORDERS_SCHEMA, order], capsys)
    load(shop | DROP, [state(1)], capsys)
    assert [event["evtName"] for event in sandbox.events()] == ["Ordered"]
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"] == {"Orders": 1}
    again = record("orders", id=2, user="u1", total="5", count=1)
    load(shop, [ORDERS_SCHEMA, again], capsys)
    assert len(sandbox.events()) == 2
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"] == {"Orders": 2}, "all others go to both, as ever"


def test_rows_of_a_stream_that_is_no_longer_made_wait_on(
    sandbox: Sandbox,
    shop: dict[str, Any],
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    order = record("orders", id=1, user="u1", total="much", count=1)
    load(shop, [ORDERS_SCHEMA, order], capsys)
    elsewhere = {"orders": {"__alias__": "buyers"}}
    assert load(shop | DROP | {"stream_maps": elsewhere}, [state(1)], capsys) == [1]
    assert "orders: rejected rows wait on: no stream map makes it" in caplog.text
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"] == {"Orders": 1}
    load(shop | DROP, [state(1)], capsys)
    assert len(sandbox.events()) == 1


# Keys that a stream map makes


@pytest.fixture
def numbered(settings: dict[str, Any]) -> dict[str, Any]:
    numbers = {"number": "'n' + id", "id": "'u1'", "__key_properties__": ["number"]}
    return settings | {"stream_maps": {"north": numbers | {"__alias__": "users"}}}


def test_a_row_waits_under_the_key_that_its_stream_map_makes(
    sandbox: Sandbox, numbered: dict[str, Any], capsys: Capture
) -> None:
    load(numbered, [NORTH, row("north", "1")], capsys)
    load(numbered | DROP, [state(1)], capsys)
    assert identities(sandbox) == {"u1"}


def test_a_newer_version_is_known_by_the_key_that_its_stream_map_makes(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings["stream_maps"] = {"north": {"__alias__": "users", "id": "'u' + id"}}
    rows = [row("north", "1", name="Old"), row("north", "1", "", name="New")]
    load(settings, [NORTH, *rows], capsys)
    load(settings | DROP, [state(1)], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "New"


def test_the_report_names_a_row_by_the_key_that_its_stream_map_makes(
    numbered: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(numbered, [NORTH, row("north", "1")], capsys)
    (report,) = tmp_path.rglob("report.json")
    assert '"n1"' in report.read_text()


# Mistakes in stream maps


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        ({"name": "name.upper("}, "stream_maps.north: Failed to parse expression name.upper(."),
        ({"__key_properties__": ["no"]}, "stream_maps.north: Invalid key properties"),
        ({"id": "missing + 1"}, "stream_maps.north: an expression fails for the row in line 2"),
        ({"__filter__": "int(id) > 1"}, "of the input (ValueError). Mend it"),
    ],
)
def test_a_wrong_stream_map_is_told_as_any_other_setting(
    settings: dict[str, Any], capsys: Capture, maps: dict[str, Any], said: str
) -> None:
    settings |= {"stream_maps": {"north": maps | {"__alias__": "users"}}}
    with pytest.raises(SettingsError) as error:
        load(settings, [NORTH, row("north", "n1")], capsys)
    assert said in str(error.value)
    chain = [error.value.__cause__, error.value.__context__]
    assert "n1" not in f"{error.value} {chain}"


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ({"__filter__": "note != None"}, "1, which a filter of stream_maps leaves out"),
        ({"note": "note.lower()"}, "1: stream_maps.orders: an expression fails for a row that"),
    ],
)
def test_a_row_that_a_stream_map_cannot_take_today_waits_on_and_no_other(
    sandbox: Sandbox,
    shop: dict[str, Any],
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
    failing: dict[str, Any],
    said: str,
) -> None:
    shop = {**shop, "stream_maps": {}}
    columns = ORDERS_SCHEMA["schema"]["properties"] | {"note": {"type": ["null", "string"]}}
    announced = ORDERS_SCHEMA | {"schema": {"type": "object", "properties": columns}}
    rows = [
        record("orders", id=number, user="u1", total="much", count=1, note=note)
        for number, note in enumerate([None, "a", "b"])
    ]
    load(shop, [announced, *rows], capsys)
    assert load(shop | DROP | {"stream_maps": {"orders": failing}}, [state(1)], capsys) == [1]
    assert f"orders: rejected rows wait on: {said}" in caplog.text
    assert len(sandbox.events()) == 2, "the others are tried"
    load(shop | DROP, [state(2)], capsys)
    assert len(sandbox.events()) == 3
