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

from examples.shop.project import MELTANO
from target_clevertap.clevertap import REGIONS
from target_clevertap.settings import EventMapping, ProfileMapping, SegmentMapping, Settings
from tests.support.pipeline import lines, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SANDBOX = "http://127.0.0.1:8080"
NAME = "target-clevertap"
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


def test_the_first_load_runs_as_written(sandbox: Sandbox, tmp_path: Path) -> None:
    config = block("yaml", "work_dir: first-load")
    assert config.count(SANDBOX) == 1
    (tmp_path / "config.yml").write_text(config.replace(SANDBOX, sandbox.url))
    (tmp_path / "rows.jsonl").write_text(block("jsonl", "Asha"))
    check, preview, load = block("sh", "--input rows.jsonl").splitlines()
    assert run(check, tmp_path).returncode == 0
    shown = run(preview, tmp_path)
    assert (shown.returncode, shown.stdout.count("phone_invalid")) == (0, 1), shown.stdout
    assert sandbox.profiles() == []
    done = run(load, tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"done": True}), done.stderr
    (event,), (profile,) = sandbox.events(), sandbox.profiles()
    assert (event["evtName"], profile["properties"]["Name"]) == ("Charged", "Asha Rao")
    assert list((tmp_path / "first-load").rglob("rejected.jsonl"))


def readmes_loader() -> dict[str, Any]:
    (loader,) = yaml.safe_load(block("yaml", "plugins:"))["plugins"]["loaders"]
    return dict(loader)


def test_the_meltano_example_is_valid_as_it_stands() -> None:
    loader = readmes_loader()
    assert loader["config"].keys() <= {setting["name"] for setting in loader["settings"]}
    Settings.parse({"passcode": "P"} | loader["config"])


def test_the_meltano_example_declares_what_the_repository_does_and_every_setting_that_matters() -> (
    None
):
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (whole,), loader = project["plugins"]["loaders"], readmes_loader()
    known = {setting["name"]: setting for setting in whole["settings"]}
    declared = {setting["name"]: setting for setting in loader["settings"]}
    for name, setting in declared.items():
        assert setting.get("sensitive") == known[name].get("sensitive"), name
        kind = known[name].get("kind")
        assert setting.get("kind") == (None if kind == "options" else kind), name
    table = README.partition("\n## Settings")[2]
    matter = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)))
    assert {"dry_run", "api_url", "work_dir"} <= set(matter) & known.keys() <= declared.keys()
    assert loader["capabilities"] == whole["capabilities"]


def test_a_dry_run_asked_for_by_a_variable_is_one_under_meltano(tmp_path: Path) -> None:
    loader = readmes_loader() | {"executable": str(Path(sys.executable).with_name(NAME))}
    del loader["pip_url"]
    project = {"send_anonymous_usage_stats": False, "plugins": {"loaders": [loader]}}
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(project))
    asked = {"DRY_RUN": "true", "API_URL": SANDBOX, "ACCOUNT_ID": "TEST-SANDBOX", "PASSCODE": "p"}
    variables = {f"TARGET_CLEVERTAP_{name}": value for name, value in asked.items()}
    variables["MELTANO_CLI_DISABLE_VERSION_CHECK"] = "true"
    done = run(f"{MELTANO} --log-level=error invoke --dump=config {NAME}", tmp_path, variables)
    passed_on = json.loads(done.stdout)
    assert (passed_on["dry_run"], passed_on["api_url"]) == (True, SANDBOX)
    assert passed_on["account_id"] == "TEST-SANDBOX"


@pytest.fixture
def pipe(sandbox: Sandbox, tmp_path: Path) -> Path:
    """A folder with the README's script and its configuration, which points at the sandbox."""
    settings = yaml.safe_load(block("yaml", 'passcode: "..."'))
    here = {"account_id": sandbox.account_id, "passcode": sandbox.passcode}
    here |= {"api_url": sandbox.url, "work_dir": str(tmp_path / "work")}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(settings | here))
    (tmp_path / "load.sh").write_text(block("bash", "tap-postgres --config tap.json"))
    fake_tap(tmp_path)
    return tmp_path


def test_the_pipe_runs_as_written_and_goes_on_where_it_ended(pipe: Path, sandbox: Sandbox) -> None:
    for rounds in (1, 2):
        done = run("bash load.sh", pipe)
        assert done.returncode == 0, done.stderr
        assert json.loads((pipe / "state.json").read_text()) == {"rounds": rounds}
    (profile,) = sandbox.profiles()
    assert profile["properties"] == {"Name": "Ada", "Email": "ada@example.com"}


def test_the_pipe_ends_with_the_code_of_the_target_and_restores_no_old_state(pipe: Path) -> None:
    (pipe / "states.jsonl").write_text('{"rounds": 41}\n')
    settings = yaml.safe_load((pipe / "config.yml").read_text())
    (pipe / "config.yml").write_text(yaml.safe_dump(settings | {"region": "mars"}))
    assert run("bash load.sh", pipe).returncode == 2
    assert json.loads((pipe / "state.json").read_text()) == {}


def test_the_pipe_ends_with_the_code_of_the_tap_if_the_target_was_content(pipe: Path) -> None:
    with (pipe / "tap-postgres").open("a") as script:
        script.write("sys.exit(7)\n")
    assert run("bash load.sh", pipe).returncode == 7
    assert json.loads((pipe / "state.json").read_text()) == {"rounds": 1}


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


@pytest.mark.parametrize(
    "command", ["target-clevertap --about --format=markdown", "target-clevertap --version"]
)
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


def run(
    command: str, folder: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command as a shell would run it, with our own commands and the folder's on the path."""
    path = f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(  # noqa: S602 - the text of our own README
        command, cwd=folder, shell=True,
        env={"PATH": path, "HOME": str(folder)} | dict(variables or {}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_state_is_what_a_tap_reads(tmp_path: Path) -> None:
    fake_tap(tmp_path)
    (tmp_path / "state.json").write_text('{"rounds": 4}')
    done = run("tap-postgres --state state.json | tail -n 1", tmp_path)
    assert json.loads(done.stdout) == state({"rounds": 5})


def test_the_settings_that_are_listed_are_all_there_are() -> None:
    about: dict[str, Any] = json.loads(run("target-clevertap --about --format json", ROOT).stdout)
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(
        about["settings"]["properties"]
    )


def test_every_region_is_explained() -> None:
    table = README.partition("| region | is |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(REGIONS)
