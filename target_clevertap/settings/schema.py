"""The JSON Schema of the settings, for the SDK: `--about`, environment variables, Meltano."""

from __future__ import annotations

from typing import Any

import msgspec

from target_clevertap.settings.settings import Settings


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
