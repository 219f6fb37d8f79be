"""The JSON Schema of the settings, for the SDK: `--about`, environment variables, Meltano."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import msgspec

from target_clevertap.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """One line for each environment variable that is no integer, or no JSON, but should be."""
    for name, setting in schema["properties"].items():
        variable = f"{prefix}{name.upper()}"
        text = os.environ.get(variable)
        if text is not None and (wanted := _unmet(str(setting.get("type")), text)):
            yield f"{variable}: must be {wanted}"


def _unmet(kind: str, text: str) -> str | None:
    """What the text of a variable should be and is not."""
    try:
        if kind == "integer":
            int(text)
        elif kind == "object":
            json.loads(text)
    except ValueError:
        return {"integer": "an integer", "object": "a JSON object"}[kind]
    return None
