"""What the README shows is true: its commands run as written, its examples are valid."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from target_clevertap.settings import EventMapping, ProfileMapping, SegmentMapping, Settings
from tests.support.pipeline import lines, record, schema, state

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACCOUNT = {"account_id": "A", "passcode": "P"}


def block(language: str, containing: str) -> str:
    """The one code block of a language with that text in it."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
    (found,) = [text for text in blocks if containing in text]
    return str(found)


def test_the_mapping_guide_is_valid_as_it_stands() -> None:
    guide = yaml.safe_load(block("yaml", "public-vip:"))
    streams = Settings.parse(ACCOUNT | guide).streams
    assert [type(mapping) for mapping in streams.values()] == [
        ProfileMapping,
        EventMapping,
        SegmentMapping,
    ]


def test_the_meltano_example_is_valid_as_it_stands() -> None:
    project = yaml.safe_load(block("yaml", "plugins:"))
    (loader,) = project["plugins"]["loaders"]
    assert loader["config"].keys() <= {setting["name"] for setting in loader["settings"]}
    Settings.parse({"passcode": "P"} | loader["config"])


def test_the_pipe_runs_as_written_and_goes_on_where_it_ended(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = json.loads(block("json", '"streams"'))
    here = {"account_id": sandbox.account_id, "passcode": sandbox.passcode}
    here |= {"api_url": sandbox.url, "work_dir": str(tmp_path / "work")}
    (tmp_path / "config.json").write_text(json.dumps(settings | here))
    fake_tap(tmp_path)
    for rounds in (1, 2):
        done = run(block("sh", "tap-postgres --config tap.json"), tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / "state.json").read_text()) == {"rounds": rounds}
    (profile,) = sandbox.profiles()
    assert profile["properties"] == {"Name": "Ada", "Email": "ada@example.com"}


def test_the_rejected_row_that_is_shown_is_what_the_target_writes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    shown = json.loads(block("json", '"rejected"'))
    streams = {"public-users": {"type": "profile", "identifier": {"identity": "id"}}}
    streams["public-users"]["properties"] = {"Phone": "mobile"}
    settings = ACCOUNT | {"api_url": sandbox.url, "work_dir": str(tmp_path), "streams": streams}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    announced = schema("public-users", id="integer", mobile="string")
    (tmp_path / "in.jsonl").write_bytes(
        lines([announced, record("public-users", **shown["record"])])
    )
    done = run("target-clevertap --config config.json --input in.jsonl", tmp_path)
    assert done.returncode == 3, done.stderr
    (path,) = tmp_path.rglob("rejected.jsonl")
    kept = json.loads(path.read_text().splitlines()[1])
    assert kept["record"] == shown["record"]
    assert kept["rejected"].keys() == shown["rejected"].keys()
    assert kept["rejected"]["code"] == shown["rejected"]["code"]
    assert kept["rejected"]["reason"] == shown["rejected"]["reason"]


@pytest.mark.parametrize("command", ["target-clevertap --about", "target-clevertap --version"])
def test_commands_that_are_named_in_the_text_run(command: str, tmp_path: Path) -> None:
    assert run(command, tmp_path).returncode == 0


def test_make_knows_the_commands_that_are_named(tmp_path: Path) -> None:
    for target in re.findall(r"^make (\w+)", block("sh", "make demo"), flags=re.MULTILINE):
        make = shutil.which("make") or "make"
        done = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - make itself
        assert done.returncode == 0, tmp_path


def test_every_file_that_is_linked_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def fake_tap(folder: Path) -> None:
    """A `tap-postgres` that sends one user and counts its rounds in the state it is given."""
    messages = lines(
        [
            schema("public-users", id="integer", full_name="string", email="string"),
            record("public-users", id=1, full_name="Ada", email="ada@example.com"),
        ]
    ).decode()
    script = folder / "tap-postgres"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        "state = json.load(open(sys.argv[sys.argv.index('--state') + 1]))\n"
        f"sys.stdout.write({messages!r})\n"
        "value = {'rounds': state.get('rounds', 0) + 1}\n"
        "print(json.dumps({'type': 'STATE', 'value': value}))\n"
    )
    script.chmod(0o755)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command as a shell would run it, with our own commands and the folder's on the path."""
    path = f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(  # noqa: S602 - the text of our own README
        command, cwd=folder, shell=True, env={"PATH": path, "HOME": str(folder)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_state_is_what_a_tap_reads(tmp_path: Path) -> None:
    fake_tap(tmp_path)
    (tmp_path / "state.json").write_text('{"rounds": 4}')
    done = run("tap-postgres --state state.json | tail -n 1", tmp_path)
    assert json.loads(done.stdout) == state({"rounds": 5})


def test_the_settings_that_are_shown_are_all_there_are() -> None:
    about: dict[str, Any] = json.loads(run("target-clevertap --about --format json", ROOT).stdout)
    shown = re.findall(r"^\| `(\w+)` \|", README.partition("<!-- settings -->")[2], re.MULTILINE)
    assert shown == list(about["settings"]["properties"])
