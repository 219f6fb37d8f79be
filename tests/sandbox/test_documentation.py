"""`docs/sandbox.md` and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from target_clevertap.sandbox import cli, inspection, refusals
from target_clevertap.sandbox.faults import AnyFault
from target_clevertap.sandbox.options import setting_options
from target_clevertap.sandbox.routes import ROUTES
from tests.sandbox import evidence

PAGE = evidence.DOCUMENT.read_text()
TESTS = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(test_\w+)`", PAGE)

    assert len(named) > 100
    assert [name for name in named if f"def {name}(" not in TESTS] == []


def test_every_rule_has_evidence_a_place_and_a_test_unless_it_is_a_mere_guess() -> None:
    rules = evidence.rules()

    assert len(rules) > 60
    assert [rule.text for rule in rules if not rule.evidence <= set(evidence.MARKS)] == []
    assert [rule.text for rule in rules if not rule.evidence or not rule.sites] == []
    assert [rule.text for rule in rules if not rule.tests and rule.evidence != {"guess"}] == []


def test_every_place_of_the_fidelity_table_exists() -> None:
    sites = {site for rule in evidence.rules() for site in rule.sites}

    assert [file for file, _ in sites if not (evidence.PACKAGE / file).exists()] == []
    assert [
        (file, name) for file, name in sites if name and name not in evidence.names_of(file)
    ] == []


def test_every_mark_of_the_code_is_in_the_fidelity_table() -> None:
    told: dict[evidence.Site, set[str]] = {}
    for rule in evidence.rules():
        for site in rule.sites:
            told.setdefault(site, set()).update(rule.evidence)
    marks = evidence.marks()

    assert len(marks) > 90
    assert [
        (site, found) for site, found in marks.items() if not found <= told.get(site, set())
    ] == []


def test_every_refusal_of_the_code_is_in_the_fidelity_table() -> None:
    told = {name for rule in evidence.rules() for file, name in rule.sites if file == "refusals.py"}
    known = {name for name, each in vars(refusals).items() if isinstance(each, refusals.Refusal)}

    assert len(known) > 20
    assert known <= told


def test_every_switch_names_the_test_that_turns_it() -> None:
    section = PAGE.partition("### Switches")[2].partition("## Routes")[0]
    rows = [row for row in section.splitlines() if row.startswith("| `--")]

    assert len(rows) > 10
    assert [row for row in rows if "`test_" not in row] == []


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
