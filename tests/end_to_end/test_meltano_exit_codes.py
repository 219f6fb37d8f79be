"""What `meltano run` makes of each exit code: its own, and what its log tells of ours.

Meltano ends with 1 whatever a loader ended with. The loader's code is in its structured log, and
the sentences of the loader are in every form of it.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from examples.shop.processes import running
from examples.shop.project import MELTANO, PLUGINS, ROOT
from tests.support.pipeline import Message, lines, record, schema, state
from tests.support.sandbox import ACCOUNT_ID, PASSCODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.sandbox import Sandbox

SECONDS: Final = 120
OURS: Final = ("MELTANO_", "TAP_", "TARGET_CLEVERTAP_")
STATE_KEPT: Final = "Incremental state has been updated"
TAP: Final = '#!/bin/sh\nexec cat "$MELTANO_PROJECT_ROOT/lines.jsonl"\n'

STREAMS: Final = {
    "users": {"type": "profile", "identifier": {"identity": "id"}},
    "vip": {
        "type": "segment",
        "identifier": {"identity": "id"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
    },
}
PHONES: Final = ["+4915123456789"] * 17 + ["+12"] * 3
USERS: Final = [
    schema("users", id="integer", Phone="string"),
    *(record("users", id=number, Phone=phone) for number, phone in enumerate(PHONES, 1)),
    state({"bookmarks": {"users": 20}}),
]
NOBODY: Final = [schema("vip", id="integer"), state({"bookmarks": {"vip": 0}})]


@dataclass(frozen=True)
class Case:
    """What the tap sends, and settings beside those that would do."""

    messages: list[Message]
    settings: dict[str, str] = field(default_factory=dict)


CASES: Final = {
    "done": Case(USERS, {"MAX_REJECTED_PERCENT": "15"}),
    "not let in": Case(USERS, {"PASSCODE": "not-it"}),
    "wrong settings": Case(USERS, {"DEFAULT_COUNTRY": "Mars", "BATCH_SIZE_ROWS": "0"}),
    "too many rejected": Case(USERS),
    "empty list": Case(NOBODY),
}


@dataclass(frozen=True)
class Ended:
    """What a user of Meltano has when `meltano run` has ended."""

    code: int
    log: list[dict[str, Any]]

    @property
    def loader_code(self) -> int:
        """The exit code of the loader, as Meltano tells it."""
        (block,) = (line for line in self.log if line["event"] == "Block run completed")
        assert block["success"] is (self.code == 0)
        code: int = block.get("exit_codes", {}).get("loaders", 0)
        return code

    @property
    def events(self) -> str:
        """Everything that was said, line by line."""
        return "\n".join(line["event"] for line in self.log)


@pytest.fixture(scope="module")
def ended(
    sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Ended]]:
    """How each case ended; all run at once, since Meltano takes seconds to start."""
    sandbox_server.reset()
    with ExitStack() as stack:
        runs = {}
        for name, case in CASES.items():
            folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
            lay_out(folder, case)
            environment = variables(folder, sandbox_server.url, case.settings)
            command: list[str | Path] = [MELTANO, "run", "tap-lines", "target-clevertap"]
            log = folder / "meltano.log"
            run = stack.enter_context(running(command, log, env=environment, cwd=folder))
            runs[name] = run, log
        for run, _ in runs.values():
            run.communicate(timeout=SECONDS)
        yield {name: Ended(run.returncode, told(log)) for name, (run, log) in runs.items()}


def lay_out(folder: Path, case: Case) -> None:
    """The repository's project with a tap that sends the lines of a file."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    tap = {"name": "tap-lines", "namespace": "tap_lines", "executable": "./tap.sh"}
    project["plugins"]["extractors"] = [tap]
    project["plugins"]["loaders"][0]["config"] = {"streams": STREAMS}
    (folder / "meltano.yml").write_text(yaml.safe_dump(project))
    (folder / "lines.jsonl").write_bytes(lines(case.messages))
    (folder / "tap.sh").write_text(TAP)
    (folder / "tap.sh").chmod(0o700)
    (folder / ".meltano").mkdir()
    (folder / ".meltano" / "loaders").symlink_to(PLUGINS / "loaders")


def variables(folder: Path, url: str, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    target = {"ACCOUNT_ID": ACCOUNT_ID, "PASSCODE": PASSCODE, "API_URL": url}
    target |= {"WORK_DIR": str(folder / "work"), **settings}
    return inherited | {
        "MELTANO_PROJECT_ROOT": str(folder),
        "MELTANO_PROJECT_READONLY": "true",
        "MELTANO_AUTO_INSTALL": "false",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "MELTANO_CLI_LOG_FORMAT": "json",
        "XDG_STATE_HOME": str(folder / "logs"),
        **{f"TARGET_CLEVERTAP_{name}": value for name, value in target.items()},
    }


def told(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_0_the_run_is_done_with_as_many_rejected_rows_as_are_allowed(
    ended: dict[str, Ended],
) -> None:
    run = ended["done"]
    assert (run.code, run.loader_code) == (0, 0)
    assert "users: 20 read: 17 accepted, 3 rejected" in run.events
    assert STATE_KEPT in run.events


def test_1_the_run_could_not_go_on_and_says_what_to_look_at(ended: dict[str, Ended]) -> None:
    run = ended["not let in"]
    assert (run.code, run.loader_code) == (1, 1)
    assert "check the account id, the passcode and the region" in run.events
    assert STATE_KEPT not in run.events


def test_2_the_settings_are_wrong_and_each_mistake_is_named(ended: dict[str, Ended]) -> None:
    run = ended["wrong settings"]
    assert (run.code, run.loader_code) == (1, 2)
    assert "default_country: must be" in run.events
    assert "batch_size_rows: must be an integer >= 1" in run.events


def test_3_too_many_rows_were_rejected_and_the_rest_is_delivered(ended: dict[str, Ended]) -> None:
    run = ended["too many rejected"]
    assert (run.code, run.loader_code) == (1, 3)
    assert "users: 3 of 20 rows were rejected, more than max_rejected_percent (10)" in run.events
    assert "users: 20 read: 17 accepted, 3 rejected" in run.events
    assert STATE_KEPT in run.events


def test_3_a_segment_is_refused_by_its_guard(ended: dict[str, Ended]) -> None:
    run = ended["empty list"]
    assert (run.code, run.loader_code) == (1, 3)
    assert "Segment 'VIP' was not uploaded: it would be empty" in run.events


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"done"}))
def test_meltano_tells_that_it_was_the_loader_that_failed_and_no_run_ends_in_a_traceback(
    name: str, ended: dict[str, Ended]
) -> None:
    assert "Loader failed" in ended[name].events
    assert "Traceback" not in ended[name].events
