"""What a row becomes: an entry of an upload, a profile to delete, a member of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from target_clevertap.mapping.rejections import Adjustment, Rejection
from target_clevertap.mapping.values import encode

if TYPE_CHECKING:
    from collections.abc import Mapping


class Item(msgspec.Struct, frozen=True, gc=False):
    """One row, ready to be sent.

    `identity` is the key for ordering: the kind of the identifier, a colon, and its value. `body`
    is the encoded record for the upload's list `d`, empty for a delete. An item is `plain` when a
    newer version of the profile may be merged into it, which accumulating operators forbid, and
    `replayable` when sending it twice is the same as once, which counters are not. `key` is what
    makes another row the same as this one, as a JSON list; empty when there is no such thing, or
    no ledger that would ask.
    """

    kind: Literal["profile", "event", "delete"]
    identity: str
    body: bytes
    plain: bool = False
    replayable: bool = True
    adjusted: tuple[Adjustment, ...] = ()
    key: bytes = b""

    @property
    def identifier_kind(self) -> str:
        """Which of the four identifiers it is: identity, objectId, FBID or GPID."""
        return self.identity.partition(":")[0]

    @property
    def identifier_value(self) -> str:
        """The identifier as CleverTap knows it."""
        return self.identity.partition(":")[2]


class Member(NamedTuple):
    """One row of a custom list's file: `g` is a CleverTap ID, `i` any other identifier (P-CL)."""

    type: Literal["g", "i"]
    identity: str


_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""The members of a JSON object, still encoded, so that merging changes no digit."""


def encoded(record: Mapping[str, object], properties: Mapping[str, object]) -> bytes:
    """The JSON of an upload's record; `properties` is the part of it that the row filled.

    Raises:
        Rejection: for text that is not valid Unicode, and integers of thousands of digits.
    """
    try:
        return encode(record)
    except (ValueError, TypeError, RecursionError):
        for name, value in properties.items():
            _find_fault(name, value)
        raise Rejection("text_invalid") from None


def merge(earlier: Item, later: Item) -> Item:
    """Both versions of a profile as one: what CleverTap keeps after taking them in order.

    Both must be `plain` and of one identity. Properties of the later one win, as does its `ts`.
    """
    first, second = _parts(earlier.body), _parts(later.body)
    properties = _parts(first.pop("profileData")) | _parts(second.pop("profileData"))
    return msgspec.structs.replace(
        later,
        body=encode({**first, **second, "profileData": properties}),
        adjusted=earlier.adjusted + later.adjusted,
    )


def _find_fault(name: str, value: object) -> None:
    try:
        encode(value)
    except UnicodeEncodeError:
        raise Rejection("text_invalid", name) from None
    except (ValueError, TypeError, RecursionError):
        raise Rejection("number_invalid", name) from None
