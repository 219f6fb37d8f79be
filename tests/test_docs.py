"""The guides in docs/ are true: their examples do what is shown, their messages are in the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import pytest
import yaml

from target_clevertap import errors
from target_clevertap.settings import (
    EventMapping,
    ProfileMapping,
    SegmentMapping,
    Source,
    TimeSource,
)
from target_clevertap.settings.yaml_values import YamlValues
from target_clevertap.target import TargetCleverTap

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
GUIDES: Final = ("mapping.md", "operating.md", "troubleshooting.md")
ACCOUNT: Final = {"account_id": "A", "passcode": "P"}
ANY_STREAM: Final = {"streams": {"s": {"type": "profile", "identifier": {"identity": "id"}}}}
LEAST: Final = 8
"""Characters of a message by which it is known."""


def text_of(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


# Examples


class Example(NamedTuple):
    """Settings, what the tap sends, and what is printed for it."""

    settings: str
    rows: str
    shown: str


def examples() -> list[Example]:
    blocks = r"```yaml\n((?:(?!```).)*)```\n\n```jsonl\n(.*?)```\n\n```text\n(.*?)```"
    return [Example(*found) for found in re.findall(blocks, text_of("mapping.md"), re.DOTALL)]


def preview(example: Example, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "account.yml").write_text(yaml.safe_dump(ACCOUNT))
    (folder / "streams.yml").write_text(example.settings, encoding="utf-8")
    (folder / "rows.jsonl").write_text(example.rows, encoding="utf-8")
    files = ["--config", "account.yml", "--config", "streams.yml", "--input", "rows.jsonl"]
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", *files, "--preview", "5"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_mapping_guide_has_an_example_for_whatever_prints_something() -> None:
    shown = text_of("mapping.md").count("```text\n")
    assert len(examples()) == shown > 10


@pytest.mark.parametrize("number", range(len(examples())))
def test_an_example_of_the_mapping_guide_prints_what_is_shown(number: int, tmp_path: Path) -> None:
    example = examples()[number]
    done = preview(example, tmp_path)
    assert (done.returncode, done.stdout) == (0, example.shown), done.stderr


# Settings


@pytest.mark.parametrize("guide", GUIDES)
def test_every_block_of_settings_is_valid(guide: str) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", text_of(guide), re.DOTALL):
        settings: dict[str, Any] = yaml.load(block, Loader=YamlValues)  # noqa: S506 - our own
        TargetCleverTap.typed(ACCOUNT | ANY_STREAM | settings)


def names_of_settings() -> set[str]:
    TargetCleverTap.append_builtin_config(TargetCleverTap.config_jsonschema)
    parts = (ProfileMapping, EventMapping, SegmentMapping, Source, TimeSource)
    inner = {field.encode_name for part in parts for field in msgspec.structs.fields(part)}
    return inner | set(TargetCleverTap.config_jsonschema["properties"])


@pytest.mark.parametrize("guide", GUIDES)
def test_every_setting_that_the_text_names_with_a_value_exists(guide: str) -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+): [^`]+`", text_of(guide)))
    assert named <= names_of_settings()


# Messages


def quoted() -> list[tuple[str, ...]]:
    """What troubleshooting.md quotes, each as the parts between what differs."""
    rows = re.findall(r"^\| (.+?) \|.*\|$", text_of("troubleshooting.md"), re.MULTILINE)
    cells = [re.fullmatch(r"`([^`]+)`", row) for row in rows if row != "message"]
    assert all(cells)
    parts = [cell[1].split("...") for cell in cells if cell]
    return [tuple(filter(None, (text.strip(" .,:;()") for text in row))) for row in parts]


def modules() -> Iterator[ast.Module]:
    """The code that speaks to users of the target; the sandbox has pages of its own."""
    for path in sorted((ROOT / "target_clevertap").rglob("*.py")):
        if "sandbox" not in path.parts:
            yield ast.parse(path.read_text(encoding="utf-8"))


def constant(node: ast.AST) -> str | None:
    """The text of a literal, with a null where a value will stand; None for anything else."""
    if isinstance(node, ast.Constant):
        value = node.value.decode(errors="replace") if isinstance(node.value, bytes) else node.value
        return value if isinstance(value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(constant(part) or "\0" for part in node.values)
    return None


@cache
def said() -> str:
    """Every text in the code, but for its documentation."""
    texts = []
    for module in modules():
        documentation = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
        found = (constant(node) for node in ast.walk(module) if id(node) not in documentation)
        texts += [text for text in found if text]
    return "\n".join(texts)


def test_every_message_that_is_quoted_is_in_the_code() -> None:
    assert len(quoted()) > 100
    unknown = [part for parts in quoted() for part in parts if part not in said()]
    assert unknown == []
    assert [parts for parts in quoted() if max(map(len, parts)) < LEAST] == []


NOT_TOLD: Final = {"SettingsError", "AnswerUnclear", "Interrupted"}
"""The first holds mistakes, which are looked at themselves; the second no user ever sees; the third
makes a sentence of its own of what it is given."""


def is_message(call: ast.Call) -> bool:
    """Whether a call tells the user something: an error of ours, a mistake, or a warning."""
    function = call.func
    if isinstance(function, ast.Name):
        return hasattr(errors, function.id) and function.id not in NOT_TOLD
    if not isinstance(function, ast.Attribute):
        return False
    whose = ast.unparse(function.value)
    if function.attr == "add":
        return whose.endswith("mistakes")
    return function.attr in {"warning", "error", "critical"} and whose.endswith(("log", "logger"))


def messages() -> Iterator[str]:
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and is_message(node):
                texts = (constant(argument) for argument in node.args)
                yield from (text for text in texts if text and len(letters(text)) >= LEAST)


def letters(text: str) -> str:
    """The longest part of a message that always stands in it."""
    return max(re.split(r"\0|%\.?\d*\w", text), key=len).strip()


def test_every_message_of_the_code_is_explained() -> None:
    known = [part for parts in quoted() for part in parts if len(part) >= LEAST]
    unknown = {text for text in messages() if not any(part in text for part in known)}
    assert unknown == set()


# Links


def anchors(path: Path) -> set[str]:
    """Of the headings of a document, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", [*GUIDES, "architecture.md", "suggest.md"])
def test_what_a_guide_links_to_is_there(guide: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text_of(guide)):
        name, _, anchor = link.partition("#")
        path = DOCS / name if name else DOCS / guide
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link
