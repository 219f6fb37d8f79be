"""YAML with the values of JSON alone, as YAML 1.2 reads them: no dates, and `NO` is a text.

YAML 1.1, which PyYAML speaks, takes `default_country: NO` and `ledger_url: off` for booleans and
`10:30` for a number. Nobody means that in a configuration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Hashable

_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = frozenset({"map", "seq", "str", "bool", "null", "int", "float"})


class KeyFault(yaml.constructor.ConstructorError):
    """A key that cannot be one; `reason_to_tell` says why and holds nothing of the file."""

    def __init__(self, mark: yaml.Mark, reason: str) -> None:
        super().__init__(None, None, reason, mark)
        self.reason_to_tell = reason


class YamlValues(yaml.SafeLoader):
    """Makes objects with text for keys, lists, texts, numbers, booleans and nulls."""

    yaml_constructors = {  # noqa: RUF012 - as in the base
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix(_TAG) in _KINDS
    }
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in the base

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as in the base
        """The object of a node; `2024:` is a key of text, and a key stands there once.

        Raises:
            KeyFault: for a key that is no text, or comes twice.
        """
        names: set[str] = set()
        for key, _ in node.value:
            if (name := self._name(key)) in names:
                raise KeyFault(key.start_mark, "a key stands there twice")
            names.add(name)
        self.flatten_mapping(node)
        return {self._name(key): self.construct_object(value, deep) for key, value in node.value}

    def _name(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise KeyFault(key.start_mark, "a key must be text")
        return str(key.value)


for kind, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    ("merge", r"<<", "<"),
):
    YamlValues.add_implicit_resolver(f"{_TAG}{kind}", re.compile(rf"(?:{pattern})\Z"), list(first))
