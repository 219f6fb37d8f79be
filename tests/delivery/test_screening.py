"""With a ledger: events are sent once, unchanged profiles not again, whatever runs repeat."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from target_clevertap.delivery import screening
from target_clevertap.delivery.marks import DIGESTS, event_mark, stream_mark
from target_clevertap.errors import AnswerLost, CredentialsRefused, LedgerError, SettingsError
from target_clevertap.ledger import MARK_BYTES, Ledger, open_ledger
from tests.ledger.places import Place, make_older
from tests.support.pipeline import Message, config, load, record, rejected, schema, state, written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from target_clevertap.delivery.batch import Entry
    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

USERS = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"Name": "name"},
    "on_delete": "delete",
}
ORDERS = {
    "type": "event",
    "identifier": {"identity": "user"},
    "event_name": "Ordered",
    "properties": {"Number": "id", "Total": "total"},
}
VISITS = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"Visits": {"column": "n", "operator": "increment"}},
}
STREAMS = {"users": USERS, "orders": ORDERS, "visits": VISITS}
USERS_SCHEMA = schema("users", "user", user="string", name="string")
ORDERS_SCHEMA = schema("orders", "id", id="integer", user="string", total="number")
VISITS_SCHEMA = schema("visits", "user", user="string", n="integer")
SCHEMAS = [USERS_SCHEMA, ORDERS_SCHEMA, VISITS_SCHEMA]


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return remembering(sandbox, tmp_path / "work")


def remembering(sandbox: Sandbox, work_dir: Path, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Settings with the ledger that everybody has who sets nothing."""
    settings = config(sandbox, work_dir, streams=STREAMS, **more)
    del settings["ledger_url"]
    return settings


def order(number: int, total: float = 1) -> Message:
    return record("orders", id=number, user=f"u{number % 3}", total=total)


def user(number: int, name: str | None = "Ada", **more: object) -> Message:
    return record("users", user=f"u{number}", name=name, **more)


def visit(times: int) -> Message:
    return record("visits", user="u1", n=times)


def visits(sandbox: Sandbox) -> int:
    profile = sandbox.profile("u1")
    assert profile is not None
    return int(profile["properties"]["Visits"])


def orders(sandbox: Sandbox) -> list[int]:
    return sorted(event["evtData"]["Number"] for event in sandbox.events())


def uploaded(sandbox: Sandbox) -> int:
    """How many records have come in upload calls."""
    return sum(call["records"] for call in sandbox.calls("/1/upload"))


# Events


def test_an_event_is_sent_once_however_often_its_row_comes(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    assert load(settings, [*SCHEMAS, order(1), order(2), state(1)], capsys) == [1]
    assert load(settings, [*SCHEMAS, order(2), order(3), state(2)], capsys) == [2]
    assert load(settings, [*SCHEMAS, order(1), order(2), order(3), state(3)], capsys) == [3]
    assert orders(sandbox) == [1, 2, 3]
    assert uploaded(sandbox) == 3


def test_a_changed_row_with_a_known_key_is_no_new_event(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, order(1, total=5)], capsys)
    load(settings, [*SCHEMAS, order(1, total=6)], capsys)
    assert [event["evtData"]["Total"] for event in sandbox.events()] == [5]


def test_a_profile_that_comes_twice_in_a_run_is_sent_once(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "ROWS_AT_ONCE", 1)
    settings |= {"batch_size_rows": 1, "max_concurrency": 1}
    others = [user(number) for number in range(2, 22)]  # so that the first is answered
    rows = [user(1), *others, user(1)]
    apart = [line for number, row in enumerate(rows) for line in (row, state(number))]
    load(settings, [USERS_SCHEMA, *apart], capsys)
    assert uploaded(sandbox) == 21


