"""`docs/sandbox.md` and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from target_clevertap.sandbox import cli, inspection
from target_clevertap.sandbox.faults import AnyFault
from target_clevertap.sandbox.options import setting_options
from target_clevertap.sandbox.routes import ROUTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text()
TESTS = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))


def test_every_test_of_the_fidelity_table_exists() -> None:
    named = re.findall(r"`(test_\w+)`", PAGE)

    assert len(named) > 50
    assert [name for name in named if f"def {name}(" not in TESTS] == []


def test_every_file_of_the_fidelity_table_exists() -> None:
    package = ROOT / "target_clevertap" / "sandbox"
    named = set(re.findall(r"`(\w+\.py)`", PAGE))

    assert [name for name in named if not (package / name).exists()] == []


def test_every_option_is_described() -> None:
    options = [option for parameter in cli.command.params for option in parameter.opts]

    assert len(options) > 15
    assert [option for option in options if f"`{option}`" not in PAGE] == []


def test_every_guess_is_named_as_one_in_the_help() -> None:
    section = PAGE.partition("### Switches")[2].partition("## Routes")[0]
    guesses = {option.opts[0] for option in setting_options() if "guess:" in (option.help or "")}

    assert guesses == set(re.findall(r"^\| `(--[\w-]+)`", section, re.MULTILINE))


def test_every_kind_of_fault_is_described() -> None:
    section = PAGE.partition("## Faults")[2].partition("## Fidelity")[0]
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(AnyFault)}

    assert kinds == set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_route_is_described() -> None:
    paths = {*inspection.VIEWS, *(path for _, path in inspection.LEVERS)}
    own = {re.sub("{.*}", "ID", f"/_sandbox{path}") for path in paths}

    assert [route.path for route in ROUTES if route.path not in PAGE] == []
    assert [path for path in own if f"{path}`" not in PAGE] == []
