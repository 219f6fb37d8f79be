"""The marks of evidence in the sandbox's code, and the fidelity table that repeats them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "target_clevertap" / "sandbox"
DOCUMENT = ROOT / "docs" / "sandbox.md"
MARKS = ("REC", "DOC", "CODE", "3P", "INF", "guess")
NOT_RULES = {"cli.py", "settings.py"}
"""Files that speak of guesses without making one: each switch is in a table of its own."""

Site: TypeAlias = tuple[str, str]
"""A file, and the innermost name in it; an empty name is the file as a whole."""

_MARK = re.compile(rf"\b({'|'.join(MARKS)}|Guess)(?:es)?\b")


@dataclass(frozen=True)
class Rule:
    """One row of the fidelity table."""

    text: str
    evidence: frozenset[str]
    sites: tuple[Site, ...]
    tests: tuple[str, ...]


def rules() -> list[Rule]:
    """The rows of the fidelity table."""
    table = DOCUMENT.read_text().partition("| rule | evidence | enforced in | held by |\n")[2]
    rows = table.partition("\n\n")[0].splitlines()[1:]
    return [_rule(row) for row in rows]


def _rule(row: str) -> Rule:
    text, evidence, where, held = (cell.strip() for cell in row.strip("|").rsplit("|", 3))
    return Rule(
        text,
        frozenset(evidence.split(", ")),
        tuple(_sites(where)),
        tuple(re.findall(r"`(test_\w+)`", held)),
    )


def _sites(where: str) -> Iterator[Site]:
    """`a.py` is the file as a whole; `a.py` `B`, `C` are two names in it."""
    for part in where.split("; "):
        file, *names = re.findall(r"`([^`]+)`", part)
        yield from ((file, name) for name in names or [""])


def names_of(file: str) -> set[str]:
    """Everything that a file of the sandbox defines, methods and constants included."""
    return {name for _, _, name in _spans(ast.parse((PACKAGE / file).read_text()).body)}


def marks() -> dict[Site, set[str]]:
    """Where the code bears a mark, and which ones."""
    found: dict[Site, set[str]] = {}
    for path in sorted(PACKAGE.glob("*.py")):
        if path.name in NOT_RULES:
            continue
        text = path.read_text()
        spans = list(_spans(ast.parse(text).body))
        for number, line in enumerate(text.splitlines(), start=1):
            for mark in _MARK.findall(line):
                site = path.name, _innermost(spans, number)
                found.setdefault(site, set()).add(mark.replace("G", "g"))
    return found


def _innermost(spans: list[tuple[int, int, str]], line: int) -> str:
    around = [(last - first, name) for first, last, name in spans if first <= line <= last]
    return min(around)[1] if around else ""


def _spans(body: list[ast.stmt]) -> Iterator[tuple[int, int, str]]:
    """First and last line of each definition and its name; a constant's docstring is its own."""
    for node, after in zip(body, [*body[1:], None], strict=True):
        last = node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, last, node.name
            yield from _spans(node.body)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                last = after.end_lineno or last
            if isinstance(target, ast.Name):
                yield node.lineno, last, target.id
