"""The Singer SDK's metrics of a run, as the real command logs them: true in failure too."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pipeline import Outcome, command, config, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

USERS = {"type": "profile", "identifier": {"identity": "id"}}
NOBODY = "http://127.0.0.1:9"
ROWS = [schema("users", id={}), *(record("users", id=number) for number in range(1, 6)), state(1)]


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams={"users": USERS})
    return settings | {"batch_size_rows": 3, "max_concurrency": 1}


def metrics(ended: Outcome, name: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """The values of a metric, each with its tags."""
    for line in ended.log.splitlines():
        if "METRIC: " in line:
            metric = json.loads(line.partition("METRIC: ")[2])
            if metric["metric"] == name:
                yield metric["value"], metric["tags"]


def batches(ended: Outcome) -> Counter[tuple[str, str]]:
    found = metrics(ended, "batch_processing_time")
    return Counter((tags["stream"], tags["status"]) for seconds, tags in found if seconds > 0)


def calls(ended: Outcome) -> dict[tuple[str, int | None], float]:
    found = metrics(ended, "http_request_count")
    return {(tags["endpoint"], tags["http_status_code"]): count for count, tags in found}


def tries(ended: Outcome) -> list[tuple[int | None, str]]:
    found = metrics(ended, "http_request_duration")
    return [(tags["http_status_code"], tags["status"]) for _, tags in found]


def test_a_run_that_went_well_tells_of_rows_batches_and_calls(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    ended = command(settings, ROWS, tmp_path)
    assert ended.code == 0
    assert sum(count for count, _ in metrics(ended, "record_count")) == 5
    assert batches(ended) == {("users", "succeeded"): 2}
    assert calls(ended) == {("upload", 200): 2}
    assert tries(ended) == [(200, "succeeded")] * 2


def test_a_run_that_fails_tells_of_the_call_that_failed(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=401, calls=[2])
    ended = command(settings, ROWS, tmp_path)
    assert (ended.code, ended.states) == (1, [])
    assert sum(count for count, _ in metrics(ended, "record_count")) == 5
    assert batches(ended) == {("users", "succeeded"): 1, ("users", "failed"): 1}
    assert calls(ended) == {("upload", 200): 1, ("upload", 401): 1}
    assert tries(ended) == [(200, "succeeded"), (401, "failed")]


def test_a_batch_that_arrives_by_its_second_try_has_succeeded(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=503, calls=[1])
    ended = command(settings | {"retry_limit_seconds": 60}, ROWS, tmp_path)
    assert ended.code == 0
    assert batches(ended) == {("users", "succeeded"): 2}
    assert calls(ended) == {("upload", 200): 2, ("upload", 503): 1}


def test_a_call_without_an_answer_has_no_status_code(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    ended = command(settings | {"api_url": NOBODY, "batch_size_rows": 5}, ROWS, tmp_path)
    assert ended.code == 1
    assert batches(ended) == {("users", "failed"): 1}
    assert calls(ended) == {("upload", None): 1}
