"""How a run stands is shown live on a terminal, and in the log where there is none."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from target_clevertap.report import Tally
from target_clevertap.report.progress import LogLines, Progress, Standing, progress
from tests.report.terminal import Ended, run_in_terminal
from tests.support.pipeline import config, lines, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.sandbox import Sandbox

XTERM = {"TERM": "xterm-256color"}
LOGGED = "INFO A line that is longer than the terminal: " + "long " * 20


def run(
    ending: str, environment: Mapping[str, str] = XTERM, width: int = 80, height: int = 24
) -> Ended:
    return run_in_terminal(
        "tests.report.shown_run", ending, environment=environment, width=width, height=height
    )


@pytest.fixture(scope="module")
def well() -> Ended:
    """A run that ended well."""
    return run("well")


def test_a_terminal_shows_rows_and_calls_of_each_stream(well: Ended) -> None:
    last = well.terminal.frames[-1].splitlines()
    assert last[-1].strip() == "0:12 min  ·  7 calls in flight"
    header, users, orders, total = (line.split() for line in last[-6:-1] if "─" not in line)
    assert header == ["Stream", "Read", "Rows/s", "Accepted", "Skipped", "Rejected", "Waiting"]
    assert users == ["public-users", "12,000", "1,000", "11,880", "0", "0", "120"]
    assert orders[:3] == ["orders", "[bold]", "5"]
    assert total == ["all", "streams", "12,005", "1,000", "11,880", "0", "2", "123"]


def test_what_is_drawn_is_gone_in_the_end_and_what_is_logged_stays(well: Ended) -> None:
    assert well.terminal.text == f"{LOGGED.rstrip()}\nINFO The end."
    assert well.code == 0


def test_the_log_is_above_what_is_drawn(well: Ended) -> None:
    assert well.terminal.frames[-1].startswith(LOGGED.rstrip())


def test_much_that_is_logged_is_all_there_without_much_drawing() -> None:
    ended = run("much")
    lines = [line for line in ended.terminal.text.splitlines() if line.startswith("INFO Line")]
    assert lines == [f"INFO Line {number}" for number in range(300)]
    assert len(ended.terminal.frames) < 100


def test_nothing_is_written_to_standard_output(well: Ended) -> None:
    assert well.stdout == ""


@pytest.mark.parametrize(("ending", "code"), [("raise", 1), ("at_once", 143)])
def test_the_terminal_is_as_it_was_however_the_run_ends(
    well: Ended, ending: str, code: int
) -> None:
    ended = run(ending)
    assert ended.code == code
    assert ended.terminal.cursor_visible
    assert well.terminal.cursor_visible
    assert ended.modes_kept
    assert well.modes_kept
    if ending == "raise":
        assert "in flight" not in ended.terminal.text
        assert "made for a test" in ended.terminal.text


def test_a_state_that_goes_to_the_same_terminal_has_room() -> None:
    ended = run("state")
    assert ended.terminal.text == f'{LOGGED.rstrip()}\n{{"bookmarks": {{}}}}\nINFO The end.'
    assert "0:13 min" in ended.terminal.frames[-1], "it is drawn again below the state"


def test_a_small_terminal_without_colours_is_enough(well: Ended) -> None:
    assert "32" in well.terminal.colours
    small = run("well", {**XTERM, "NO_COLOR": "1"}, width=40, height=8)
    assert small.terminal.colours == set()
    assert small.terminal.text == well.terminal.text
    assert all(len(frame.splitlines()) <= 8 + 1 for frame in small.terminal.frames)
    last = small.terminal.frames[-1]
    assert "Accepted" in last
    assert "…" not in last.partition("Accepted")[2], "no number is cut"


def test_a_terminal_that_cannot_draw_gets_lines() -> None:
    lines = run("slow", {"TERM": "dumb"}).terminal.text.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "INFO A line that is longer than the terminal",
        "INFO Under way",
        "INFO The end.",
    ]


def test_the_command_shows_how_it_stands_while_it_waits_and_writes_states_only(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    users = {"type": "profile", "identifier": {"identity": "id"}}
    rows = [record("users", id=1), record("users", id=""), state({"n": 1})]
    (file := tmp_path / "config.json").write_text(
        json.dumps(config(sandbox, tmp_path / "work", streams={"users": users}))
    )
    (tap := tmp_path / "tap.jsonl").write_bytes(lines([schema("users", id={}), *rows]))
    sandbox.latency(1.5)
    arguments = ["--config", str(file), "--input", str(tap)]
    ended = run_in_terminal("target_clevertap", *arguments, environment=XTERM, width=120)

    assert (ended.code, ended.stdout) == (0, '{"n": 1}\n')
    *_, users_line, standing = ended.terminal.frames[-1].splitlines()
    assert users_line.split()[:2] == ["users", "2"]
    assert standing.endswith("1 call in flight")
    assert "%" not in ended.terminal.frames[-1], "nobody knows how much there is"
    assert "in flight" not in ended.terminal.text


# without a terminal


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Seen:
    """A view that remembers."""

    first = 1.0
    every = 2.0
    standings: list[Standing] = field(default_factory=list)

    def show(self, standing: Standing) -> None:
        self.standings.append(standing)

    def wipe(self) -> None:
        return


def test_without_a_terminal_there_is_a_line_every_half_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, tally = Clock(), Tally()
    shown = Progress({"error_logs": tally}, lambda: 1, LogLines(), clock)
    with caplog.at_level(logging.INFO):
        for _ in range(95):
            clock.now += 1
            tally.read += 100
            tally.accepted += 99
            tally.rejected += 1
            assert 0 < shown.tick() <= 30
    assert caplog.messages == [
        f"Under way: {read:,} read: {accepted:,} accepted, {rejected} rejected; "
        "100 rows a second, 1 call in flight."
        for read, accepted, rejected in ((3000, 2970, 30), (6000, 5940, 60), (9000, 8910, 90))
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}
    assert not any("error" in line.lower() for line in caplog.messages)


def test_what_is_no_terminal_gets_lines() -> None:
    assert isinstance(progress({}, lambda: 0, io.StringIO()).view, LogLines)


def test_it_is_shown_when_due_and_says_when_that_is() -> None:
    clock, seen = Clock(), Seen()
    shown = Progress({}, lambda: 0, seen, clock)
    assert shown.tick() == 1
    clock.now += 0.75
    assert shown.tick() == 0.25
    assert seen.standings == []
    clock.now += 0.5
    assert shown.tick() == 2
    clock.now += 5
    assert shown.tick() == 2
    assert [standing.seconds for standing in seen.standings] == [1.25, 6.25]


def test_a_rate_is_that_of_the_last_seconds() -> None:
    clock, seen, tally = Clock(), Seen(), Tally()
    shown = Progress({"users": tally}, lambda: 0, seen, clock)
    for second in range(60):
        clock.now += 1
        tally.read += 500 if second < 30 else 10
        shown.tick()
    assert seen.standings[5].streams[0].rows_a_second == pytest.approx(500)
    assert seen.standings[-1].total.rows_a_second == pytest.approx(10)
