"""Options of `clevertap-sandbox`, each tried through the command itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from target_clevertap.sandbox import cli, server
from target_clevertap.sandbox.fault_spelling import parse_fault
from target_clevertap.sandbox.faults import (
    RecordError,
    ResetAfter,
    Slow,
    StatusFault,
)
from tests.sandbox.api import TIMEOUT, call, complete_list, event, list_url, profile, upload
from tests.support.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from pathlib import Path


def statuses(sandbox: Sandbox, calls: int) -> list[int | None]:
    """How so many uploads end; None is a connection that ended before its answer."""
    return [_status(sandbox) for _ in range(calls)]


def _status(sandbox: Sandbox) -> int | None:
    try:
        return upload(sandbox, event()).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return None


def test_an_account_is_known_in_its_own_region_alone() -> None:
    with running_sandbox("--region", "in1") as sandbox:
        answers = {
            host: call(
                sandbox,
                "POST",
                "/1/upload",
                json={"d": [profile()]},
                headers={**sandbox.headers, "Host": host},
            )
            for host in (
                "in1.api.clevertap.com",
                "IN1.api.clevertap.com:443",
                "127.0.0.1",
                "api.clevertap.com",
                "eu1.api.clevertap.com",
            )
        }

    assert [answer.status_code for answer in answers.values()] == [200, 200, 200, 401, 401]
    assert answers["api.clevertap.com"].json()["error"] == "Invalid Credentials"


@pytest.mark.parametrize("host", ["api.clevertap.com", "eu1.api.clevertap.com"])
def test_europe_is_the_region_of_the_host_without_a_prefix(sandbox: Sandbox, host: str) -> None:
    headers = {**sandbox.headers, "Host": host}

    assert call(sandbox, "POST", "/1/upload", json={"d": []}, headers=headers).status_code == 200


def test_connections_are_closed_after_each_answer_if_wished() -> None:
    with running_sandbox("--close-connections") as sandbox:
        answer = upload(sandbox, profile())

    assert answer.headers["connection"] == "Close"
    assert answer.json()["processed"] == 1


def test_a_burst_of_429s_is_ordered_in_a_word() -> None:
    with running_sandbox("--fault", "429 calls=2-3,5 retry_after=7") as sandbox:
        assert statuses(sandbox, 6) == [200, 429, 429, 200, 429, 200]
        assert [each["fault"] for each in sandbox.calls()].count("status") == 3


def test_faults_of_a_rate_strike_the_same_calls_in_every_process_with_the_same_seed() -> None:
    runs = []
    for seed in ("4", "4", "5"):
        with running_sandbox("--fault", "reset_after rate=0.5", "--seed", seed) as sandbox:
            runs.append(statuses(sandbox, 20))

    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, None}


def test_every_kind_of_fault_can_be_ordered_at_a_call() -> None:
    orders = [
        *("503 calls=1", "500 calls=2", "429 calls=3", "malformed calls=4", "non_json calls=5"),
        *("reset_before calls=6", "reset_after calls=7", "truncated calls=8"),
        *("nothing_processed calls=9", "record_error calls=10", "positionless calls=11"),
        "slow seconds=0.2 calls=12",
    ]
    with running_sandbox(*(word for order in orders for word in ("--fault", order))) as sandbox:
        found = statuses(sandbox, 8)
        nothing, one_record, positionless, slow = (
            upload(sandbox, event(), profile("")) for _ in range(4)
        )
        struck = [each["fault"] for each in sandbox.calls()]
        stored = len(sandbox.events())

    assert found == [503, 500, 429, 400, 502, None, None, None]
    assert nothing.json()["processed"] == len(nothing.json()["unprocessed"]) == 0
    assert [each["code"] for each in one_record.json()["unprocessed"]] == [555, 523]
    assert "Skipped" not in positionless.text
    assert slow.elapsed.total_seconds() >= 0.2
    assert struck == [
        *("status", "status", "status", "malformed", "non_json", "reset_before", "reset_after"),
        *("truncated", "nothing_processed", "record_error", "positionless", "slow"),
    ]
    assert stored == 4  # those of the calls 7, 8, 11 and 12


def test_a_host_that_is_not_loopback_is_served_once_it_is_allowed() -> None:
    with running_sandbox("--host", "0.0.0.0", "--allow-remote") as sandbox:  # noqa: S104 - allowed
        port = sandbox.url.rpartition(":")[2]
        answer = requests.post(
            f"http://127.0.0.1:{port}/1/upload",
            headers=sandbox.headers,
            json={"d": [profile()]},
            timeout=TIMEOUT,
        )

    assert sandbox.url.startswith("http://0.0.0.0:")
    assert answer.json()["processed"] == 1


def test_latency_spreads_by_the_seed() -> None:
    options = ("--latency", "20ms±15ms", "--seed", "3")
    with running_sandbox(*options) as sandbox:
        upload(sandbox)
        [first] = sandbox.calls()

    assert first["ended"] - first["started"] >= 0.005


def test_a_database_is_emptied_by_reset(tmp_path: Path) -> None:
    db = ("--db", str(tmp_path / "sandbox.db"))
    with running_sandbox(*db) as sandbox:
        upload(sandbox, profile())
    with running_sandbox(*db, "--reset") as sandbox:
        assert sandbox.profiles() == []
        assert sandbox.calls() == []


def test_a_list_needs_an_admin_that_was_named() -> None:
    with running_sandbox("--admin-email", "boss@example.org") as sandbox:
        url = list_url(sandbox)
        assert complete_list(sandbox, url).status_code == 401
        requests.put(url, data=b"Type,Identity\n", timeout=TIMEOUT)
        assert complete_list(sandbox, url, email="boss@example.org").status_code == 200


def test_what_a_schema_does_not_define_is_dropped_unseen(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"profile": {"Plan": "string"}}))
    with running_sandbox("--schema", str(file)) as sandbox:
        answer = upload(sandbox, profile("a", Plan="gold", Nick="A", Email="a@example.com"))
        stored = sandbox.profile("a")
        told = call(sandbox, "GET", "/_sandbox/error-stream").json()

    assert answer.json() == {"status": "success", "processed": 1, "unprocessed": []}
    assert stored is not None
    assert stored["properties"] == {"Plan": "gold", "Email": "a@example.com"}
    assert [(each["error"], each["property"], each["call"]) for each in told] == [
        ("Undefined user property found and dropped", "Nick", 1)
    ]


def test_all_faults_can_be_looked_at(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=503, calls=[2])
    statuses(sandbox, 3)
    [found] = call(sandbox, "GET", "/_sandbox/faults").json()

    assert (found["fault"]["kind"], found["fault"]["calls"]) == ("status", [2])
    assert (found["seen"], found["selected"]) == (3, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("503", StatusFault(status=503)),
        ("429 calls=1,4-6", StatusFault(status=429, calls=(1, 4, 5, 6))),
        ("status status=500 rate=0.5", StatusFault(status=500, rate=0.5)),
        ("reset_after seed=3 path=/*", ResetAfter(seed=3, path="/*")),
        ("slow seconds=1.5", Slow(seconds=1.5)),
        ("record_error code=512 positions=1-2", RecordError(code=512, positions=(1, 2))),
        ('{"kind": "status", "status": 503}', StatusFault(status=503)),
    ],
)
def test_a_fault_is_spelled_in_words_or_as_json(text: str, fault: Any) -> None:  # noqa: ANN401 - any kind
    assert parse_fault(text) == fault


def test_the_seed_counts_where_a_fault_names_none() -> None:
    assert parse_fault("429 rate=0.1", seed=9).seed == 9
    assert parse_fault("429 rate=0.1 seed=2", seed=9).seed == 2


@pytest.mark.parametrize(
    "options",
    [
        ("--fault", ""),
        ("--fault", "fire"),
        ("--fault", "418"),
        ("--fault", "503 calls"),
        ("--fault", "503 calls=x"),
        ("--fault", "503 calls=1-9999999999"),
        ("--fault", "503 calls=1 rate=0.5"),
        ("--fault", "503 rate=2"),
        ("--fault", "{}"),
        ("--region", "mars"),
        ("--seed", "x"),
        ("--schema", "/no/such/file"),
    ],
)
def test_an_option_that_cannot_be_is_explained_without_a_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: tuple[str, str]
) -> None:
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it started"))
    with pytest.raises(SystemExit) as end:
        cli.main(options)
    said = capsys.readouterr().err

    assert end.value.code == 2
    assert "Error: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("text", ["{", '{"profile": {"Plan": "text"}}', '{"colour": "red"}', "[]"])
def test_a_schema_that_is_none_is_explained(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
) -> None:
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it started"))
    (file := tmp_path / "schema.json").write_text(text)
    with pytest.raises(SystemExit) as end:
        cli.main(("--schema", str(file)))

    assert end.value.code == 2
    assert "Error: " in capsys.readouterr().err
