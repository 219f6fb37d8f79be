"""Answers of every kind, over HTTP: each row ends once, and in its customer's order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from target_clevertap.errors import (
    AnswerLost,
    CredentialsRefused,
    NotReached,
    ServerFailed,
    TargetCleverTapError,
    Throttled,
)
from tests.support.pipeline import Message, config, load, record, rejected, schema, state, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

STREAMS = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Name": "name", "City": "city"},
        "on_delete": "delete",
    },
    "visits": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Visits": {"column": "n", "operator": "increment"}},
    },
    "tags": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Tags": {"column": "tags", "operator": "add"}},
    },
    "orders": {
        "type": "event",
        "identifier": {"identity": "user"},
        "event_name": "Ordered",
        "properties": {"Number": "n"},
    },
}
TAGS = {"type": "array", "items": {"type": "string"}}
SCHEMAS = [
    schema("users", None, user="string", name="string", city="string"),
    schema("visits", None, user="string", n="integer"),
    schema("tags", None, user="string", tags=TAGS),
    schema("orders", None, user="string", n="integer"),
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try of a call comes at once; the time that it would have waited still counts."""
    clock = time.monotonic
    slept = [0.0]

    def sleep(_run: object, seconds: float) -> None:
        slept[0] += seconds

    monkeypatch.setattr("target_clevertap.delivery.run.Run._sleep", sleep)
    monkeypatch.setattr("target_clevertap.delivery.run.clock", lambda: clock() + slept[0])


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path, streams=STREAMS, retry_limit_seconds=600)


def order(number: int) -> Message:
    return record("orders", user=f"u{number}", n=number)


def orders(sandbox: Sandbox) -> list[int]:
    return sorted(event["evtData"]["Number"] for event in sandbox.events())


# Retries


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_call_that_fails_for_a_while_is_tried_again(
    status: int, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="status", status=status, calls=[1, 2, 3])
    assert load(settings, [*SCHEMAS, order(1), state(1)], capsys) == [1]
    assert orders(sandbox) == [1]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 503}, ServerFailed),
        ({"kind": "status", "status": 429}, Throttled),
        ({"kind": "reset_before"}, AnswerLost),
    ],
)
def test_the_retry_limit_stops_the_run_with_what_was_delivered_in_the_state(
    fault: dict[str, Any], error: type[Exception], sandbox: Sandbox, settings: dict[str, Any],
    capsys: Capture,
) -> None:  # fmt: skip
    sandbox.fault(**fault, calls=list(range(2, 200)))
    settings |= {"batch_size_rows": 1, "max_concurrency": 1, "retry_limit_seconds": 5}
    with pytest.raises(error, match="Given up after"):
        load(settings, [*SCHEMAS, order(1), state(1), order(2), state(2)], capsys)
    assert written.states == [1]
    assert orders(sandbox) == [1]


def test_what_is_in_flight_when_the_run_stops_is_awaited(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="status", status=401, calls=[2])
    sandbox.latency(0.2)
    rows = [line for number in range(1, 6) for line in (order(number), state(number))]
    with pytest.raises(CredentialsRefused):
        load(settings | {"batch_size_rows": 1}, [*SCHEMAS, *rows], capsys)
    assert len(orders(sandbox)) == 4
    assert written.states == sorted(set(written.states) - {5})


def test_a_host_that_cannot_be_reached_is_told_so(
    settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"api_url": "http://127.0.0.1:9", "retry_limit_seconds": 5}
    with pytest.raises(NotReached, match=r"127\.0\.0\.1:9"):
        load(settings, [*SCHEMAS, order(1)], capsys)


def test_no_call_begins_any_more_when_the_run_stops(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="nothing_processed", calls=[1])  # so that each row has a call of its own
    sandbox.fault(kind="reset_after", calls=list(range(2, 200)))
    sandbox.latency(0.05)
    settings |= {"max_concurrency": 1, "retry_limit_seconds": 0}
    with pytest.raises(AnswerLost):
        load(settings, [*SCHEMAS, *map(order, range(100))], capsys)
    assert len(sandbox.calls("/1/upload")) < 5


