"""With a ledger: lists are uploaded when they change, and never shrink by accident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import (
    AnswerLost,
    CredentialsRefused,
    InputError,
    LedgerError,
    ListRefused,
    SegmentRefused,
    ServerFailed,
    SettingsError,
)
from target_clevertap.ledger import Ledger
from tests.support.pipeline import Message, config, load, record, schema, state, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

VIP = {
    "type": "segment",
    "identifier": {"identity": "user"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
VIP_SCHEMA = schema("vip", "user", user="string")


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams={"vip": VIP})
    del settings["ledger_url"]
    return settings


def accumulating(settings: dict[str, Any], **more: object) -> dict[str, Any]:
    return settings | {"streams": {"vip": VIP | {"membership": "accumulate"} | more}}


def members(*numbers: int, gone: bool = False) -> list[Message]:
    deleted = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if gone else {}
    return [record("vip", user=f"u{number}", **deleted) for number in numbers]


def listed(sandbox: Sandbox) -> list[str]:
    sandbox.advance(3600)
    segment = sandbox.segment("VIP")
    return [] if segment is None else sorted(row["value"] for row in segment["rows"])


def uploads(sandbox: Sandbox) -> int:
    return len(sandbox.calls("/upload_custom_list_segment_completed"))


def test_an_unchanged_list_is_not_uploaded_again(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [VIP_SCHEMA, *members(1, 2, 3), state(1)], capsys)
    assert load(settings, [VIP_SCHEMA, *members(3, 1, 2, 2), state(2)], capsys) == [2]
    assert uploads(sandbox) == 1
    load(settings | {"resync": True}, [VIP_SCHEMA, *members(1, 2, 3), state(3)], capsys)
    assert uploads(sandbox) == 2
    load(settings, [VIP_SCHEMA, *members(1, 2, 4), state(4)], capsys)
    assert uploads(sandbox) == 3
    assert listed(sandbox) == ["u1", "u2", "u4"]


@pytest.mark.parametrize(
    ("left", "percent", "refused"),
    [(5, 50, False), (4, 50, True), (9, 0, True), (1, 100, False)],
)
def test_a_list_does_not_shrink_more_than_is_allowed(
    left: int,
    percent: int,
    refused: bool,  # noqa: FBT001 - a parameter of the test
    sandbox: Sandbox,
    settings: dict[str, Any],
    capsys: Capture,
) -> None:
    settings |= {"streams": {"vip": VIP | {"max_shrink_percent": percent}}}
    load(settings, [VIP_SCHEMA, *members(*range(10)), state(1)], capsys)
    smaller = [VIP_SCHEMA, *members(*range(left)), state(2)]
    if refused:
        sizes = f"{left} members, after 10 at its last upload"
        with pytest.raises(SegmentRefused, match=sizes) as error:
            load(settings, smaller, capsys)
        assert error.value.exit_code == 3
        assert written.states == []
    else:
        assert load(settings, smaller, capsys) == [2]
    assert len(listed(sandbox)) == (10 if refused else left)


def test_rows_add_to_a_list_that_accumulates_and_deleted_rows_take_from_it(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings = accumulating(settings)
    assert load(settings, [VIP_SCHEMA, *members(1, 2, 3), state(1)], capsys) == [1]
    more = [*members(4), *members(2, gone=True), *members(5), *members(5, gone=True)]
    assert load(settings, [VIP_SCHEMA, *more, state(2)], capsys) == [2]
    assert listed(sandbox) == ["u1", "u3", "u4"]
    assert load(settings, [VIP_SCHEMA, *members(2, gone=True), *members(2), state(3)], capsys) == [
        3
    ]
    assert listed(sandbox) == ["u1", "u2", "u3", "u4"]
    assert load(settings, [VIP_SCHEMA, state(4)], capsys) == [4]
    assert uploads(sandbox) == 3


def test_a_list_that_accumulates_needs_no_state_after_its_last_row(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(accumulating(settings), [VIP_SCHEMA, *members(1)], capsys)
    assert listed(sandbox) == ["u1"]


def test_a_list_that_nobody_has_joined_yet_is_left_alone(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    assert load(accumulating(settings), [VIP_SCHEMA, state(1)], capsys) == [1]
    assert uploads(sandbox) == 0


def test_a_refused_list_that_accumulates_goes_through_when_that_is_meant(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(accumulating(settings), [VIP_SCHEMA, *members(1, 2, 3), state(1)], capsys)
    fewer = [VIP_SCHEMA, *members(1, 2, gone=True), state(2)]
    with pytest.raises(SegmentRefused):
        load(accumulating(settings), fewer, capsys)
    assert listed(sandbox) == ["u1", "u2", "u3"]
    assert load(accumulating(settings, max_shrink_percent=100), fewer, capsys) == [2]
    assert listed(sandbox) == ["u3"]


# A list that accumulates, of which the ledger knows nothing


def lose_ledger(tmp_path: Path) -> None:
    for path in tmp_path.rglob("ledger.sqlite*"):
        path.unlink()


def test_a_list_whose_members_are_not_known_any_more_is_not_replaced(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(accumulating(settings), [VIP_SCHEMA, *members(1, 2, 3), state(1)], capsys)
    lose_ledger(tmp_path)
    for _ in range(2):
        with pytest.raises(ListRefused, match="the ledger does not know its members") as why:
            load(accumulating(settings), [VIP_SCHEMA, *members(4), state(2)], capsys)
        assert why.value.exit_code == 1
        assert written.states == []
    assert listed(sandbox) == ["u1", "u2", "u3"]
    every = [VIP_SCHEMA, *members(1, 2, 3), state(3)]
    assert load(accumulating(settings, max_shrink_percent=100), every, capsys) == [3]
    load(accumulating(settings), [VIP_SCHEMA, *members(5), state(4)], capsys)
    assert listed(sandbox) == ["u1", "u2", "u3", "u4", "u5"]


def test_a_snapshot_replaces_one_of_which_nothing_is_known(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(settings, [VIP_SCHEMA, *members(1, 2), state(1)], capsys)
    lose_ledger(tmp_path)
    load(settings, [VIP_SCHEMA, *members(2, 3), state(2)], capsys)
    assert listed(sandbox) == ["u2", "u3"]


def answer_lost(sandbox: Sandbox, _patch: pytest.MonkeyPatch) -> None:
    path = "/upload_custom_list_segment_completed"
    sandbox.fault(kind="reset_after", path=path, calls=[1])


def killed_after_the_answer(_sandbox: Sandbox, patch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LedgerError

    patch.setattr(Ledger, "segment_uploaded", fail)


@pytest.mark.parametrize("trouble", [answer_lost, killed_after_the_answer])
def test_a_first_upload_that_may_have_arrived_is_made_again(
    trouble: Callable[[Sandbox, pytest.MonkeyPatch], None],
    sandbox: Sandbox,
    settings: dict[str, Any],
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = accumulating(settings)
    with monkeypatch.context() as patch:
        trouble(sandbox, patch)
        with pytest.raises((AnswerLost, LedgerError)):
            load(settings, [VIP_SCHEMA, *members(1), state(1)], capsys)
    assert listed(sandbox) == ["u1"]
    assert load(settings, [VIP_SCHEMA, *members(1, 2), state(2)], capsys) == [2]
    assert listed(sandbox) == ["u1", "u2"]


# Rejected rows of a list that accumulates

KEYED = schema("vip", "id", id="integer", user="string")
TRUSTING = {"validate_records": False}
"""What takes a number for a text."""


def entry(number: int, user: object, **more: object) -> Message:
    return record("vip", id=number, user=user, **more)


def test_a_member_that_was_put_right_is_not_tried_as_it_was_any_more(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings = accumulating(settings)
    load(settings, [KEYED, entry(1, 5), entry(2, "u2"), state(1)], capsys)
    load(settings, [KEYED, entry(1, "u1"), state(2)], capsys)
    load(settings | TRUSTING, [KEYED, state(3)], capsys)
    assert listed(sandbox) == ["u1", "u2"]


def test_a_member_that_has_come_when_tried_again_does_not_come_back_after_it_has_gone(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings = accumulating(settings) | TRUSTING
    load(settings | {"validate_records": True}, [KEYED, entry(1, 5), entry(2, "u2")], capsys)
    load(settings, [KEYED, state(1)], capsys)
    assert listed(sandbox) == ["5", "u2"]
    load(settings, [KEYED, entry(3, 5, _sdc_deleted_at="2026-01-01"), state(2)], capsys)
    load(settings, [KEYED, state(3)], capsys)
    assert listed(sandbox) == ["u2"]


def test_a_member_that_was_tried_again_for_nothing_waits_on(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings = accumulating(settings)
    load(settings, [KEYED, entry(1, 5), entry(2, "u2"), state(1)], capsys)
    with pytest.raises(InputError):
        load(settings | TRUSTING, [KEYED, state(2), b"{"], capsys)
    load(settings | TRUSTING, [KEYED, state(3)], capsys)
    assert listed(sandbox) == ["5", "u2"]


def test_rows_that_waited_while_a_list_accumulated_are_no_part_of_a_snapshot(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(accumulating(settings), [KEYED, entry(1, 5), entry(2, "u2"), state(1)], capsys)
    snapshot = settings | TRUSTING | {"streams": {"vip": VIP | {"max_shrink_percent": 100}}}
    load(snapshot, [state(2)], capsys)
    assert listed(sandbox) == ["u2"], "not replaced by what waited"
    load(snapshot, [KEYED, entry(3, "u3"), state(3)], capsys)
    assert listed(sandbox) == ["u3"]
    load(accumulating(settings) | TRUSTING, [KEYED, entry(4, "u4"), state(4)], capsys)
    assert "5" not in listed(sandbox), "the snapshots since did not have it"


def test_a_list_that_accumulates_needs_the_ledger(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"streams\.vip\.membership: accumulate needs the led"):
        load(accumulating(settings) | {"ledger_url": "off"}, [], None)  # type: ignore[arg-type] # not reached


# What the report says of lists that were not uploaded

BIG = VIP | {"segment_name": "Big"}
BOTH_SCHEMAS = [VIP_SCHEMA, schema("big", "user", user="string")]
ENDED_BEFORE = "The run ended before it was uploaded."


@pytest.fixture
def both(settings: dict[str, Any], capsys: Capture) -> dict[str, Any]:
    """Of runs after one that has uploaded VIP, with two members."""
    load(settings, [VIP_SCHEMA, *members(1, 2), state(1)], capsys)
    return settings | {"streams": {"vip": VIP, "big": BIG}}


def in_both(*numbers: int) -> list[Message]:
    others = [record("big", user=f"b{number}") for number in numbers]
    return [*BOTH_SCHEMAS, *members(*numbers), *others]


def reported(folder: Path) -> dict[str, tuple[int | None, int | None, str, str | None]]:
    """What the report of the latest run says of each list."""
    report = max(folder.rglob("report.json"), key=lambda path: path.stat().st_mtime_ns)
    return {
        each["name"]: (each["before"], each["after"], each["outcome"], each["reason"])
        for each in json.loads(report.read_text())["segments"]
    }


def test_a_list_that_clevertap_refuses_does_not_hold_back_the_others(
    sandbox: Sandbox, both: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    both["streams"]["vip"] = VIP | {"owner_email": "nobody@example.com"}
    with pytest.raises(ListRefused, match=r"Segment 'VIP' was not uploaded: .* valid admin") as why:
        load(both, [*in_both(1, 2, 3), state(2)], capsys)
    assert why.value.exit_code == 1
    assert written.states == []
    assert reported(tmp_path) == {
        "VIP": (2, None, "not_uploaded", str(why.value)),
        "Big": (None, 3, "uploaded", None),
    }
    assert listed(sandbox) == ["u1", "u2"]


def test_lists_that_were_not_tried_any_more_are_told_of(
    sandbox: Sandbox, both: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.fault(kind="status", status=503, path="/get_custom_list_segment_url")
    with pytest.raises(ServerFailed) as why:
        load(both, [*in_both(1, 2, 3), state(2)], capsys)
    assert reported(tmp_path) == {
        "VIP": (2, None, "not_uploaded", str(why.value)),
        "Big": (None, None, "not_uploaded", ENDED_BEFORE),
    }


def test_so_are_those_of_a_run_that_did_not_come_to_its_lists(
    both: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    with pytest.raises(InputError):
        load(both, [*in_both(1, 2, 3), state(2), b"{"], capsys)
    assert reported(tmp_path) == {
        "VIP": (2, None, "not_uploaded", ENDED_BEFORE),
        "Big": (None, None, "not_uploaded", ENDED_BEFORE),
    }
    (page,) = [path for path in tmp_path.rglob("report.html") if "Big" in path.read_text()]
    assert ENDED_BEFORE in page.read_text()


def test_and_those_of_a_run_whose_passcode_is_wrong(
    both: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    with pytest.raises(CredentialsRefused) as why:
        load(both | {"passcode": "wrong"}, [*in_both(1, 2, 3), state(2)], capsys)
    assert reported(tmp_path) == {
        "VIP": (2, None, "not_uploaded", str(why.value)),
        "Big": (None, None, "not_uploaded", ENDED_BEFORE),
    }


def test_a_dry_run_says_that_it_uploads_none(
    both: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(both | {"dry_run": True}, [*in_both(1), state(2)], capsys)
    why = "A dry run uploads no segment."
    assert set(reported(tmp_path).values()) == {(None, None, "not_uploaded", why)}
