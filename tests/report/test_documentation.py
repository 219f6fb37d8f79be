"""docs/report.md says what a report holds, and its commands work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from target_clevertap.report.folder import FOLDERS_KEPT
from target_clevertap.report.model import KEY_CHARACTERS, Counts, Outcome, Report, ReportedRun
from target_clevertap.report.timeline import INTERVALS
from tests.report.samples import clean, small

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "report.md").read_text(encoding="utf-8")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two kept runs, in a folder as the commands expect it, below which they are called."""
    for name, report in (("first", small()), ("second", clean())):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "report.json").write_bytes(msgspec.json.encode(report))
    shutil.copy(tmp_path / "runs" / "first" / "report.json", tmp_path)
    return tmp_path


def test_every_member_and_outcome_is_explained() -> None:
    names = [*Report.__struct_fields__, *ReportedRun.__struct_fields__, *Counts.__struct_fields__]
    missing = [name for name in (*names, *get_args(Outcome)) if not re.search(rf"\b{name}\b", TEXT)]
    assert missing == []


def test_its_numbers_are_those_of_the_code() -> None:
    assert f"The newest {FOLDERS_KEPT} folders are kept" in TEXT
    assert f"cut to {KEY_CHARACTERS} characters" in TEXT
    assert f"up to {INTERVALS} intervals" in TEXT


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if "://" not in link and not (DOCS / link).exists()] == []


def test_its_commands_answer_their_questions(runs: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("needs jq")
    commands = re.search(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    assert commands is not None
    ran = subprocess.run(  # noqa: S603 - commands of our own documentation
        ["sh", "-ec", commands[1]],  # noqa: S607 - the same
        cwd=runs,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        small().run.sentence,
        *(
            f"{stream.name}\t{reason.count}\t{reason.reason}"
            for stream in small().streams
            for reason in stream.rejections
        ),
        *(
            f"2026-03-01T04:00:07Z\t{report.run.seconds:g}\t{report.totals.read}"
            f"\t{report.totals.rejected}"
            for report in (small(), clean())
        ),
    ]
