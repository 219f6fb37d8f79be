"""The JSON Schema of the settings, for the SDK: `--about`, environment variables, Meltano."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from target_clevertap.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOLEANS: Final = frozenset({"true", "1", "yes", "on", "false", "0", "no", "off", ""})
"""In any case; the first four are true for the SDK, and everything else is false."""


def config_jsonschema() -> dict[str, Any]:
    """The flat JSON Schema that Singer targets publish, made from `Settings`."""
    fields = msgspec.structs.fields(Settings)
    return {
        "type": "object",
        "properties": {field.encode_name: _property(field) for field in fields},
        "required": [field.encode_name for field in fields if field.required],
    }


def _property(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """One setting: the SDK reads `type` to parse environment variables, so it is always there."""
    if field.name == "streams":
        schema: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "object"}}
        meta = field.type.__metadata__[0]
        schema |= {"title": meta.title, "description": meta.description}
    else:
        schema = msgspec.json.schema(field.type)
    if options := schema.pop("anyOf", None):
        schema["type"] = [option["type"] for option in options]
    schema.setdefault("type", "string")
    if not field.required and field.default is not None:
        schema["default"] = field.default
    return schema


def unreadable_variables(prefix: str, schema: dict[str, Any]) -> Iterator[str]:
    """One line for each environment variable whose text is not of its setting's type.

    The SDK would take any word that it does not know for false.
    """
    for name, setting in schema["properties"].items():
        variable = f"{prefix}{name.upper()}"
        text = os.environ.get(variable)
        if text is not None and (wanted := _unmet(setting.get("type", ()), text)):
            yield f"{variable}: must be {wanted}"


def _unmet(kinds: str | list[str], text: str) -> str | None:
    """What the text of a variable should be and is not."""
    if "boolean" in kinds:
        return None if text.lower() in BOOLEANS else "true or false"
    try:
        if "integer" in kinds:
            int(text)
        elif "object" in kinds:
            json.loads(text)
    except ValueError:
        return "an integer" if "integer" in kinds else "a JSON object"
    return None
