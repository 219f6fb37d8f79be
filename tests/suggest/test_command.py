"""`target-clevertap --suggest CATALOG.json` in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.suggest.block import CATALOGS, DATE_TIME, INTEGER, TEXT, block, catalog, real, stream

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 30


def suggest(file: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command; it gets no configuration, and an input that never ends."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--suggest", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment or None,
    ) as process:
        assert process.stdout
        assert process.stderr
        out, log = process.stdout.read(), process.stderr.read()
        return subprocess.CompletedProcess([], process.wait(SECONDS), out, log)


def test_it_prints_the_block_alone_without_configuration_or_input() -> None:
    done = suggest(CATALOGS / "tap_postgres.json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert yaml.safe_load(done.stdout) == block(real("tap_postgres")).settings


def test_it_says_how_to_try_the_block_out_the_cheapest_way_first() -> None:
    head = suggest(CATALOGS / "tap_postgres.json").stdout.decode().partition("streams:")[0]
    assert re.findall(r"--preview \d+|dry_run", head) == ["--preview 10", "dry_run"]


def test_it_prints_utf_8_whatever_the_terminal_has(tmp_path: Path) -> None:
    visits = stream("Besuche_Köln", {"id": INTEGER, "user_id": TEXT, "created_at": DATE_TIME})
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog(visits)), encoding="utf-8")
    done = suggest(file, LC_ALL="POSIX", PYTHONUTF8="0", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert "Besuche_Köln" in yaml.safe_load(done.stdout.decode())["streams"]


def test_where_nothing_can_be_mapped_it_says_why_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    members, zones = stream("vip", {"user_id": TEXT}), stream("zones", {"id": INTEGER})
    file.write_text(json.dumps(catalog(members, zones)))
    done = suggest(file)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert f"--suggest {file}: no stream could be mapped for sure" in line
    printed = done.stdout.decode()
    assert yaml.safe_load(printed) == {"streams": None}
    assert "# vip is left out: user_id names a customer, but there is no time" in printed
    assert "# zones is left out: no column names or describes a customer" in printed
    uncommented = re.sub(r"^  # (?=vip:|  )", "  ", printed, flags=re.MULTILINE)
    assert yaml.safe_load(uncommented)["streams"]["vip"]["type"] == "segment"


@pytest.mark.parametrize("content", [None, b"no JSON", b'{"streams": [1]}'])
def test_what_is_no_catalog_ends_with_2_and_one_sentence(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "catalog.json"
    if content is not None:
        file.write_bytes(content)
    done = suggest(file)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert f"--suggest {file}: " in line
