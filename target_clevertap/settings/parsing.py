"""Raw configuration into typed structs, with every mistake collected instead of the first one.

`msgspec` checks one value against one type and stops at the first fault. People mend a
configuration faster when they see all of it, so each field is converted by itself here.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_JSON_NAMES = {
    "int": "an integer",
    "str": "a string",
    "str | null": "a string",
    "bool": "a boolean",
    "array": "a list",
    "object": "an object",
    "float": "a number",
}

StructT = TypeVar("StructT", bound=msgspec.Struct)


class Mistakes:
    """The faults found so far, one sentence each, with the path of the setting in front."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, path: str, sentence: str) -> None:
        """Remember that the setting at `path` is wrong; `sentence` says what would be right."""
        self.lines.append(f"{path}: {sentence}" if path else sentence)


def below(path: str, key: object) -> str:
    """The path of `key` inside `path`: `streams` and `users` give `streams.users`."""
    return f"{path}.{key}" if path else str(key)


def build(cls: type[StructT], raw: object, path: str, mistakes: Mistakes) -> StructT | None:
    """An instance of `cls` from the object `raw`, or None when anything in it is wrong.

    A struct may bring `checks`, a rule beyond the type for some fields (value -> what would be
    right, or None), and `faults()`, which yields (path below the struct, what would be right)
    for each broken rule that no single field can express.
    """
    if not isinstance(raw, dict):
        mistakes.add(path, f"must be an object, not {json_type(raw)}")
        return None
    before = len(mistakes.lines)
    fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
    _refuse_unknown(raw, fields, path, mistakes)
    checks: Mapping[str, Callable[[Any], str | None]] = getattr(cls, "checks", {})
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in raw:
            value = _value(field.type, raw[name], below(path, name), mistakes)
            values[field.name] = value
            if value is not None and (sentence := checks.get(name, _no_rule)(value)):
                mistakes.add(below(path, name), sentence)
        elif field.required:
            mistakes.add(below(path, name), "is required")
    if len(mistakes.lines) > before:
        return None
    built = cls(**values)
    for where, sentence in getattr(built, "faults", tuple)():
        mistakes.add(below(path, where) if where else path, sentence)
    return built if len(mistakes.lines) == before else None


def _value(kind: Any, raw: object, path: str, mistakes: Mistakes) -> Any:  # noqa: ANN401 - any field's type
    """`raw` as `kind`; a type with its own `parse` reads itself (shorthands, unions)."""
    if raw is not None and (own := _self_reading(kind)):
        return own.parse(raw, path, mistakes)
    if raw is not None and (own := _self_reading(_dict_values(kind))):
        return _mapping(own, raw, path, mistakes)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        mistakes.add(path, _sentence(kind, error))
        return None


def _no_rule(_value: object) -> None:
    """A field whose type says it all."""


def _self_reading(kind: Any) -> Any:  # noqa: ANN401 - any field's type
    """The type itself, or the one inside `X | None`, when it has a `parse` of its own."""
    return next((part for part in (kind, *get_args(kind)) if hasattr(part, "parse")), None)


def _dict_values(kind: Any) -> Any:  # noqa: ANN401 - any field's type
    """The value type of a `dict[str, X]`, also inside `Annotated` or `| None`."""
    dicts = (part for part in (kind, *get_args(kind)) if get_origin(part) is dict)
    return next((get_args(part)[1] for part in dicts), None)


def _mapping(kind: Any, raw: object, path: str, mistakes: Mistakes) -> dict[str, Any] | None:  # noqa: ANN401
    if not isinstance(raw, dict):
        mistakes.add(path, f"must be an object, not {json_type(raw)}")
        return None
    return {key: kind.parse(value, below(path, key), mistakes) for key, value in raw.items()}


def _refuse_unknown(
    raw: Mapping[str, object], known: Iterable[str], path: str, mistakes: Mistakes
) -> None:
    names = list(known)
    for key in raw:
        if key not in names:
            close = difflib.get_close_matches(str(key), names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(names)}"
            mistakes.add(below(path, key), f"is not a setting; {hint}")


def _sentence(kind: Any, error: msgspec.ValidationError) -> str:  # noqa: ANN401 - any field's type
    """What would be right, in words; a list of choices where there is one. Never the value."""
    if choices := list(_choices(kind)):
        return f"must be one of {', '.join(choices)}"
    text = str(error).partition(" - at ")[0]
    for word, name in _JSON_NAMES.items():
        text = text.replace(f"`{word}`", name)
    return text.replace("Expected", "must be", 1).replace(", got", ", not")


def _choices(kind: Any) -> Iterator[str]:  # noqa: ANN401 - any field's type
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for part in get_args(kind):
            yield from _choices(part)


def json_type(value: object) -> str:
    """The JSON name of a value's type, for sentences that must not show the value."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")
