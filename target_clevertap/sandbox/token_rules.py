"""The checks of a device token record (DOC: codes 530 to 535; all texts are guesses)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox import refusals
from target_clevertap.sandbox.identifiers import is_object_id

if TYPE_CHECKING:
    from target_clevertap.sandbox.refusals import Refusal

TYPES = ("apns", "fcm", "gcm", "chrome", "wns", "mpns")


def token_refusal(record: dict[str, Any]) -> Refusal | None:
    """Why a record of type `token` is refused, or None if it is accepted (DOC)."""
    object_id = record.get("objectId")
    if not isinstance(object_id, str) or not is_object_id(object_id):
        return refusals.TOKEN_OBJECT_ID
    token = record.get("tokenData")
    if not isinstance(token, dict):
        return refusals.TOKEN_STRUCTURE
    if not token.get("id"):
        return refusals.TOKEN_ID
    if not token.get("type"):
        return refusals.TOKEN_TYPE
    return None if token["type"] in TYPES else refusals.TOKEN_TYPE_UNKNOWN
