"""`first_run: skip`: what is there at the first run is not sent, however that run ends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import LedgerError, ListRefused, SegmentRefused, ServerFailed
from target_clevertap.ledger import Ledger
from tests.support.pipeline import (
    Message,
    config,
    load,
    record,
    rejected,
    schema,
    state,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

ORDERS = {
    "type": "event",
    "identifier": {"identity": "user"},
    "event_name": "Ordered",
    "properties": {"Number": "id"},
    "first_run": "skip",
}
VIP = {
    "type": "segment",
    "identifier": {"identity": "user"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
ORDERS_SCHEMA = schema("orders", "id", id="integer", user="string")
VIP_SCHEMA = schema("vip", "user", user="string")
ACTIVATE = {"type": "ACTIVATE_VERSION", "stream": "orders", "version": 1}


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams={"orders": ORDERS, "vip": VIP})
    del settings["ledger_url"]
    return settings


def rows(*numbers: int) -> list[Message]:
    return [record("orders", id=number, user="u1") for number in numbers]


def members(*numbers: int) -> list[Message]:
    return [record("vip", user=f"u{number}") for number in numbers]


def orders(sandbox: Sandbox) -> list[int]:
    return sorted(event["evtData"]["Number"] for event in sandbox.events())


# When the first run is over


@pytest.mark.parametrize("sign", [state(1), ACTIVATE])
def test_it_is_over_when_the_tap_has_said_so_after_the_last_row(
    sign: Message, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [ORDERS_SCHEMA, *rows(1, 2), sign], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(2, 3)], capsys)
    assert orders(sandbox) == [3]


@pytest.mark.parametrize(
    "cut",
    [
        [],
        rows(1),
        [*rows(1), state(1), *rows(2)],
        [*rows(1), ACTIVATE, *rows(2)],
        [*rows(1), ACTIVATE | {"stream": "others"}],
    ],
)
def test_it_goes_on_when_the_tap_may_have_died_in_the_middle(
    cut: list[Message],
    sandbox: Sandbox,
    settings: dict[str, Any],
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        load(settings, [ORDERS_SCHEMA, *cut], capsys)
    assert "orders: its first run goes on, and the next run skips its rows too" in caplog.text
    load(settings, [ORDERS_SCHEMA, *rows(1, 2, 3, 4), state(4)], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(4, 5), state(5)], capsys)
    assert orders(sandbox) == [5]


def test_a_state_before_the_stream_says_nothing_of_it(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [state(0), ORDERS_SCHEMA], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(1, 2), state(2)], capsys)
    assert orders(sandbox) == []


def test_the_first_rows_of_an_empty_table_are_new(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [ORDERS_SCHEMA, state(0)], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(1), state(1)], capsys)
    assert orders(sandbox) == [1]


def test_a_tap_that_never_says_so_is_told_how_to_go_on(
    sandbox: Sandbox,
    settings: dict[str, Any],
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    load(settings, [ORDERS_SCHEMA, *rows(1, 2)], capsys)
    assert "If this tap never writes one, set first_run: send now" in caplog.text
    settings["streams"]["orders"] = ORDERS | {"first_run": "send"}
    load(settings, [ORDERS_SCHEMA, *rows(1, 2, 3)], capsys)
    assert orders(sandbox) == [3]


def test_nothing_is_said_when_it_is_over(
    settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    load(settings, [ORDERS_SCHEMA, *rows(1), state(1)], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(2)], capsys)
    assert "first run" not in caplog.text


# A list that was not uploaded


def refused_by_the_guard(_sandbox: Sandbox, _settings: dict[str, Any]) -> type[Exception]:
    return SegmentRefused


def refused_by_clevertap(_sandbox: Sandbox, settings: dict[str, Any]) -> type[Exception]:
    settings["streams"]["vip"] = VIP | {"owner_email": "nobody@example.com"}
    return ListRefused


def not_taken_now(sandbox: Sandbox, _settings: dict[str, Any]) -> type[Exception]:
    sandbox.fault(kind="status", status=503, path="/get_custom_list_segment_url")
    return ServerFailed


@pytest.mark.parametrize("trouble", [refused_by_the_guard, refused_by_clevertap, not_taken_now])
def test_trouble_with_a_list_does_not_hold_first_runs_open(
    trouble: Callable[[Sandbox, dict[str, Any]], type[Exception]],
    sandbox: Sandbox,
    settings: dict[str, Any],
    capsys: Capture,
) -> None:
    kind = trouble(sandbox, settings)
    listed = [] if kind is SegmentRefused else members(1)
    with pytest.raises(kind):
        load(settings, [ORDERS_SCHEMA, VIP_SCHEMA, *rows(1), *listed, state(1)], capsys)
    load(settings, [ORDERS_SCHEMA, *rows(1, 2), state(2)], capsys)
    assert orders(sandbox) == [2]


# Rows that are rejected in a first run

SIZES: dict[str, Any] = {
    "streams": {
        "orders": ORDERS
        | {"properties": {"Number": "id", "Size": {"column": "size", "type": "integer"}}}
    }
}
SIZED = schema("orders", "id", id="integer", user="string", size="string")


def bad(*numbers: int) -> list[Message]:
    return [record("orders", id=number, user="u1", size="large") for number in numbers]


def mended(*numbers: int) -> list[Message]:
    return [record("orders", id=number, user="u1", size="42") for number in numbers]


@pytest.mark.parametrize("retry_rejected", [True, False])
def test_a_rejected_row_is_remembered_as_skipped(
    retry_rejected: bool,  # noqa: FBT001 - a parameter of the test
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
) -> None:
    settings |= SIZES | {"retry_rejected": retry_rejected}
    assert load(settings, [SIZED, *bad(1), *mended(2), state(1)], capsys) == [1]
    assert [row["record"]["id"] for row in rejected(tmp_path)] == [1]
    load(settings | {"invalid_properties": "drop"}, [SIZED, state(2)], capsys)
    load(settings, [SIZED, *mended(1, 2, 3), state(3)], capsys)
    assert orders(sandbox) == [3]


def test_so_are_many_of_them(sandbox: Sandbox, settings: dict[str, Any], capsys: Capture) -> None:
    settings |= SIZES
    load(settings, [SIZED, *bad(*range(1200)), state(1)], capsys)
    load(settings, [SIZED, *mended(*range(1201)), state(2)], capsys)
    assert orders(sandbox) == [1200]


def test_no_state_is_written_over_one_that_the_ledger_could_not_remember(
    settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LedgerError

    monkeypatch.setattr(Ledger, "settle", refuse)
    with pytest.raises(LedgerError):
        load(settings | SIZES, [SIZED, *bad(1), state(1)], capsys)
    assert written.states == []


def test_one_that_waited_from_before_is_not_tried_again_either(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= SIZES
    sending = {"orders": SIZES["streams"]["orders"] | {"first_run": "send"}}
    load(settings | {"streams": sending}, [SIZED, *bad(1), *mended(2)], capsys)
    load(settings, [SIZED, state(1)], capsys)
    load(settings, [SIZED, state(2)], capsys)
    assert len(rejected(tmp_path)) == 2, "in the two runs before"
    load(settings | {"invalid_properties": "drop"}, [SIZED, state(3)], capsys)
    assert orders(sandbox) == [2]
