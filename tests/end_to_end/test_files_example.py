"""The example of files: the samples, somebody's own CSV, and what is said when it cannot be."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from examples.files.load import HERE, MAPPING, split_names
from examples.files.tap import NoSuchFile, tap_for
from examples.shop.project import ROOT
from examples.shop.sandbox import Sandbox, start_sandbox

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 60
README = (HERE / "README.md").read_text(encoding="utf-8")


def load(folder: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """What `python -m examples.files.load` did and said."""
    command = [sys.executable, "-m", "examples.files.load", "--once", "--port", "0"]
    return subprocess.run(  # noqa: S603 - our own program
        [*command, "--folder", folder, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def profiles(folder: Path) -> list[dict[str, Any]]:
    """The properties of all profiles that a load has left, by a sandbox over its database."""
    database = str(folder / "clevertap.sqlite")
    with start_sandbox(folder / "look.log", "--db", database) as sandbox:
        return [profile["properties"] for profile in sandbox.profiles()]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that a load of the samples has left, and what it told."""
    folder = tmp_path_factory.mktemp("samples")
    done = load(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def test_the_samples_arrive_and_what_is_wrong_with_some_is_told(
    samples: tuple[Path, str],
) -> None:
    _, told = samples

    assert re.findall(r"\S+ x profile", told) == ["4 x profile"]
    assert re.findall(r"\S+ x event .*", told) == ["4 x event “Charged”"]
    assert "segment “VIP customers”: 2 members, 1 unknown" in told
    assert {
        *("customers, email_invalid", "customers, identity_forbidden", "customers, date_invalid"),
        "orders, timestamp_invalid",
    } == set(re.findall(r"1 x (\w+, \w+):", told))


def test_the_samples_have_the_types_that_the_mapping_gives_them(
    samples: tuple[Path, str],
) -> None:
    ana = next(each for each in profiles(samples[0]) if each["Name"] == "Ana Ünal")

    assert ana == {
        "Name": "Ana Ünal",
        "Email": "ana@example.com",
        "Phone": 4915123456789,
        "DOB": "$D_642895200",
        "Plan": "gold",
        "Balance": 12.5,
        "MSG-email": True,
        "Signed up": "$D_1709287200",
        "Source": "csv",
    }


def test_a_file_of_ones_own_is_loaded_by_a_guessed_mapping_that_can_be_corrected(
    tmp_path: Path,
) -> None:
    file = tmp_path / "people [2024].csv"
    file.write_text("\ufeffid;full_name;email;points\n007;Ada;ada@example.com;5\n008;Ben;;6\n")
    guessed = load(tmp_path / "out", file)
    first = profiles(tmp_path / "out")
    (kept,) = (tmp_path / "out").glob("mapping*.yml")
    mapping = yaml.safe_load(kept.read_text())
    mapping["streams"][file.stem]["properties"]["Points"] = {"column": "points", "type": "integer"}
    kept.write_text(corrected := yaml.safe_dump(mapping))
    again = load(tmp_path / "out", file)

    assert (guessed.returncode, guessed.stderr, again.returncode) == (0, "", 0)
    assert f"correct it in {kept}" in guessed.stdout
    assert f"The mapping is {kept}; remove it" in again.stdout
    assert {each["Name"] for each in first} == {"Ada", "Ben"}
    assert {each["Points"] for each in profiles(tmp_path / "out")} == {5, 6}
    assert kept.read_text() == corrected


def test_a_mapping_from_elsewhere_is_used_if_it_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "people.csv").write_text("id,full_name\n1,Ada\n")
    users = {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Nick": "full_name"},
    }
    (mapping := tmp_path / "m.yml").write_text(yaml.safe_dump({"streams": {"people": users}}))
    done = load(tmp_path / "out", file, "--mapping", mapping)

    assert (done.returncode, profiles(tmp_path / "out")) == (0, [{"Nick": "Ada"}])
    assert list((tmp_path / "out").glob("mapping*.yml")) == []


def test_make_takes_a_file_with_a_space_in_its_name_and_tells_when_the_port_is_taken(
    tmp_path: Path,
) -> None:
    (file := tmp_path / "my people.csv").write_text("id,full_name,email\n1,Ada,a@example.com\n")
    make = shutil.which("make") or "make"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = subprocess.run(  # noqa: S603 - make itself
            [make, "--dry-run", "--no-print-directory", "try"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        recipe = shown.stdout[shown.stdout.index(".venv/bin/python -m examples.files.load") :]
        environment = os.environ | {"CSV": str(file), "PORT": str(port)}
        done = subprocess.run(  # noqa: S602 - the recipe of our own Makefile
            f"{recipe.rstrip()} --folder '{tmp_path / 'out'}'", shell=True, env=environment,
            cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip

    assert done.returncode == 1
    assert "mapping-my people.yml" in done.stdout
    assert "address already in use" in done.stderr.lower()
    assert "make try PORT=" in done.stderr


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("a.csv b.csv", ["a.csv", "b.csv"]),
        ("'a b.csv' c.csv", ["a b.csv", "c.csv"]),
        ("d e.csv", ["d e.csv"]),
        ("it's.csv", ["it's.csv"]),
    ],
)
def test_names_of_files_are_split_at_spaces_unless_they_hold_them(
    text: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d e.csv").touch()

    assert [str(path) for path in split_names(text)] == names


def test_a_file_that_says_nothing_of_customers_asks_for_a_mapping(tmp_path: Path) -> None:
    (file := tmp_path / "stars.csv").write_text("star,magnitude\nVega,0\nDeneb,1\n")

    for done in (load(tmp_path / "out", file), load(tmp_path / "out", file)):
        assert done.returncode == 1
        assert f"write into {tmp_path / 'out' / 'mapping-stars.yml'}" in done.stderr


def test_a_mapping_with_a_mistake_is_told_in_the_words_of_the_target(tmp_path: Path) -> None:
    (mapping := tmp_path / "m.yml").write_text("streams: {customers: {type: profil}}\n")
    done = load(tmp_path / "out", HERE / "customers.csv", "--mapping", mapping)

    assert done.returncode == 1
    assert "The target could not go on" in done.stderr
    assert "streams.customers.type" in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe\x00"])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(NoSuchFile, match=r"people\.csv"):
        tap_for([file], tmp_path / "tap.json")


def test_the_page_is_kept_up_until_a_signal_comes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.files.load", "--port", "0"]
    command += ["--folder", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT, text=True) as kept:  # noqa: S603 - our own program
        assert kept.stdout is not None
        url = next(
            found[0] for line in kept.stdout if (found := re.search(r"http://[\d.:]+", line))
        )
        names = {each["properties"]["Name"] for each in Sandbox(url).profiles()}
        page = requests.get(url, timeout=SECONDS)
        kept.send_signal(signal.SIGINT)
        _, last = kept.communicate(timeout=SECONDS)

    assert "Eve" in names
    assert page.status_code == 200
    assert (kept.returncode, last) == (0, "\nStopped; nothing is left running.\n")


def test_every_line_of_the_mapping_is_explained() -> None:
    lines = [line.strip() for line in MAPPING.read_text(encoding="utf-8").splitlines()]

    assert len(lines) > 25
    assert [line for line in lines if f"`{line}`" not in README] == []
