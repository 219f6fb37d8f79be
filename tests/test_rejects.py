"""A rejected row is kept as it came, with its reason, in a file that is a Singer stream."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.errors import WorkDirError
from target_clevertap.rejects import Refused, Rejects, Row, Stream, without_reason
from tests.support.disks import full_disk

PHONE = Refused("phone_invalid", "Phone is not a valid number", "Phone")
SCHEMA = {"properties": {"id": {"type": "integer"}, "phone": {"type": "string"}}}


def stream(*keys: str, name: str = "users") -> Stream:
    return Stream(name, SCHEMA, keys, lambda record: [record.get(key) for key in keys])


def row(source: Stream, record: str, number: int = 1) -> Row:
    line = f'{{"type": "RECORD", "stream": "{source.name}", "record": {record}}}\n'
    return Row(source, line.encode(), number)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_file_is_a_singer_stream_with_the_reason_beside_each_record(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "run" / "rejected.jsonl")
    users = stream("id")
    rejects.add(row(users, '{"id": 1, "phone": "12"}'), PHONE)
    rejects.add(row(users, '{"id": 2, "phone": "34"}'), PHONE)
    rejects.close()
    schema, first, second = lines(rejects.path)
    assert schema == {
        "type": "SCHEMA",
        "stream": "users",
        "schema": SCHEMA,
        "key_properties": ["id"],
    }
    assert (first["record"], second["record"]) == (
        {"id": 1, "phone": "12"},
        {"id": 2, "phone": "34"},
    )
    at = first["rejected"].pop("at")
    assert at.endswith("+00:00")
    assert first["rejected"] == {
        "code": "phone_invalid",
        "reason": "Phone is not a valid number",
        "property": "Phone",
    }


def test_the_record_keeps_every_byte_that_the_tap_wrote(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    record = '{"n": 1.10, "big": 123456789012345678901234567890, "nan": NaN, "e": "\\u00fc"}'
    rejects.add(row(stream(), record), PHONE)
    rejects.close()
    assert f'"record": {record},"rejected":{{' in rejects.path.read_text()


def test_a_schema_is_written_again_when_it_changed(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    for source in (stream("id"), stream("id"), stream("phone"), stream("id", name="orders")):
        rejects.add(row(source, '{"id": 1}'), PHONE)
    rejects.close()
    kinds = [line["type"] for line in lines(rejects.path)]
    assert kinds == ["SCHEMA", "RECORD", "RECORD", "SCHEMA", "RECORD", "SCHEMA", "RECORD"]


RECORD = (
    '{"status": "rejected", "n": 1.10, "e": 1E5, "big": ' + "9" * 500 + ", "
    '"nan": NaN, "text": "\\u00fc\\ud800", "rejected": {"code": "theirs"}}'
)


@pytest.mark.parametrize("reason", ['"rejected":{"code":"old"}', ' "rejected" : { "code": null } '])
@pytest.mark.parametrize("place", [0, 1, 2, 3, None])
def test_a_row_that_is_rejected_once_more_keeps_every_byte_but_its_former_reason(
    reason: str, place: int | None, tmp_path: Path
) -> None:
    members = ['"type":"RECORD"', ' "stream": "users" ', f' "record": {RECORD}']
    line = "{" + ",".join(members)
    if place is not None:
        members.insert(place, reason)
    rejects = Rejects(tmp_path / "rejected.jsonl")
    rejects.add(Row(stream("id"), f"{{{','.join(members)}}}\n".encode(), 1), PHONE)
    rejects.close()
    _, kept = rejects.path.read_text().splitlines()
    assert kept.startswith(f'{line},"rejected":{{"code":"phone_invalid"')


@given(
    value=st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    spaced=st.booleans(),
    ascii_only=st.booleans(),
)
def test_whatever_a_row_says_is_kept(value: object, *, spaced: bool, ascii_only: bool) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    message = {"type": "RECORD", "record": {"status": "rejected", "value": value}}
    line = json.dumps(message, ensure_ascii=ascii_only, separators=separators)
    reason = ', "rejected": {"code": "old", "at": [1, {}]}}'
    assert without_reason((line[:-1] + reason).encode()) == line.encode()


def test_a_schema_keeps_its_decimals(tmp_path: Path) -> None:
    cents = {"properties": {"price": {"type": "number", "multipleOf": Decimal("0.010")}}}
    rejects = Rejects(tmp_path / "rejected.jsonl")
    rejects.add(Row(replace(stream("id"), schema=cents), b'{"record":{}}', 1), PHONE)
    rejects.close()
    assert '"multipleOf":0.010' in rejects.path.read_text()


def test_a_replayed_row_that_is_rejected_again_has_one_reason_only(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    line = b'{"type":"RECORD","stream":"users","record":{"id":1},"rejected":{"code":"old"}}'
    rejects.add(Row(stream("id"), line, 1), PHONE)
    rejects.close()
    assert rejects.path.read_text().count('"rejected"') == 1
    assert lines(rejects.path)[1]["rejected"]["code"] == "phone_invalid"


def test_rows_are_grouped_by_reason_with_the_first_five_keys(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    for number in range(7):
        rejects.add(row(stream("id"), f'{{"id": {number}}}'), PHONE)
    rejects.add(row(stream(), '{"id": 9}', number=31), Refused("identity_missing", "No identity"))
    rejects.close()
    assert [str(group) for group in rejects.groups()] == [
        "users: 7 rejected, phone_invalid: Phone is not a valid number",
        "users: 1 rejected, identity_missing: No identity",
    ]
    assert [group.keys for group in rejects.groups()] == [["0", "1", "2", "3", "4"], ["row 31"]]


def test_the_file_is_for_its_owner_only_and_exists_only_when_needed(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "run" / "rejected.jsonl")
    assert not rejects.path.parent.exists()
    rejects.add(row(stream(), "{}"), PHONE)
    assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(rejects.path.parent.stat().st_mode) == 0o700
    rejects.close()


def test_a_row_is_on_disk_as_soon_as_it_is_added(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    rejects.add(row(stream(), "{}"), PHONE)
    assert len(lines(rejects.path)) == 2
    rejects.close()


def test_a_full_disk_is_one_sentence_that_says_what_to_do() -> None:
    rejects = Rejects(Path("/dev/full"))
    with pytest.raises(WorkDirError, match=r"No space left on device.*set work_dir"):
        rejects.add(row(stream(), "{}"), PHONE)
    rejects.close()


def test_a_row_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejected.jsonl")
    rejects.add(row(stream(), '{"id": 1}'), PHONE)
    orders = stream(name="orders")
    size = rejects.path.stat().st_size
    with full_disk(size + 20), pytest.raises(WorkDirError):
        rejects.add(row(orders, '{"id": 2}'), PHONE)
    rejects.add(row(orders, '{"id": 3}'), PHONE)
    rejects.close()
    kept = [(line["type"], line["stream"]) for line in lines(rejects.path)]
    assert kept[2:] == [("SCHEMA", "orders"), ("RECORD", "orders")]
    assert lines(rejects.path)[-1]["record"] == {"id": 3}


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rejects = Rejects(tmp_path / "file" / "rejected.jsonl")
    with pytest.raises(WorkDirError, match="cannot be kept in"):
        rejects.add(row(stream(), "{}"), PHONE)