def test_a_profile_that_comes_back_to_what_it_was_in_a_run_is_sent(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "ROWS_AT_ONCE", 1)
    settings |= {"batch_size_rows": 1}
    rows = [user(1), state(1), user(1, "Grace"), state(2), user(1), state(3)]
    load(settings, [USERS_SCHEMA, *rows], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "Ada"


@pytest.mark.parametrize("rows_a_call", [1, 1000])
def test_an_event_that_comes_twice_in_a_run_is_sent_once(
    rows_a_call: int, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"batch_size_rows": rows_a_call}
    rows = [order(1), order(1), order(2), order(1)]
    assert load(settings, [*SCHEMAS, *rows, state(1)], capsys) == [1]
    assert orders(sandbox) == [1, 2]


def test_an_event_whose_first_version_was_refused_is_tried_in_its_second(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1])
    assert load(settings, [*SCHEMAS, order(1), order(1, total=7), state(1)], capsys) == [1]
    assert [event["evtData"]["Total"] for event in sandbox.events()] == [7]
    assert [row["record"]["total"] for row in rejected(tmp_path)] == [1]


def test_a_thousand_rows_with_one_key_are_one_event(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    rows = [order(1) for _ in range(2500)]
    assert load(settings, [*SCHEMAS, *rows, state(1)], capsys) == [1]
    assert orders(sandbox) == [1]


def test_streams_do_not_take_each_others_keys_for_their_own(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"streams": {"orders": ORDERS, "returns": ORDERS | {"event_name": "Returned"}}}
    returns = schema("returns", "id", id="integer", user="string", total="number")
    rows = [order(1), record("returns", id=1, user="u1", total=1)]
    load(settings, [ORDERS_SCHEMA, returns, *rows], capsys)
    assert sorted(event["evtName"] for event in sandbox.events()) == ["Ordered", "Returned"]


def test_an_event_stream_without_a_key_is_refused_with_the_advice_to_name_one(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    keyless = schema("orders", None, id="integer", user="string", total="number")
    with pytest.raises(SettingsError, match=r"streams\.orders\.event_key: must name the columns"):
        load(settings, [keyless, order(1)], capsys)
    assert load(settings | {"ledger_url": "off"}, [keyless, order(1), state(1)], capsys) == [1]
    assert uploaded(sandbox) == 1


def test_an_event_with_an_empty_key_is_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"streams": STREAMS | {"orders": ORDERS | {"event_key": ["user", "total"]}}}
    row = record("orders", id=1, user="u1", total=None)
    load(settings, [*SCHEMAS, row, order(2)], capsys)
    assert orders(sandbox) == [2]
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["event_key_missing"]


def test_a_first_run_can_be_skipped(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"streams": STREAMS | {"orders": ORDERS | {"first_run": "skip"}}}
    assert load(settings, [*SCHEMAS, order(1), order(2), user(1), state(1)], capsys) == [1]
    assert orders(sandbox) == []
    assert load(settings, [*SCHEMAS, order(2), order(3), state(2)], capsys) == [2]
    assert orders(sandbox) == [3]
    assert sandbox.profile("u1") is not None


def test_a_first_run_that_was_cut_short_goes_on_being_the_first(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"streams": STREAMS | {"orders": ORDERS | {"first_run": "skip"}}}
    sandbox.fault(kind="status", status=401, calls=[1])
    with pytest.raises(Exception, match="401"):
        load(settings, [*SCHEMAS, order(1), user(1)], capsys)
    load(settings, [*SCHEMAS, order(1), order(2)], capsys)
    assert orders(sandbox) == []


# The local CleverTap, and the real one


def test_what_the_local_clevertap_has_is_not_taken_for_delivered_by_the_real_one(
    settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, order(1), state(1)], capsys)
    del settings["api_url"]
    with pytest.raises(LedgerError, match="what a CleverTap on this machine has of account TEST-"):
        load(settings, [], capsys)


# Uncertain events


def test_a_held_event_is_never_sent_again_by_itself_but_by_a_person(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"uncertain_events": "hold"}
    sandbox.fault(kind="reset_after", calls=[1])
    assert load(settings, [*SCHEMAS, order(1), state(1)], capsys) == [1]
    assert load(settings, [*SCHEMAS, order(1), order(2), state(2)], capsys) == [2]
    held = rejected(tmp_path)
    assert [row["rejected"]["code"] for row in held] == ["uncertain", "uncertain"]
    assert orders(sandbox) == [1, 2], "the first one had arrived"

    assert load(settings, [*SCHEMAS, held[0], state(3)], capsys) == [3]
    assert orders(sandbox) == [1, 1, 2], "a person has decided"
    load(settings, [*SCHEMAS, *held], capsys)
    assert orders(sandbox) == [1, 1, 2], "once"
    load(settings, [*SCHEMAS, order(1)], capsys)
    assert len(rejected(tmp_path)) == 2
    assert orders(sandbox) == [1, 1, 2]


