"""Whatever becomes of rows, it is told without a value of them; reports show keys and no more."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.looking import assert_private
from tests.privacy.rows import (
    BAD,
    SCHEMAS,
    bad_rows,
    bad_schemas,
    bookmark,
    good_rows,
    keys,
    member,
    user,
    visit,
)
from tests.support.pipeline import Message, lines, record, schema, state

if TYPE_CHECKING:
    from tests.privacy.children import Children
    from tests.privacy.marks import Marks
    from tests.support.sandbox import Sandbox

Settings = dict[str, Any]


def of(stream: str, rows: list[Message]) -> list[Message]:
    return [row for row in rows if row["stream"] == stream]


def rejections(children: Children) -> dict[str, dict[str, Any]]:
    """The first reason of each stream in the only report there is."""
    (report,) = (
        json.loads(content) for path, content in children.files().items() if path.endswith("json")
    )
    return {
        stream["name"]: stream["rejections"][0]
        for stream in report["streams"]
        if stream["rejections"]
    }


def test_rows_that_arrive_are_told_of_in_numbers(
    children: Children, settings: Settings, marks: Marks, sandbox: Sandbox
) -> None:
    sandbox.latency(0.05)
    rows, last = good_rows(marks), bookmark(marks)
    told = children.run(settings, [*SCHEMAS, *rows, last])
    assert_private(told, children, marks, members=of("fans", rows), states=[last])
    assert (told.code, json.loads(told.stdout)) == (0, last["value"])
    assert "users: 3 read: 3 accepted, 0 rejected" in told.log
    assert "Under way: 15 read: 0 accepted, 0 rejected" in told.log
    assert "METRIC" in told.log
    assert "DEBUG" in told.log
    assert {event["evtName"] for event in sandbox.events()} > {"Charged"}


def test_rows_that_come_again_are_told_of_in_numbers(
    children: Children, settings: Settings, marks: Marks
) -> None:
    rows, last = good_rows(marks), bookmark(marks)
    children.run(settings, [*SCHEMAS, *rows, last])
    told = children.run(settings, [*SCHEMAS, *rows, last])
    assert_private(told, children, marks, members=of("fans", rows), states=[last])
    assert "visits: 2 read: 0 accepted, 2 already delivered" in told.log
    assert "members: 2 read: 0 accepted, 2 unchanged" in told.log


def test_for_every_reason_a_rejected_row_is_shown_by_its_key_alone(
    children: Children, settings: Settings, marks: Marks
) -> None:
    rows = bad_rows(marks)
    told = children.run(settings, [*bad_schemas(), *rows.values()])
    assert_private(told, children, marks, rejected=rows.values())
    found = rejections(children)
    assert {name: reason["code"] for name, reason in found.items()} == {code: code for code in BAD}
    shown = {name: reason["first_keys"] for name, reason in found.items()}
    expected = {name: [key] for name, key in zip(rows, keys(rows.values()), strict=True)}
    number = len(BAD) + 1 + list(BAD).index("event_key_missing")
    assert shown == expected | {"event_key_missing": [f"row {number}"]}


def test_a_row_that_waits_is_tried_again_and_given_up_without_its_key(
    children: Children, settings: Settings, marks: Marks
) -> None:
    row = bad_rows(marks)["email_invalid"]
    children.run(settings, [*bad_schemas(), row])
    (ledger,) = children.work.rglob("ledger.sqlite")
    with closing(sqlite3.connect(ledger)) as database, database:
        database.execute("UPDATE clevertap_ledger_waiting SET tries = 9")
    told = children.run(settings)
    assert_private(told, children, marks, rejected=[row])
    assert "email_invalid: 1 tried again: 0 accepted, 1 rejected" in told.log
    assert "email_invalid: 1 given up after 10 tries" in told.log


def test_the_ledger_keeps_nothing_of_a_row_that_was_mended(
    children: Children, settings: Settings, marks: Marks
) -> None:
    row = bad_rows(marks)["email_invalid"]
    children.run(settings, [*bad_schemas(), row])
    mended = record("email_invalid", **row["record"] | {"value": marks.mail()})
    told = children.run(settings, [*bad_schemas(), mended])
    assert_private(told, children, marks, rejected=[row])
    (ledger,) = (text for path, text in children.files().items() if path.endswith("ledger.sqlite"))
    assert marks.found(ledger) == set()


MALFORMED = {
    "cut off": lambda marks: b'{"type":"RECORD","stream":"users","record":{"name":"%s' % marks,
    "no object": lambda marks: b'["%s"]' % marks,
    "no type": lambda marks: b'{"record":{"name":"%s"}}' % marks,
    "an odd type": lambda marks: b'{"type":"%s"}' % marks,
    "no record": lambda marks: b'{"type":"RECORD","stream":"users","data":"%s"}' % marks,
    "an odd record": lambda marks: b'{"type":"RECORD","stream":"users","record":["%s"]}' % marks,
    "no schema": lambda marks: b'{"type":"RECORD","stream":"x","record":{"name":"%s"}}' % marks,
    "no key": lambda marks: b'{"type":"RECORD","stream":"users","record":{"name":"%s"}}' % marks,
    "an odd schema": lambda marks: b'{"type":"SCHEMA","stream":"users","schema":"%s"}' % marks,
    "an odd state": lambda marks: b'{"type":"STATE","value":NaN,"was":"%s"}' % marks,
    "an odd batch": lambda marks: b'{"type":"BATCH","stream":"users","encoding":"%s"}' % marks,
    "no text": lambda marks: b'\xff\xfe{"%s"}' % marks,
    "too deep": lambda marks: b'{"a":' * 5000 + b'"%s"' % marks,
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_line_is_told_by_its_number(
    kind: str, children: Children, settings: Settings, marks: Marks
) -> None:
    line = MALFORMED[kind](marks.text().encode())
    told = children.run(settings, [*SCHEMAS, user(marks), line])
    assert_private(told, children, marks)
    assert told.code == 1
    assert f"Line 9 of the input ({len(line)} bytes) " in told.log


def test_a_stream_map_that_filters_rows_tells_none_of_them(
    children: Children, settings: Settings, marks: Marks
) -> None:
    maps = {"users": {"__filter__": "name"}, "visits": {"page": "md5(page)", "__filter__": "page"}}
    announced = [message for message in SCHEMAS if message["stream"] in maps]
    told = children.run(
        settings | {"stream_maps": maps}, [*announced, user(marks), visit(marks), state(1)]
    )
    assert_private(told, children, marks)
    assert told.code == 0
    assert "users: 1 read: 1 accepted" in told.log


def test_a_stream_map_that_fails_does_not_tell_on_what(
    children: Children, settings: Settings, marks: Marks
) -> None:
    maps = {"users": {"score": "int(name)"}}
    told = children.run(settings | {"stream_maps": maps}, [*SCHEMAS, user(marks)])
    assert_private(told, children, marks)
    assert told.code == 2
    assert "stream_maps.users: an expression fails for the row in line " in told.log


def test_rows_in_files_are_told_of_like_others(
    children: Children, settings: Settings, marks: Marks
) -> None:
    rows = [member(marks)["record"], {"id": marks.text(), "user": {"a": marks.text()}}]
    file = children.folder / "rows.gz"
    file.write_bytes(gzip.compress(lines(rows)))
    batch = {"type": "BATCH", "stream": "members", "manifest": [str(file)],
             "encoding": {"format": "jsonl", "compression": "gzip"}}  # fmt: skip
    told = children.run(settings, [*SCHEMAS, batch])
    assert_private(told, children, marks, rejected=[{"record": rows[1]}])
    assert "members: 2 read: 1 accepted, 1 rejected" in told.log


@pytest.mark.parametrize("row", [b'{"id": "%s', b'["%s"]', b'{"name": "%s"}'])
def test_a_malformed_row_in_a_file_is_told_by_its_number(
    row: bytes, children: Children, settings: Settings, marks: Marks
) -> None:
    file = children.folder / "rows.jsonl"
    file.write_bytes(row % marks.text().encode())
    batch = {"type": "BATCH", "stream": "members", "manifest": [str(file)],
             "encoding": {"format": "jsonl"}}  # fmt: skip
    told = children.run(settings, [*SCHEMAS, batch])
    assert_private(told, children, marks)
    assert told.code == 1
    assert "Unforeseen" not in told.log


def test_columns_that_no_property_can_be_named_after_are_told_by_their_names(
    children: Children, settings: Settings, marks: Marks
) -> None:
    announced = schema("members", id="string", user="string", **{"a$b": "string"})
    row = record("members", id=marks.text(), user=marks.text(), **{"a$b": marks.text()})
    told = children.run(settings, [announced, row])
    assert_private(told, children, marks)
    assert "a$b" in told.log
