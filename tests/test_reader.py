"""Lines of a tap become messages; what cannot be read is told by place, never by content."""

from __future__ import annotations

import io
import json
import os
import threading
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.errors import InputError
from target_clevertap.reader import LineReader, decode

if TYPE_CHECKING:
    from pathlib import Path

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(source: IO[Any], *kinds: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    LineReader().process_lines(source, dict.fromkeys(kinds or ("RECORD",), messages.append))
    return messages


def refusal(line: bytes) -> str:
    with pytest.raises(InputError) as error:
        read(io.BytesIO(b'{"type":"RECORD"}\n' + line))
    return str(error.value)


@given(st.dictionaries(st.text(), json_values))
def test_any_json_object_arrives_as_it_was_sent(record: dict[str, Any]) -> None:
    line = json.dumps({"type": "RECORD", "record": record}).encode()
    assert read(io.BytesIO(line)) == [json.loads(line, parse_float=Decimal)]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_every_digit(number: Decimal) -> None:
    assert str(decode(f"[{number}]".encode())[0]) == str(number)


@given(st.integers())
def test_integers_of_any_size_keep_every_digit(number: int) -> None:
    assert decode(str(number).encode()) == number


def test_messages_are_counted_by_type_and_blank_lines_are_passed_over() -> None:
    lines = b'{"type":"SCHEMA"}\n\n{"type":"RECORD"}\r\n  \n{"type":"RECORD"}'
    callbacks = dict.fromkeys(("SCHEMA", "RECORD"), lambda _message: None)
    counts = LineReader().process_lines(io.BytesIO(lines), callbacks)
    assert counts == {"SCHEMA": 1, "RECORD": 2}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_only_python_writes_are_read(number: str) -> None:
    (message,) = read(io.BytesIO(b'{"type":"RECORD","record":{"n":%s}}' % number.encode()))
    assert repr(message["record"]["n"]) in {"nan", "inf", "-inf"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"RECORD","record":{"mail":"marker',
        b"marker",
        b'{"type":"RECORD","record":"marker\xff"}',
        b'["marker"]',
        b'{"type":"MARKER","stream":"marker"}',
        b'{"kind":"marker"}',
        b'{"type":["marker"]}',
        b"[" * 200_000,
    ],
    ids=["cut", "text", "encoding", "list", "type", "untyped", "typed-oddly", "deep"],
)
def test_a_malformed_line_is_told_by_number_and_length_without_its_content(line: bytes) -> None:
    text = refusal(line)
    assert f"Line 2 of the input ({len(line)} bytes)" in text
    assert "marker" not in text.lower()


def test_a_message_without_a_member_is_refused_without_its_content() -> None:
    with pytest.raises(InputError, match="lacks stream") as error:
        LineReader().assert_line_requires({"record": "marker"}, {"stream", "record"})
    assert "marker" not in str(error.value)


def test_stop_between_two_lines_ends_the_reading() -> None:
    reader = LineReader()
    seen = []

    def callback(message: dict[str, Any]) -> None:
        seen.append(message["n"])
        reader.stop()

    reader.process_lines(io.BytesIO(b'{"type":"A","n":1}\n{"type":"A","n":2}\n'), {"A": callback})
    assert seen == [1]


SCHEMA = b'{"type":"SCHEMA"}\n'
RECORD = b'{"type":"RECORD","rejected":{}}'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (SCHEMA + b"\n" + SCHEMA + RECORD + b'\n{"type":"RECORD"}', RECORD),
        (RECORD, RECORD),
        (SCHEMA, b""),
        (b"", b""),
    ],
    ids=["schemas", "record", "none", "empty"],
)
def test_what_comes_before_the_lines_knows_the_first_one_that_is_no_schema(
    lines: bytes, told: bytes
) -> None:
    reader, happened = LineReader(), list[object]()
    reader.before = lambda line: happened.append(line.strip())

    def seen(message: dict[str, Any]) -> None:
        happened.append(message["type"])

    reader.process_lines(io.BytesIO(lines), {"SCHEMA": seen, "RECORD": seen})
    kinds = ["SCHEMA"] * lines.count(b"SCHEMA") + ["RECORD"] * lines.count(b"RECORD")
    assert happened == [told, *kinds]


def test_a_line_that_cannot_be_read_is_the_first_one_that_is_no_schema() -> None:
    reader, told = LineReader(), list[bytes]()
    reader.before = told.append
    with pytest.raises(InputError, match="Line 2 "):
        reader.process_lines(io.BytesIO(SCHEMA + b"{"), {"SCHEMA": told.append})  # type: ignore[dict-item] # any callback
    assert told[0] == b"{"


def test_text_input_is_read_too() -> None:
    assert read(io.StringIO('{"type":"RECORD","record":{"a":"ü"}}')) == [
        {"type": "RECORD", "record": {"a": "ü"}}
    ]


def test_a_line_that_comes_in_pieces_is_one_line() -> None:
    read_end, write_end = os.pipe()

    def tap() -> None:
        with os.fdopen(write_end, "wb", buffering=0) as pipe:
            for piece in (b'{"type":"REC', b'ORD","record":{}', b"}\n"):
                pipe.write(piece)

    thread = threading.Thread(target=tap)
    thread.start()
    with os.fdopen(read_end, "rb") as source:
        assert read(source) == [{"type": "RECORD", "record": {}}]
    thread.join()


def test_a_line_in_another_encoding_is_told_as_such() -> None:
    text = refusal('{"type":"RECORD","record":{"name":"Zoë"}}'.encode("cp1252") + b"\n")
    assert "Line 2 of the input (42 bytes) is not UTF-8 text." in text


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"RECORD","record":{"mail":"ann',
        '{"type":"RECORD","record":{"name":"Zoë'.encode()[:-1],
        b'{"type":"RECORD","record":{"name":"Ann"}',
        b'{"type":"RECORD","rec',
    ],
    ids=["in a text", "in a letter", "before the last brace", "in a name"],
)
def test_an_input_that_ends_in_the_middle_of_a_line_is_told_as_such(
    line: bytes, tmp_path: Path
) -> None:
    cut_off = "is cut off: the input ends in the middle of a line."
    assert f"Line 2 of the input ({len(line)} bytes) {cut_off}" in refusal(line)
    (tmp_path / "in.jsonl").write_bytes(b'{"type":"RECORD"}\n' + line)
    with (tmp_path / "in.jsonl").open("rb") as file, pytest.raises(InputError, match="is cut off"):
        read(file)
    text = refusal(line + b"\n")
    assert "has only the beginning of a message, which must be on one line (jq -c)" in text


def test_a_last_line_without_its_end_that_is_no_json_is_not_called_cut_off() -> None:
    assert "Line 2 of the input (5 bytes) is not valid JSON." in refusal(b"hello")


def test_a_last_line_needs_no_line_end() -> None:
    assert len(read(io.BytesIO(b'{"type":"RECORD"}\n{"type":"RECORD"}'))) == 2