def test_an_uncertain_event_is_sent_again_unless_it_is_to_be_held(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="reset_before", calls=[1])
    with pytest.raises(AnswerLost):
        load(settings, [*SCHEMAS, order(1), state(1)], capsys)
    assert load(settings, [*SCHEMAS, order(1), state(1)], capsys) == [1]
    assert orders(sandbox) == [1]


@pytest.mark.parametrize(
    ("policy", "sent", "said"),
    [("resend", [1, 2], "may be there twice"), ("hold", [2], "are held")],
)
def test_what_a_cut_off_run_had_under_way_is_told_and_follows_the_policy(
    policy: str,
    sent: list[int],
    said: str,
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "work" / sandbox.account_id
    with open_ledger(None, account=sandbox.account_id, folder=folder, uncertain="resend") as cut:
        stream = stream_mark(cut.claim("orders").number)
        mark = event_mark(DIGESTS[cut.digest], stream, b"[1]")
        cut.note(mark, b"")  # and nothing more: it was killed here
    load(settings | {"uncertain_events": policy}, [*SCHEMAS, order(1), order(2)], capsys)
    assert orders(sandbox) == sent
    assert f"cut off with 1 events under way; those that come again {said}" in caplog.text
    assert len(rejected(tmp_path)) == 2 - len(sent)


def test_a_ledger_of_an_earlier_version_goes_on_to_know_its_events(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    place = Place(None, tmp_path / "work" / sandbox.account_id)
    with place.open(sandbox.account_id) as ledger:
        stream = stream_mark(ledger.claim("orders").number)
        ledger.settle(None, events=event_mark(DIGESTS["blake2b"], stream, b"[1]"))
    make_older(place)
    for _ in range(2):
        load(settings, [*SCHEMAS, order(1), order(2)], capsys)
    assert orders(sandbox) == [2]


def cut_off(
    settings: dict[str, Any], messages: list[Message], capsys: Capture, patch: pytest.MonkeyPatch
) -> None:
    """A run that ends after CleverTap has answered its first call, and before that is noted."""

    def end(*_: object, **__: object) -> None:
        raise LedgerError("cut off")

    with patch.context() as here:
        here.setattr(Ledger, "settle", end)
        with pytest.raises(LedgerError, match="cut off"):
            load(settings, messages, capsys)


@pytest.mark.parametrize(
    ("policy", "total", "said"),
    [("resend", 10, "may be there twice"), ("hold", 7, "are held")],
)
def test_counters_that_a_cut_off_run_had_under_way_are_told_and_follow_the_policy(
    policy: str,
    total: int,
    said: str,
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings |= {"uncertain_events": policy}
    cut_off(settings, [*SCHEMAS, visit(3), order(1), user(1)], capsys, monkeypatch)
    assert visits(sandbox) == 3
    assert load(settings, [*SCHEMAS, visit(3), visit(4), state(1)], capsys) == [1]
    assert visits(sandbox) == total
    assert "cut off with 1 events and 1 profiles with counters under way; " in caplog.text
    assert f"those that come again {said}" in caplog.text
    held = [row["record"]["n"] for row in rejected(tmp_path)]
    assert held == ([3] if policy == "hold" else [])


def test_a_held_counter_is_sent_when_it_comes_anew_or_a_person_sends_it(
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings |= {"uncertain_events": "hold"}
    cut_off(settings, [*SCHEMAS, visit(3)], capsys, monkeypatch)
    load(settings, [*SCHEMAS, visit(3), visit(3)], capsys)
    assert visits(sandbox) == 6, "one of the two is the one that was under way"
    [held] = rejected(tmp_path)
    load(settings, [*SCHEMAS, held], capsys)
    assert visits(sandbox) == 9, "a person has decided"
    load(settings, [*SCHEMAS, visit(3)], capsys)
    assert visits(sandbox) == 12
    assert len(rejected(tmp_path)) == 1


def test_a_counter_is_held_again_when_the_run_that_held_it_ended_badly(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings |= {"uncertain_events": "hold"}
    cut_off(settings, [*SCHEMAS, visit(3)], capsys, monkeypatch)
    cut_off(settings, [*SCHEMAS, visit(3), user(1)], capsys, monkeypatch)
    load(settings, [*SCHEMAS, visit(3), user(1)], capsys)
    assert visits(sandbox) == 3


def test_a_counter_whose_answer_was_lost_is_held_also_when_its_run_ended_badly(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"uncertain_events": "hold", "batch_size_rows": 1, "max_concurrency": 1}
    sandbox.fault(kind="reset_after", calls=[1])
    sandbox.fault(kind="status", status=401, calls=[2])
    with pytest.raises(CredentialsRefused):
        load(settings, [*SCHEMAS, visit(3), user(1), state(1)], capsys)
    assert visits(sandbox) == 3
    load(settings, [*SCHEMAS, visit(3), user(1), state(1)], capsys)
    assert visits(sandbox) == 3
    load(settings, [*SCHEMAS, visit(3), state(2)], capsys)
    assert visits(sandbox) == 6


def test_profiles_without_counters_are_never_held(
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings |= {"uncertain_events": "hold"}
    cut_off(settings, [*SCHEMAS, user(1)], capsys, monkeypatch)
    load(settings, [*SCHEMAS, user(1), visit(3)], capsys)
    assert uploaded(sandbox) == 3
    assert rejected(tmp_path) == []


# Profiles


def test_an_unchanged_profile_is_not_sent_again(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1), user(2)], capsys)
    assert load(settings, [*SCHEMAS, user(1), user(2, "Grace"), state(1)], capsys) == [1]
    assert uploaded(sandbox) == 3
    assert load(settings, [*SCHEMAS, user(1), user(2, "Grace"), state(2)], capsys) == [2]
    assert uploaded(sandbox) == 3


def test_a_resync_sends_profiles_once_more_and_events_not(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1), order(1)], capsys)
    load(settings | {"resync": True}, [*SCHEMAS, user(1), order(1)], capsys)
    assert uploaded(sandbox) == 3
    load(settings, [*SCHEMAS, user(1), order(1)], capsys)
    assert uploaded(sandbox) == 3


def test_counters_are_always_sent(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    for _ in range(3):
        load(settings, [*SCHEMAS, record("visits", user="u1", n=2)], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Visits"] == 6


def test_a_change_of_the_mapping_sends_what_it_changes_and_nothing_else(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1, "Ada"), user(2, None)], capsys)
    renamed = USERS | {"properties": {"Full name": "name"}}
    load(settings | {"streams": STREAMS | {"users": renamed}}, [*SCHEMAS, user(1), user(2, None)],
         capsys)  # fmt: skip
    assert uploaded(sandbox) == 3


def test_a_deleted_profile_is_forgotten(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1)], capsys)
    load(settings, [*SCHEMAS, user(1, _sdc_deleted_at="2026-01-01T00:00:00Z")], capsys)
    load(settings, [*SCHEMAS, user(1)], capsys)
    assert uploaded(sandbox) == 2


