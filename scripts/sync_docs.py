"""Writes into docs/ what the code knows better, or checks that it is there, and in meltano.yml too.

Usage: python scripts/sync_docs.py [--check]

Between the `<!-- settings -->` markers of docs/settings.md stands the table of settings, between
the `<!-- reasons -->` markers of docs/reasons.md the reasons for rejected rows. The settings of the
loader in meltano.yml are checked by name, kind and secrecy only: their values are the demo's. Its
capabilities are those of the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from target_clevertap.mapping import REASONS
from target_clevertap.target import TargetCleverTap

ROOT = Path(__file__).parent.parent
KINDS = {"boolean": "boolean", "integer": "integer", "object": "object", "array": "array"}


def main() -> int:
    """Write, or with `--check` compare; returns the exit code."""
    faults = list(_meltano_faults())
    for file, marker, table in TABLES:
        path = ROOT / "docs" / file
        text = path.read_text(encoding="utf-8")
        synced = _between(text, marker, table())
        if "--check" not in sys.argv:
            path.write_text(synced, encoding="utf-8")
        elif synced != text:
            faults.append(f"docs/{file} does not say what the code says; run `make docs`")
    print("\n".join(faults) or "The documentation is in step with the code.")  # noqa: T201 - a command
    return 1 if faults else 0


def settings() -> dict[str, dict[str, Any]]:
    """The JSON Schema of every setting, by name: what `--about` prints."""
    schema = TargetCleverTap.config_jsonschema
    TargetCleverTap.append_builtin_config(schema)
    properties: dict[str, dict[str, Any]] = schema["properties"]
    return properties


def _between(text: str, marker: str, content: str) -> str:
    mark = f"<!-- {marker} -->"
    before, _, after = text.split(mark)
    return f"{before}{mark}\n{content}\n{mark}{after}"


def _settings_table() -> str:
    required = TargetCleverTap.config_jsonschema["required"]
    rows = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for name, schema in settings().items():
        default = "required" if name in required else _code(schema.get("default"))
        meaning = " ".join(schema.get("description", "").split()).replace("|", "\\|")
        rows.append(f"| `{name}` | {_type(schema)} | {default} | {meaning} |")
    return "\n".join(rows)


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " ".join(f"`{choice}`" for choice in schema["enum"])
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{_json_type(schema)} {low}-{high}"
    return _json_type(schema) + (", secret" if schema.get("secret") else "")


def _json_type(schema: dict[str, Any]) -> str:
    kind = schema.get("type", "string")
    kinds = [kind] if isinstance(kind, str) else kind
    return next(name for name in kinds if name != "null")


def _code(default: object) -> str:
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _reasons_table() -> str:
    rows = ["| code | meaning |", "|---|---|"]
    return "\n".join(
        rows + [f"| `{code}` | {reason} |" for code, reason in sorted(REASONS.items())]
    )


def _meltano_faults() -> list[str]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (loader,) = project["plugins"]["loaders"]
    declared = {setting["name"]: setting for setting in loader["settings"]}
    known = settings()
    capabilities = [capability.value for capability in TargetCleverTap.capabilities]
    faults = [f"meltano.yml lacks the setting {name}" for name in known.keys() - declared.keys()]
    faults += [
        f"meltano.yml has an unknown setting {name}" for name in declared.keys() - known.keys()
    ]
    for name in declared.keys() & known.keys():
        expected = (
            "options" if "enum" in known[name] else KINDS.get(_json_type(known[name]), "string")
        )
        if re.sub("password", "string", declared[name].get("kind", "string")) != expected:
            faults.append(f"meltano.yml: {name} is of kind {expected}")
        if bool(known[name].get("secret")) != bool(declared[name].get("sensitive")):
            faults.append(f"meltano.yml: whether {name} is sensitive is not what the code says")
    if loader["capabilities"] != capabilities:
        faults.append(f"meltano.yml: the capabilities are {', '.join(capabilities)}")
    return faults


TABLES = (("settings.md", "settings", _settings_table), ("reasons.md", "reasons", _reasons_table))
"""File, marker and content of each table that is written."""


if __name__ == "__main__":
    sys.exit(main())
