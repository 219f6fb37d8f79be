"""The JSON Schema of `report.json`, made from the structs that the report is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from target_clevertap.report.model import VERSION, Report

SCHEMA_FILE: Final = Path(__file__).with_name("report.schema.json")
"""A copy of the schema, for whoever reads reports without this program."""


def schema() -> dict[str, Any]:
    """What every report fits (JSON Schema 2020-12)."""
    made: dict[str, Any] = msgspec.json.schema(Report)
    for definition in made["$defs"].values():
        # Whoever reads a report finds all of them, also those that whoever makes one may leave out.
        definition["required"] = list(definition["properties"])
        for name, member in definition["properties"].items():
            member["title"] = name.replace("_", " ").capitalize()
            member.pop("default", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Report of a run of target-clevertap, version {VERSION}",
        **made,
    }


def schema_text() -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def write_schema() -> None:
    """Bring the file in step with the structs."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
