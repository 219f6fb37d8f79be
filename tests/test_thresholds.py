"""`max_rejected_percent`: too many rejected rows end the run with exit code 3, after the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.report import Tally
from tests.support.pipeline import Message, command, config, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

USERS = {"type": "profile", "identifier": {"identity": "id"}, "properties": {"Phone": "phone"}}
SCHEMA = schema("users", id="integer", phone="string")


def rows(good: int, bad: int) -> list[Message]:
    phones = ["+4915123456789"] * good + ["+12"] * bad
    return [record("users", id=number, phone=phone) for number, phone in enumerate(phones, 1)]


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams={"users": USERS})
    del settings["max_rejected_percent"]
    return settings


@pytest.mark.parametrize(
    ("read", "rejected", "percent", "too_many"),
    [
        (20, 2, 10, False),
        (20, 3, 10, True),
        (19, 3, 10, False),
        (19, 18, 10, False),
        (1, 1, 10, True),
        (19, 19, 50, True),
        (1000, 1, 0, True),
        (1000, 1000, 100, False),
        (0, 0, 0, False),
    ],
)
def test_how_many_are_too_many(read: int, rejected: int, percent: int, too_many: bool) -> None:  # noqa: FBT001
    assert Tally(read=read, rejected=rejected).too_many_rejected(percent) is too_many


def test_a_run_with_too_many_rejected_rows_delivers_the_rest_and_ends_with_3(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    ended = command(settings, [SCHEMA, *rows(17, 3), state(1)], tmp_path)
    assert ended.code == 3
    assert ended.states == [1]
    assert len(sandbox.profiles()) == 17
    assert "users: 3 of 20 rows were rejected, more than max_rejected_percent (10)" in ended.log
    assert "users: 20 read: 17 accepted, 3 rejected" in ended.log
    assert "Traceback" not in ended.log
    (report,) = (tmp_path / "work").rglob("report.json")
    run = json.loads(report.read_text())["run"]
    assert (run["exit_code"], run["outcome"]) == (3, "refused")


@pytest.mark.parametrize(("good", "bad", "percent"), [(18, 2, 10), (17, 3, 15), (0, 25, 100)])
def test_a_run_with_few_enough_ends_well(
    good: int, bad: int, percent: int, settings: dict[str, Any], tmp_path: Path
) -> None:
    settings |= {"max_rejected_percent": percent}
    assert command(settings, [SCHEMA, *rows(good, bad), state(1)], tmp_path).code == 0
