"""Who a record belongs to: `identity`, `objectId`, `FBID` or `GPID` at its root (DOC P-UP)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("identity", "objectId", "FBID", "GPID")
"""In order of precedence when a record has several, which is a guess: none is documented."""

_OTHER_KINDS = frozenset(KINDS) - {"identity"}

Identifier: TypeAlias = tuple[str, str]
"""A kind and a value."""

FORBIDDEN = frozenset(
    {
        *("undefined", "null", "na", "n/a", "0", "nil", "-1", "infinity", "-infinity", "inf"),
        *("-inf", "nan", "-nan", "empty", "xxxxxx", "none"),
    }
)
"""Values never to be used as identity (DOC, for file imports)."""

_OBJECT_ID = re.compile(r"[A-Za-z0-9()!:@$_-]{1,64}")
"""A CleverTap ID (DOC P-CTID)."""


def identifier_text(value: object) -> str | None:
    """`value` as an identifier, or None if it cannot be one; numbers are taken (REC 2017)."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def identifiers_of(record: Mapping[str, object]) -> list[Identifier]:
    """All usable identifiers at the root of `record`, the one that decides first."""
    identity = record.get("identity")
    if type(identity) is str and identity and _OTHER_KINDS.isdisjoint(record):  # nearly always
        return [("identity", identity)]
    return [
        (kind, text)
        for kind in KINDS
        if kind in record and (text := identifier_text(record[kind])) is not None
    ]


def is_object_id(text: str) -> bool:
    """Whether `text` has the form of a CleverTap ID."""
    return _OBJECT_ID.fullmatch(text) is not None
