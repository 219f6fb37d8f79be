"""The tools beside a run, and what a terminal shows of one, tell no value and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.looking import assert_private
from tests.privacy.marks import PASSCODE
from tests.privacy.rows import SCHEMAS, bad_rows, bad_schemas, bookmark, good_rows, texts
from tests.report.terminal import run_in_terminal
from tests.support.pipeline import lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.privacy.children import Children
    from tests.privacy.marks import Marks
    from tests.support.sandbox import Sandbox

Settings = dict[str, Any]

LEDGER = "target_clevertap.ledger.cli:main"


def test_a_preview_shows_items_where_they_are_asked_for_and_nowhere_else(
    children: Children, settings: Settings, marks: Marks
) -> None:
    rows = [*good_rows(marks), *bad_rows(marks).values()]
    messages = [*SCHEMAS, *bad_schemas(), *rows, bookmark(marks)]
    told = children.run(settings, messages, "--preview", "3")
    silent = [row for row in texts(rows) if not marks.found(row) & marks.found(told.stdout)]
    assert [json.loads(row)["stream"] for row in silent] == ["event_key_missing"], "by its line"
    assert marks.found(told.log) == set()
    assert children.files() == {}


def test_a_check_tells_no_secret(children: Children, settings: Settings, marks: Marks) -> None:
    for passcode, code in ((PASSCODE, 0), (marks.text(), 1)):
        told = children.run(settings | {"passcode": passcode}, (), "--check")
        assert told.code == code, told.stdout
        assert "credentials" in told.stdout
        assert_private(told, children, marks)


def test_the_ledger_is_shown_in_numbers(
    children: Children, settings: Settings, marks: Marks
) -> None:
    rows, bad = good_rows(marks), list(bad_rows(marks).values())
    children.run(settings, [*SCHEMAS, *bad_schemas(), *rows, *bad, bookmark(marks)])
    for options in (("show",), ("show", "--json"), ("forget", "--stream", "visits", "--yes")):
        told = children.run(settings, (), *options, program=LEDGER)
        assert told.code == 0
        assert "visits" in told.stdout
        fans = [row for row in rows if row["stream"] == "fans"]
        assert_private(told, children, marks, rejected=bad, members=fans)


@pytest.mark.parametrize(
    "wrong",
    [
        {"passcode": {"of": PASSCODE}},
        {"passcode": f"{PASSCODE}\n"},
        {"passcode": f"{PASSCODE}\u20ac"},
        {"region": "mars", "api_url": None},
        {"ledger_url": f"postgresql://me:{PASSCODE}@x@[y/z"},
        {"ledger_url": f"postgresql://me:{PASSCODE}@127.0.0.1:9/no"},
        {"api_url": f"http://me:{PASSCODE}@example.com/?key={PASSCODE}"},
        {"flattening_enabled": "x"},
        {"passcode_": PASSCODE},
    ],
)
def test_wrong_settings_are_named_without_a_secret(
    wrong: Settings, children: Children, settings: Settings, marks: Marks
) -> None:
    told = children.run(settings | wrong, [*SCHEMAS, *good_rows(marks)])
    assert_private(told, children, marks)
    assert told.code in {1, 2}
    assert "Unforeseen" not in told.log


def test_a_configuration_that_is_cut_off_is_not_shown(
    children: Children, settings: Settings, marks: Marks
) -> None:
    children.run(settings)
    cut = children.folder / "cut.json"
    cut.write_text(json.dumps(settings)[:-1])
    told = children.run(settings, (), "--config", str(cut))
    assert_private(told, children, marks)
    assert told.code == 2


def test_a_terminal_shows_numbers(
    children: Children, settings: Settings, marks: Marks, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="slow", seconds=1.3, calls=[1])
    rows, bad = good_rows(marks), list(bad_rows(marks).values())
    messages = [*SCHEMAS, *bad_schemas(), *rows, *bad, bookmark(marks)]
    environment = {"TERM": "xterm-256color", "TARGET_CLEVERTAP_LOGLEVEL": "DEBUG"}
    ended = run_in_terminal(
        "target_clevertap", *files(children.folder, settings, messages), environment=environment
    )
    assert ended.code == 0
    assert any("users" in frame for frame in ended.terminal.frames), "it was drawn"
    assert marks.found([*ended.terminal.frames, ended.terminal.text]) == set()


def files(folder: Path, settings: Settings, messages: list[Any]) -> list[str]:
    """Arguments of a run, which names its input as a file."""
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "input").write_bytes(lines(messages))
    return ["--config", str(folder / "config.json"), "--input", str(folder / "input")]
