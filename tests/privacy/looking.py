"""Looks through all that a run has told and left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.privacy.rows import keys, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.privacy.children import Children, Told
    from tests.privacy.marks import Marks
    from tests.support.pipeline import Message

REPORTS = {"report.json", "report.html"}


def assert_private(
    told: Told,
    children: Children,
    marks: Marks,
    *,
    rejected: Iterable[Message] = (),
    members: Iterable[Message] = (),
    states: Iterable[Message] = (),
) -> None:
    """Nothing is told of the input, and nothing is kept of it but what has to be.

    Args:
        told: by the run.
        children: whose work folder is looked through.
        marks: of all input so far.
        rejected: rows that are kept as they are, and whose keys stand in reports.
        members: rows whose identities are kept, of lists that rows add to.
        states: what may be on standard output.
    """
    rejected = list(rejected)
    whole = marks.found(texts(rejected))
    listed = marks.found(str(row["record"]["user"]) for row in members)
    assert marks.found(told.log) == set()
    assert marks.found(told.stdout) <= marks.found(texts(states))
    for path, content in children.files().items():
        allowed: set[str] = set()
        if (name := Path(path).name) in REPORTS:
            allowed = marks.found(keys(rejected))
        elif name == "rejected.jsonl":
            allowed = whole
        elif name.startswith("ledger.sqlite"):
            allowed = whole | listed
        assert marks.found(content) <= allowed, path
