"""A configuration file is JSON or YAML; what is wrong with one is said without its content."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import SettingsError
from target_clevertap.settings import Settings, read_config

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, name: str, content: str | bytes) -> dict[str, Any]:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_config(str(file))


def fault(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(SettingsError) as error:
        read(folder, name, content)
    (line,) = error.value.mistakes
    start = f"--config {folder / name}: "
    assert line.startswith(start)
    return line.removeprefix(start)


@pytest.mark.parametrize("name", ["c.yml", "c.yaml", "c.YML"])
def test_yaml_is_known_by_the_name_of_its_file(name: str, tmp_path: Path) -> None:
    text = "account_id: A\nstreams:\n  users: {type: profile, identifier: {identity: id}}\n"
    users = {"type": "profile", "identifier": {"identity": "id"}}
    assert read(tmp_path, name, text) == {"account_id": "A", "streams": {"users": users}}


def test_json_is_json_whatever_else_the_file_is_called(tmp_path: Path) -> None:
    assert read(tmp_path, "settings", '{"account_id": "A"}') == {"account_id": "A"}


@pytest.mark.parametrize("name", ["c.yml", "c.json"])
def test_a_byte_order_mark_does_no_harm(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, b'\xef\xbb\xbf{"region": "in1"}') == {"region": "in1"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("NO", "NO"), ("off", "off"), ("yes", "yes"), ("10:30", "10:30"), ("007", "007")],
        *[("2024-01-02", "2024-01-02"), ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z")],
        *[("true", True), ("False", False), ("", None), ("~", None), ("null", None)],
        *[("12", 12), ("-3", -3), ("1.5", 1.5), ("1e3", 1000.0), ("'12'", "12"), ("0x1F", "0x1F")],
    ],
)
def test_what_stands_in_yaml_is_what_is_meant(text: str, value: object, tmp_path: Path) -> None:
    found = read(tmp_path, "c.yml", f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_norway_is_a_country_and_a_ledger_can_be_off(tmp_path: Path) -> None:
    text = "account_id: A\npasscode: P\ndefault_country: NO\nledger_url: off\n"
    users = {"users": {"type": "profile", "identifier": {"identity": "id"}}}
    settings = Settings.parse(read(tmp_path, "c.yml", text) | {"streams": users})
    assert (settings.default_country, settings.ledger_url) == ("NO", "off")


def test_a_key_of_yaml_is_text_and_a_part_can_be_used_again(tmp_path: Path) -> None:
    text = "2024: a\ntrue: b\n2024-01-02: c\nx: &x {k: 1}\ny: {<<: *x, k: 2, l: 3}\n"
    found = read(tmp_path, "c.yml", text)
    assert found == {
        "2024": "a",
        "true": "b",
        "2024-01-02": "c",
        "x": {"k": 1},
        "y": {"k": 2, "l": 3},
    }


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("c.json", '{\n "marker": "a",\n}', "is not valid JSON (line 3, column 1)"),
        (
            "c.json",
            "marker: a\n",
            "is not valid JSON (line 1, column 1); if it is YAML, let its name end with .yml",
        ),
        ("c.json", '["marker"]', "must hold an object of settings, not a list"),
        ("c.json", b"\xff", "is not UTF-8 text"),
        ("c.json", '{"a":' * 100_000, "is nested too deeply"),
        ("c.yml", "a: 1\nb: [marker\n", "is not valid YAML (line 3, column 1)"),
        ("c.yml", "a: *marker\n", "is not valid YAML (line 1, column 4)"),
        ("c.yml", "a: !marker b\n", "is not valid YAML (line 1, column 4)"),
        ("c.yml", "a: !!timestamp 2024-01-02\n", "is not valid YAML (line 1, column 4)"),
        ("c.yml", "a: marker\x07\n", "is not valid YAML"),
        ("c.yml", "- marker\n", "must hold an object of settings, not a list"),
        ("c.yml", "# marker\n", "must hold an object of settings, not null"),
        ("c.yml", "2024-01-02\n", "must hold an object of settings, not a string"),
        (
            "c.yml",
            "a: 1\n? [marker]\n: 2\n",
            "is not valid YAML (line 2, column 3): a key must be text",
        ),
        (
            "c.yml",
            "marker: 1\nb: 2\nmarker: 3\n",
            "is not valid YAML (line 3, column 1): a key stands there twice",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence_with_the_place_and_without_content(
    name: str, content: str | bytes, sentence: str, tmp_path: Path
) -> None:
    assert fault(tmp_path, name, content) == sentence


def test_a_file_that_is_not_there_is_told_from_one_that_is_broken(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file or directory"):
        read_config(str(tmp_path / "missing.json"))


def test_those_who_have_no_yaml_do_not_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    code = (
        "import sys; from target_clevertap.settings import read_config; read_config(sys.argv[1]); "
        "sys.exit('yaml' in sys.modules)"
    )
    file = str(tmp_path / "c.json")
    done = subprocess.run([sys.executable, "-c", code, file], check=False)  # noqa: S603 - our own code
    assert done.returncode == 0