# Answers


def test_a_record_with_a_passing_fault_is_sent_again_alone(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=555, positions=[2], calls=[1])
    assert load(settings, [*SCHEMAS, order(1), order(2), order(3), state(1)], capsys) == [1]
    assert orders(sandbox) == [1, 2, 3]
    assert [call["records"] for call in sandbox.calls("/1/upload")] == [3, 1]


def test_refusals_without_a_position_find_their_rows_by_their_echo(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.settings(discarded_events=["Ordered"])
    sandbox.fault(kind="positionless", calls=[1])
    load(settings, [*SCHEMAS, order(1), record("users", user="u9", name="Ada"), order(2)], capsys)
    assert [row["record"]["n"] for row in rejected(tmp_path)] == [1, 2]
    assert sandbox.profile("u9") is not None


def test_an_answer_that_does_not_add_up_has_each_row_asked_for_alone(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="nothing_processed", calls=[1])
    assert load(settings, [*SCHEMAS, order(1), order(2), state(1)], capsys) == [1]
    assert orders(sandbox) == [1, 2]
    assert [call["accepted"] for call in sandbox.calls("/1/upload")] == [0, 1, 1]


def test_a_lone_row_is_asked_for_again_while_answers_tell_nothing(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=555, calls=[1])
    sandbox.fault(kind="nothing_processed", calls=[2, 3, 4])
    user = record("users", user="u1", name="Ada")
    assert load(settings, [*SCHEMAS, user, state(1)], capsys) == [1]
    assert sandbox.profile("u1") is not None


def test_a_row_that_no_answer_ever_speaks_of_is_kept_and_tried_by_the_next_run(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.fault(kind="nothing_processed", calls=[1, 2, 3, 4, 5])
    settings |= {"max_rejected_percent": 100, "ledger_url": f"sqlite:///{tmp_path}/ledger.sqlite"}
    users = schema("users", "user", user="string", name="string", city="string")
    ada = record("users", user="u1", name="Ada")
    assert load(settings, [users, ada, state(1)], capsys) == [1]
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["answer_unclear"]
    load(settings, [users, state(2)], capsys)
    assert sandbox.profile("u1") is not None


@pytest.mark.parametrize("fault", ["reset_after", "truncated"])
def test_an_event_whose_answer_was_lost_is_sent_again_by_default(
    fault: str, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind=fault, calls=[1])
    assert load(settings, [*SCHEMAS, order(1), state(1)], capsys) == [1]
    assert orders(sandbox) == [1, 1]


@pytest.mark.parametrize("fault", ["reset_after", "truncated", "nothing_processed"])
def test_an_event_whose_outcome_is_unknown_can_be_held(
    fault: str, sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.fault(kind=fault, calls=[1])
    visit, user = record("visits", user="u1", n=5), record("users", user="u2", name="Ada")
    rows = [order(1), visit, user, state(1)]
    assert load(settings | {"uncertain_events": "hold"}, [*SCHEMAS, *rows], capsys) == [1]
    # A profile without counters may be sent twice; an event or a counter may not.
    assert sandbox.profile("u2") is not None
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["uncertain", "uncertain"]
    assert len(orders(sandbox)) <= 1


def calls_with(position: int, rows: int) -> list[int]:
    """The numbers of the calls that hold the row at `position` when a batch is halved.

    One call at a time, two for every halving: first the front half, then the other.
    """
    numbers, low, high = [1], 0, rows
    while high - low > 1:
        middle = (low + high) // 2
        in_front = position < middle
        numbers.append(2 * len(numbers) + (0 if in_front else 1))
        low, high = (low, middle) if in_front else (middle, high)
    return numbers


def test_a_400_costs_twice_the_logarithm_of_the_batch_and_one_row(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.fault(kind="malformed", calls=calls_with(76, 128))
    rows = [*map(order, range(1, 129)), state(1)]
    assert load(settings | {"max_concurrency": 1}, [*SCHEMAS, *rows], capsys) == [1]
    assert orders(sandbox) == [number for number in range(1, 129) if number != 77]
    assert [row["record"]["n"] for row in rejected(tmp_path)] == [77]
    assert len(sandbox.calls("/1/upload")) == 15


def test_a_400_on_deletions_costs_the_guilty_row_and_no_other(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    users = [f"u{number}" for number in range(1, 9)]
    known = [record("users", user=user, name="Ada") for user in users]
    load(settings, [SCHEMAS[0], *known], capsys)
    sandbox.fault(kind="malformed", path="/1/delete/profiles.json", calls=calls_with(2, 8))
    deleted = [record("users", user=user, _sdc_deleted_at="2026-01-01") for user in users]
    settings |= {"max_concurrency": 1, "max_rejected_percent": 100}
    assert load(settings, [SCHEMAS[0], *deleted, state(1)], capsys) == [1]
    assert [row["record"]["user"] for row in rejected(tmp_path)] == ["u3"]
    assert list(final(sandbox)) == ["u3"]


# Order


changes = st.lists(
    st.one_of(
        st.tuples(st.just("name"), st.integers(1, 4)),
        st.tuples(st.just("city"), st.integers(1, 4)),
        st.tuples(st.just("visit"), st.integers(1, 4)),
        st.tuples(st.just("tag"), st.integers(1, 4)),
        st.tuples(st.just("delete"), st.integers(1, 4)),
    ),
    max_size=40,
)


def change(number: int, kind: str, customer: int) -> Message:
    user = f"u{customer}"
    if kind == "name":
        return record("users", user=user, name=f"n{number}")
    if kind == "city":
        return record("users", user=user, city=f"c{number}")
    if kind == "visit":
        return record("visits", user=user, n=number)
    if kind == "tag":
        return record("tags", user=user, tags=[f"t{number}"])
    return record("users", user=user, _sdc_deleted_at="2026-01-01")


def final(sandbox: Sandbox) -> dict[str, Any]:
    return {
        profile["identifiers"]["identity"][0]: profile["properties"]
        for profile in sandbox.profiles()
    }


@given(changes=changes, rows=st.integers(1, 5), seed=st.integers(0, 1000))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_many_calls_at_once_end_as_one_after_the_other_would(
    changes: list[tuple[str, int]], rows: int, seed: int, sandbox: Sandbox,
    settings: dict[str, Any], capsys: Capture,
) -> None:  # fmt: skip
    messages = [*SCHEMAS, *(change(n, kind, who) for n, (kind, who) in enumerate(changes))]
    sandbox.reset()
    load(settings | {"batch_size_rows": 1, "max_concurrency": 1}, messages, capsys)
    expected = final(sandbox)
    sandbox.reset()
    sandbox.latency(0.01, jitter=0.01, seed=seed)
    load(settings | {"batch_size_rows": rows}, [*messages, state(1)], capsys)
    assert final(sandbox) == expected
    assert written.states == [1]


# States of whole runs

FAULTS: dict[str, dict[str, Any]] = {
    "down": {"kind": "status", "status": 503},
    "throttled": {"kind": "status", "status": 429},
    "unknown": {"kind": "status", "status": 401},
    "reset": {"kind": "reset_before"},
    "lost": {"kind": "reset_after"},
    "cut": {"kind": "truncated"},
    "refused": {"kind": "malformed"},
    "unclear": {"kind": "nothing_processed"},
    "passing": {"kind": "record_error", "code": 555},
    "record": {"kind": "record_error", "code": 512},
}


VIP = {
    "type": "segment",
    "identifier": {"identity": "user"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
    "max_shrink_percent": 100,
}
ROWS: dict[str, Callable[[int], Message]] = {
    "order": order,
    "user": lambda number: record("users", user=f"p{number}", name="Ada"),
    "member": lambda number: record("vip", user=f"m{number}"),
    "bad": lambda number: record("orders", n=number),
}


def announced(line: str, read: int) -> Message:
    """A STATE, or a SCHEMA that has changed, after so many rows."""
    if line == "state":
        return state(read)
    return schema("orders", None, user="string", n="integer", **{f"c{read}": "string"})


def settled(sandbox: Sandbox, folder: Path) -> set[int]:
    """The numbers of all rows that CleverTap has, or that were kept as rejected."""
    sandbox.advance(3600)
    people = {key for each in sandbox.profiles() for key in each["identifiers"]["identity"]}
    segment = sandbox.segment("VIP")
    listed = {row["value"] for row in segment["rows"]} if segment else set()
    named = {int(key[1:]) for key in people | listed if key[0] in "pm"}
    kept = (row["record"] for row in rejected(folder))
    refused = {row.get("n") or int(row["user"][1:]) for row in kept}
    return named | {*orders(sandbox)} | refused


@given(
    lines=st.lists(
        st.sampled_from(["order", "user", "order", "member", "state", "bad", "schema"]),
        min_size=3,
        max_size=30,
    ),
    faults=st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(1, 5)), max_size=4),
    rows=st.integers(1, 4),
    limit=st.sampled_from([0, 600]),
    ledger=st.sampled_from([None, "off"]),
)
@hypothesis_settings(
    max_examples=45, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_state_is_ahead_of_the_rows_whatever_fails(
    lines: list[str], faults: list[tuple[str, int]], rows: int, limit: int, ledger: str | None,
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, capsys: Capture,
) -> None:  # fmt: skip
    folder, read = tmp_path_factory.mktemp("work"), 0
    messages = [*SCHEMAS, schema("vip", None, user="string")]
    for line in lines:
        read += line in ROWS
        messages.append(ROWS[line](read) if line in ROWS else announced(line, read))
    sandbox.reset()
    for kind, call in faults:
        sandbox.fault(**FAULTS[kind], calls=[call])
    sandbox.latency(0.002, jitter=0.002)
    streams = STREAMS | {"orders": STREAMS["orders"] | {"event_key": ["n"]}, "vip": VIP}
    settings = config(sandbox, folder, streams=streams, retry_limit_seconds=limit)
    settings |= {"batch_size_rows": rows, "ledger_url": ledger}
    ended_well = True
    try:
        load(
            {name: value for name, value in settings.items() if value is not None}, messages, capsys
        )
    except TargetCleverTapError:
        ended_well = False
    done = settled(sandbox, folder)
    for covered in written.states:
        assert set(range(1, covered + 1)) <= done
    if ended_well:
        assert done == set(range(1, read + 1))
        last = [message["value"] for message in messages if message["type"] == "STATE"][-1:]
        assert written.states[-1:] == last


def test_calls_really_are_under_way_together(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.latency(0.2)
    load(settings | {"batch_size_rows": 1}, [*SCHEMAS, *map(order, range(1, 16))], capsys)
    assert max(call["in_flight"] for call in sandbox.calls("/1/upload")) > 5


def test_never_more_calls_than_max_concurrency(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.latency(0.05)
    settings |= {"batch_size_rows": 1, "max_concurrency": 3}
    load(settings, [*SCHEMAS, *map(order, range(1, 16))], capsys)
    assert max(call["in_flight"] for call in sandbox.calls("/1/upload")) == 3


def test_an_account_that_takes_fewer_calls_gets_fewer(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.settings(concurrency=2)
    sandbox.latency(0.02)
    load(settings | {"batch_size_rows": 1}, [*SCHEMAS, *map(order, range(1, 41))], capsys)
    assert orders(sandbox) == list(range(1, 41))
    statuses = [call["status"] for call in sandbox.calls("/1/upload")]
    assert statuses.count(200) == 40
