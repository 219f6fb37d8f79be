"""What the shop's README explains is what its configuration says."""

from __future__ import annotations

import re
from pathlib import Path

from examples.shop.project import ROOT

README = Path(ROOT / "examples" / "shop" / "README.md").read_text(encoding="utf-8")
EXPLAINED = README.partition("## The configuration, line by line")[2].partition("\n## ")[0]
PROJECT = (ROOT / "meltano.yml").read_text(encoding="utf-8")


def test_every_line_that_is_explained_is_in_the_project() -> None:
    lines = [line.strip() for line in PROJECT.splitlines()]
    explained = re.findall(r"^\| `([^`]+)` \|", EXPLAINED, re.MULTILINE)

    assert len(explained) > 30
    assert [each for each in explained if not any(line.startswith(each) for line in lines)] == []


def test_every_stream_and_every_kind_of_source_is_explained() -> None:
    streams = PROJECT.rpartition("      streams:\n")[2]
    sources = re.findall(r"^ +(\w[^:]*: \{.*\})$", streams, re.MULTILINE)

    assert len(sources) > 8
    assert [each for each in sources if f"`{each}`" not in EXPLAINED] == []
    named = re.findall(r"^ {8}(public-\w+:)", streams, re.MULTILINE)
    assert [name for name in named if name not in EXPLAINED] == []
