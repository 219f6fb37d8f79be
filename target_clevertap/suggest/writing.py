"""Settings as YAML, with a comment beside what wants one.

Written by hand, since no library writes comments from scratch. All that is used of YAML is block
mappings and flow collections of scalars; a scalar is quoted unless every reader of YAML 1.1 and 1.2
takes it for text as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Value: TypeAlias = "str | list[str] | Mapping[str, str] | tuple[Line, ...]"

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", re.ASCII)
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Text that some reader of YAML takes for a boolean or for nothing, in any case."""

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BEYOND_BMP: Final = 0x10000
_INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Setting:
    """A key with its value: text, a list or a small mapping on one line, or lines below it.

    `why` stands beside it as a comment. One that is `off` is a comment as a whole. One that is
    `open` waits for somebody to take off the comments below it.
    """

    key: str
    value: Value
    why: str = ""
    off: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on a line of its own."""

    text: str


Line: TypeAlias = "Setting | Note"


def written(lines: Iterable[Line]) -> str:
    """The lines as YAML, ending with a line end."""
    return "".join(f"{line}\n" for line in _lines(lines, "", ""))


def _lines(lines: Iterable[Line], mark: str, indent: str) -> Iterator[str]:
    for line in lines:
        if isinstance(line, Note):
            yield f"{mark}{indent}# {shown(line.text)}"
        elif line.off and not mark:
            yield from _setting(line, f"{indent}# ", "")
        else:
            yield from _setting(line, mark, indent)


def _setting(line: Setting, mark: str, indent: str) -> Iterator[str]:
    head = f"{mark}{indent}{scalar(line.key)}:"
    comment = f"  # {shown(line.why)}" if line.why else ""
    if isinstance(line.value, str):
        yield f"{head} {scalar(line.value)}{comment}"
    elif not isinstance(line.value, tuple):
        yield f"{head} {_flow(line.value)}{comment}"
    elif line.open or any(isinstance(below, Setting) and not below.off for below in line.value):
        yield head + comment
        yield from _lines(line.value, mark, indent + _INDENT)
    else:
        yield f"{head} {{}}{comment}"
        yield from _lines(line.value, mark, indent + _INDENT)


def _flow(value: list[str] | Mapping[str, str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    pairs = (f"{scalar(key)}: {scalar(text)}" for key, text in value.items())
    return "{" + ", ".join(pairs) + "}"


def scalar(text: str) -> str:
    """The text as a YAML scalar on one line, which every reader takes for exactly this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_in_quotes, text)) + '"'


def shown(text: str) -> str:
    """The text on one line of a comment: what cannot be printed is spelled out."""
    return "".join(char if char.isprintable() else _code(char) for char in text)


def _in_quotes(char: str) -> str:
    return _ESCAPES.get(char) or (char if char.isprintable() else _code(char))


def _code(char: str) -> str:
    """The character by its number. Beyond the BMP it stays, where all of YAML is printable."""
    return char if ord(char) >= _BEYOND_BMP else f"\\u{ord(char):04x}"