def test_a_profile_that_was_refused_is_tried_again(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1])
    settings |= {"retry_rejected": False}
    load(settings, [*SCHEMAS, user(1)], capsys)
    load(settings, [*SCHEMAS, user(1)], capsys)
    assert uploaded(sandbox) == 2


versions = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["Ada", "Grace", "Joan", None, "delete"])),
    max_size=12,
)


@hypothesis_settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    runs=st.lists(versions, min_size=1, max_size=3),
    rows_a_call=st.sampled_from([1, 2, 1000]),
    rows_a_question=st.sampled_from([1, 3, 1000]),
)
@example(runs=[[(0, "Ada")], [(0, "Joan"), (0, "Ada")]], rows_a_call=1000, rows_a_question=1)
def test_what_is_left_out_makes_no_difference(
    runs: list[list[tuple[int, str | None]]],
    rows_a_call: int,
    rows_a_question: int,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Changes, changes back and deletions in any order end as they do when all is sent."""
    monkeypatch.setattr(screening, "ROWS_AT_ONCE", rows_a_question)
    ends = []
    for ledger in ({}, {"ledger_url": "off"}):
        sandbox.reset()
        folder = tmp_path_factory.mktemp("work")
        settings = remembering(sandbox, folder, batch_size_rows=rows_a_call) | ledger
        for run in runs:
            load(settings, [*SCHEMAS, *(version(*each) for each in run), state(1)], capsys)
        ends.append(
            {
                identity: profile["properties"]
                for profile in sandbox.profiles()
                for identity in profile["identifiers"]["identity"]
            }
        )
    assert ends[0] == ends[1]


def version(number: int, name: str | None) -> Message:
    if name == "delete":
        return user(number, None, _sdc_deleted_at="2026-01-01T00:00:00Z")
    return user(number, name)


# Questions to the ledger


def test_rows_are_read_on_while_the_ledger_is_asked(
    settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_events, add_all = Ledger.known_events, screening.Screening.add_all
    read_on = threading.Event()
    waits: list[bool] = []

    def ask(ledger: Ledger, marks: bytes) -> list[tuple[int, bool]]:
        waits.append(read_on.wait(timeout=20))
        return known_events(ledger, marks)

    def add_and_tell(self: screening.Screening, entries: Sequence[Entry]) -> None:
        add_all(self, entries)
        if entries[-1].number > screening.ROWS_AT_ONCE + 500:
            read_on.set()

    load(settings, [ORDERS_SCHEMA, order(-1)], capsys)
    monkeypatch.setattr(Ledger, "known_events", ask)
    monkeypatch.setattr(screening.Screening, "add_all", add_and_tell)
    rows = [order(number) for number in range(2000)]
    assert load(settings, [ORDERS_SCHEMA, *rows, state(1)], capsys) == [1]
    assert waits == [True, True]


@hypothesis_settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    runs=st.lists(st.lists(st.integers(0, 5), max_size=15), min_size=1, max_size=3),
    rows_a_call=st.sampled_from([1, 2, 1000]),
    rows_a_question=st.sampled_from([1, 3, 1000]),
)
def test_an_event_is_sent_once_however_rows_and_questions_follow_each_other(
    runs: list[list[int]],
    rows_a_call: int,
    rows_a_question: int,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screening, "ROWS_AT_ONCE", rows_a_question)
    sandbox.reset()
    settings = remembering(sandbox, tmp_path_factory.mktemp("work"), batch_size_rows=rows_a_call)
    for run in runs:
        rows = [order(number) for number in run]
        assert load(settings, [ORDERS_SCHEMA, *rows, state(run)], capsys) == [run]
    assert orders(sandbox) == sorted({number for run in runs for number in run})


def test_a_question_that_fails_ends_the_run_before_its_rows_are_sent(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_ledger: Ledger, _marks: bytes) -> list[tuple[int, bool]]:
        raise LedgerError("The disk is gone.")

    load(settings, [ORDERS_SCHEMA, order(0)], capsys)
    monkeypatch.setattr(Ledger, "known_events", fail)
    with pytest.raises(LedgerError, match="The disk is gone"):
        load(settings, [ORDERS_SCHEMA, order(1), state(1)], capsys)
    assert written.states == []
    assert orders(sandbox) == [0]


def test_in_a_first_load_the_ledger_is_asked_about_events_that_come_again_only(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_events = Ledger.known_events
    asked: list[int] = []

    def ask(ledger: Ledger, marks: bytes) -> list[tuple[int, bool]]:
        asked.append(len(marks) // MARK_BYTES)
        return known_events(ledger, marks)

    monkeypatch.setattr(Ledger, "known_events", ask)
    new = [order(number) for number in range(1500)]
    again = [order(number) for number in range(40)]
    load(settings, [ORDERS_SCHEMA, *new, *again], capsys)
    assert sum(asked) == 40
    assert orders(sandbox) == list(range(1500))


# States


def test_a_state_is_written_for_rows_that_were_delivered_before(
    settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1), order(1)], capsys)
    assert load(settings, [*SCHEMAS, user(1), order(1), state({"a": 1})], capsys) == [{"a": 1}]


def test_a_dry_run_neither_reads_the_ledger_nor_writes_to_it(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(settings | {"dry_run": True}, [*SCHEMAS, user(1), order(1)], capsys)
    assert not list(tmp_path.rglob("ledger*"))
    load(settings, [*SCHEMAS, user(1), order(1)], capsys)
    load(settings | {"dry_run": True}, [*SCHEMAS, user(1), order(1)], capsys)
    assert uploaded(sandbox) == 6
    assert orders(sandbox) == [1]


def test_the_counts_of_a_run_add_up(
    settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    load(settings, [*SCHEMAS, user(1), order(1)], capsys)
    caplog.clear()
    caplog.set_level("INFO")
    load(settings, [*SCHEMAS, user(1), user(2), user(3, "x"), order(1), order(2)], capsys)
    assert "users: 3 read: 2 accepted, 1 unchanged, 0 rejected" in caplog.text
    assert "orders: 2 read: 1 accepted, 1 already delivered, 0 rejected" in caplog.text


# Rows that were rejected in earlier runs

PHONES = USERS | {"properties": {"Name": "name", "Phone": "phone"}}
PHONES_SCHEMA = schema("users", "user", user="string", name="string", phone="string")


def caller(number: int, phone: str, name: str = "Ada") -> Message:
    return record("users", user=f"u{number}", name=name, phone=phone)


@pytest.fixture
def callers(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"streams": STREAMS | {"users": PHONES}}


def test_a_rejected_row_is_tried_again_in_the_next_run(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    assert load(callers, [PHONES_SCHEMA, caller(1, "12"), state(1)], capsys) == [1]
    assert sandbox.profiles() == []
    assert load(callers | {"invalid_properties": "drop"}, [state(2)], capsys) == [2]
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "Ada"
    load(callers | {"invalid_properties": "drop", "resync": True}, [state(3)], capsys)
    assert uploaded(sandbox) == 1, "it waits no longer"


def test_a_rejected_row_does_not_come_after_a_newer_version_of_it(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    rows = [caller(1, "12", "Old"), caller(1, "+4915123456789", "New")]
    load(callers, [PHONES_SCHEMA, *rows], capsys)
    load(callers | {"invalid_properties": "drop"}, [PHONES_SCHEMA], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "New"


def test_a_newer_version_that_is_unchanged_also_ends_the_waiting(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    good = caller(1, "+4915123456789", "New")
    load(callers, [PHONES_SCHEMA, good, caller(1, "12", "Old"), good], capsys)
    load(callers | {"invalid_properties": "drop"}, [PHONES_SCHEMA], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "New"


def test_a_row_that_is_gone_at_its_source_is_not_tried_as_it_was(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    callers["streams"]["users"] = PHONES | {"on_delete": "ignore"}
    load(callers, [PHONES_SCHEMA, caller(1, "12"), caller(2, "12")], capsys)
    gone = record("users", user="u1", phone="12", _sdc_deleted_at="2026-01-01T00:00:00Z")
    load(callers, [PHONES_SCHEMA, gone, state(1)], capsys)
    load(callers | {"invalid_properties": "drop"}, [PHONES_SCHEMA], capsys)
    assert [sandbox.profile("u1") is None, sandbox.profile("u2") is None] == [True, False]


def test_rows_tried_again_come_before_those_of_the_tap(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    load(callers, [PHONES_SCHEMA, caller(1, "12", "Old")], capsys)
    rows = [PHONES_SCHEMA, caller(1, "", "New")]
    load(callers | {"invalid_properties": "drop"}, rows, capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"]["Name"] == "New"


def test_a_row_is_given_up_after_ten_tries_and_that_is_said(
    callers: dict[str, Any],
    tmp_path: Path,
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    load(callers, [PHONES_SCHEMA, caller(1, "12")], capsys)
    for _ in range(10):
        assert "given up" not in caplog.text
        load(callers, [state(1)], capsys)
    assert "users: 1 given up after 10 tries" in caplog.text
    assert len(rejected(tmp_path)) == 11
    load(callers, [state(1)], capsys)
    assert len(rejected(tmp_path)) == 11


def test_a_row_that_may_have_arrived_when_tried_again_waits_no_longer(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"uncertain_events": "hold"}
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1])
    load(settings, [*SCHEMAS, visit(3), state(1)], capsys)
    sandbox.fault(kind="reset_after", calls=[1])
    load(settings, [state(2)], capsys)
    load(settings, [state(3)], capsys)
    assert visits(sandbox) == 3
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["clevertap_513", "uncertain"]


def test_a_rejected_row_does_not_come_after_a_newer_version_that_may_have_arrived(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    counted = {"Name": "name", "Visits": {"column": "n", "operator": "increment"}}
    settings |= {
        "streams": {"users": USERS | {"properties": counted}},
        "uncertain_events": "hold",
        "batch_size_rows": 1,
        "max_concurrency": 1,
    }
    announced = schema("users", "user", user="string", name="string", n="integer")
    old, new = (record("users", user="u1", name=name, n=1) for name in ("Old", "New"))
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1, 2])
    sandbox.fault(kind="reset_after", calls=[3])
    load(settings, [announced, old], capsys)
    load(settings, [announced, new], capsys)
    load(settings, [state(1)], capsys)
    profile = sandbox.profile("u1")
    assert profile is not None
    assert profile["properties"] == {"Name": "New", "Visits": 1}


def test_rows_tried_again_are_counted_apart(
    callers: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    load(callers, [PHONES_SCHEMA, caller(1, "12")], capsys)
    caplog.set_level("INFO")
    callers |= {"max_rejected_percent": 0}
    load(callers, [PHONES_SCHEMA, caller(2, "+4915123456789")], capsys)
    assert "users: 1 read: 1 accepted, 0 rejected" in caplog.text
    assert "users: 1 tried again: 0 accepted, 1 rejected" in caplog.text


def test_no_row_is_tried_again_where_that_is_not_wanted(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    load(callers | {"retry_rejected": False}, [PHONES_SCHEMA, caller(1, "12")], capsys)
    load(callers | {"invalid_properties": "drop"}, [PHONES_SCHEMA], capsys)
    assert sandbox.profiles() == []


def test_no_state_is_written_over_rejected_rows_that_the_ledger_could_not_keep(
    callers: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_ledger: Ledger, _rejected: object) -> list[int]:
        raise LedgerError("The disk is full.")

    monkeypatch.setattr(Ledger, "wait", fail)
    messages = [PHONES_SCHEMA, caller(1, "+12"), state(1)]
    with pytest.raises(LedgerError, match="The disk is full"):
        load(callers, messages, capsys)
    assert written.states == []


def test_rows_whose_mapping_no_longer_fits_wait_on(
    sandbox: Sandbox, callers: dict[str, Any], capsys: Capture
) -> None:
    load(callers, [PHONES_SCHEMA, caller(1, "12")], capsys)
    changed = callers | {"streams": {"users": USERS | {"properties": {"City": "city"}}}}
    cities = schema("users", "user", user="string", city="string")
    assert load(changed, [cities, record("users", user="u2", city="Bonn"), state(1)], capsys) == [1]
    assert sandbox.profile("u2") is not None
    load(callers | {"invalid_properties": "drop"}, [state(2)], capsys)
    assert sandbox.profile("u1") is not None


def test_a_row_comes_again_with_every_digit(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    line = b'{"type": "RECORD", "stream": "orders", "record": {"id": 1, "user": "", "total": 1.10}}'
    load(settings, [*SCHEMAS, line], capsys)
    load(settings, [state(1)], capsys)
    lines = [
        text for path in tmp_path.rglob("rejected.jsonl") for text in path.read_text().splitlines()
    ]
    assert sum('"total": 1.10}' in text for text in lines) == 2
    assert uploaded(sandbox) == 0


# Everything together


def test_states_are_never_ahead_when_a_run_stops_in_the_middle(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="status", status=401, calls=[3])
    settings |= {"batch_size_rows": 1, "max_concurrency": 1}
    rows = [line for number in range(1, 6) for line in (order(number), state(number))]
    with pytest.raises(Exception, match="401"):
        load(settings, [*SCHEMAS, *rows], capsys)
    assert written.states[-1:] in ([], [1], [2])
    assert load(settings, [*SCHEMAS, *rows], capsys)[-1] == 5
    assert orders(sandbox) == [1, 2, 3, 4, 5]


def test_the_ledger_is_for_its_owner_only(
    settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    load(settings, [*SCHEMAS, user(1)], capsys)
    files = [path for path in tmp_path.rglob("ledger*") if path.is_file()]
    assert files
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    assert b"Ada" not in b"".join(path.read_bytes() for path in files)
    assert json.dumps(settings["passcode"]).encode() not in files[0].read_bytes()
