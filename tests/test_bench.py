"""The benchmark still works, and compares what can be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import phonenumbers
import pytest
import requests

from benchmarks import __main__ as bench
from benchmarks import lists, sameness, tap
from benchmarks.goals import Goal
from benchmarks.plan import Case, Plan
from benchmarks.runs import BenchFailed, load, null_server

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.tap import Kind

SMALL = Plan(
    kinds=("both",),
    rounds=1,
    start_ups=1,
    fast_rows=4000,
    slow_rows=4000,
    plain_fast_rows=4000,
    plain_slow_rows=4000,
    memory_rows=(2000,),
    blast_calls=15,
    same_rows=1500,
    ledger_kinds=("both",),
    ledger_rows=4000,
    large_ledger_rows=(2000,),
    list_members=(2000,),
    sandbox_calls=5,
    phones=False,
)


def test_every_side_sends_the_same_items_and_every_goal_has_its_figure() -> None:
    page = bench.results(SMALL)
    assert "| both | hand-written loop | 4,000 |" in page
    assert "| both | 4,000 | knows all rows |" in page
    assert page.count("| at least ") == 6
    assert page.count("| at most ") == 7


@pytest.mark.parametrize("side", ["ours", "plain"])
def test_a_side_that_sends_other_items_ends_the_bench(
    side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sameness, "sent_items", lambda sends, *_: ["b" if sends == side else "a"])
    with pytest.raises(BenchFailed, match=f"{side} sends other items"):
        sameness.check_same_items(tmp_path, 1)


def test_a_side_that_loses_a_row_ends_the_bench(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    tap.write(file, "profiles", 3)
    with pytest.raises(BenchFailed, match="floor: 3 of 4 records"):
        load(Case("floor", "profiles", 0.0), file, 4, tmp_path)


def test_a_list_that_loses_a_member_ends_the_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = tap.write_members
    monkeypatch.setattr(tap, "write_members", lambda file, rows: write(file, rows - 1))
    with pytest.raises(BenchFailed, match="snapshot: 3 of 4 members"):
        list(lists.loads_of_lists([4], tmp_path))


def test_a_side_that_fails_ends_the_bench_with_what_it_said(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("no JSON\n")
    with pytest.raises(BenchFailed, match="DecodeError"):
        load(Case("floor", "profiles", 0.0), file, 1, tmp_path)


@pytest.mark.parametrize("kind", tap.KINDS)
def test_every_record_line_has_409_bytes_and_a_valid_phone_of_its_own(
    kind: Kind, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    tap.write(file, kind, 2000)
    lines = [line for line in file.read_bytes().splitlines(keepends=True) if b"RECORD" in line[:20]]
    assert {len(line) for line in lines} == {tap.LINE_BYTES}
    records = [json.loads(line)["record"] for line in lines]
    phones = {record.get("mobile") or record["contact"] for record in records}
    assert len(phones) == 2000
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)


def test_rows_millions_apart_have_409_bytes_and_other_phones_too() -> None:
    far = [tap.user(number) for number in (0, 4_999_999, 99_999_999)]
    assert {len(line.encode()) for line in far} == {tap.LINE_BYTES}
    assert len({tap.phone(number) for number in range(0, 100_000_000, 999_983)}) == 101


def test_the_server_counts_records_and_keeps_bodies_however_they_are_spaced(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "bodies"
    bodies = [
        b'{"d":[{"type":"event","evtName":"x"},{"type":"profile"}]}',
        b'{"d": [{"type": "profile", "profileData": {"a": 1}}]}',
    ]
    with null_server(keep=kept) as server:
        processed = [_processed(server.url, body) for body in bodies]
    assert processed == [2, 1]
    assert (server.seen.calls, server.seen.records, server.seen.first_records) == (2, 3, 2)
    assert kept.read_bytes().splitlines() == bodies


def test_the_server_answers_late_by_its_latency() -> None:
    with null_server(latency=0.05) as server:
        _processed(server.url, b'{"d":[{"type":"event"}]}')
    assert server.seen.last - server.seen.first >= 0.05


def test_a_goal_is_reached_when_each_of_its_values_is() -> None:
    assert Goal("speed", 8, [8.0, 9.0]).reached
    assert Goal("memory", 1.1, [0.9, 1.1], at_most=True).reached
    assert not Goal("speed", 8, [7.9, 9.0]).reached
    assert not Goal("memory", 1.1, [0.9, 1.2], at_most=True).reached


def test_a_scaled_plan_keeps_whole_calls_and_enough_of_them() -> None:
    plan = Plan.scaled(0.0033)
    assert plan.fast_rows == plan.plain_slow_rows == 4000
    assert plan.memory_rows == (4000, 4000, 16_000)


def _processed(url: str, body: bytes) -> int:
    answer: dict[str, int] = requests.post(url + "/1/upload", body, timeout=5).json()
    return answer["processed"]
