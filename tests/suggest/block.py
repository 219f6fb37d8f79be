"""Catalogs to suggest a mapping for, and the printed block as a loader would read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import ConstructorError

from target_clevertap.mapping import Policies, compile_mapping
from target_clevertap.settings import Settings
from target_clevertap.suggest import suggest
from target_clevertap.suggest.catalog import parse_catalog

if TYPE_CHECKING:
    from collections.abc import Hashable

    from target_clevertap.mapping.rules import Rules

Json = dict[str, Any]

CATALOGS = Path(__file__).with_name("catalogs")
TEXT: Json = {"type": ["string", "null"]}
INTEGER: Json = {"type": ["integer", "null"]}
NUMBER: Json = {"type": ["number", "null"]}
BOOLEAN: Json = {"type": ["boolean", "null"]}
DATE: Json = {"type": ["string", "null"], "format": "date"}
DATE_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
LIST: Json = {"type": ["array", "null"], "items": {"type": "object"}}
OBJECT: Json = {"type": ["object", "null"]}


@dataclass(frozen=True)
class Block:
    """A printed block: its text, and what a reader of YAML finds in it."""

    text: str
    settings: Json

    @property
    def streams(self) -> dict[str, Json]:
        found: dict[str, Json] = self.settings["streams"] or {}
        return found

    def line(self, beginning: str) -> str:
        """The first line that begins so, after its indentation."""
        return next(
            line.strip() for line in self.text.splitlines() if line.strip().startswith(beginning)
        )


def catalog(*streams: Json) -> Json:
    return {"streams": list(streams)}


def stream(
    name: str, columns: Json, *, key: list[str] | None = None, metadata: Json | None = None
) -> Json:
    """A stream of a catalog, with its key `id` unless another is given."""
    keys = ["id"] if key is None else key
    root = {"inclusion": "available", "table-key-properties": keys, **(metadata or {})}
    return {
        "tap_stream_id": name,
        "stream": name,
        "key_properties": keys,
        "schema": {"type": "object", "properties": columns},
        "metadata": [{"breadcrumb": [], "metadata": root}],
    }


def block(raw: Json) -> Block:
    """The block for a catalog, read by a YAML parser that takes no key twice."""
    text = suggest(parse_catalog(json.dumps(raw).encode())).text
    return Block(text, yaml.load(text, _Strict))  # noqa: S506 - a safe loader, made stricter


def suggested(name: str, columns: Json, *, key: list[str] | None = None) -> Block:
    """The block for a catalog of one stream."""
    return block(catalog(stream(name, columns, key=key)))


def compiled(raw: Json, found: Block) -> dict[str, Rules]:
    """The rules of the block, compiled against the schemas of the catalog itself.

    Raises:
        SettingsError: when the block is not valid for it.
    """
    account = {"account_id": "A", "passcode": "P"}
    settings = Settings.parse(account | found.settings)
    rules: dict[str, Rules] = {}
    for entry in raw["streams"]:
        name = entry["stream"]
        if name in found.streams:
            rules[name] = compile_mapping(
                settings.streams[name],
                entry["schema"],
                Policies.of(settings),
                path=f"streams.{name}",
                key_properties=entry["key_properties"],
            )
    return rules


def real(tap: str) -> Json:
    """The catalog of a real tap."""
    raw: Json = json.loads((CATALOGS / f"{tap}.json").read_text(encoding="utf-8"))
    return raw


class _Strict(yaml.SafeLoader):
    """A loader that refuses a mapping with a key twice, as YAML says."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        keys = [key.value for key, _ in node.value]
        if len(keys) != len({*keys}):
            raise ConstructorError(problem="a key stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)
