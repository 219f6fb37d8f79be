"""`POST /1/delete/profiles.json` (DOC P-DEL)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.answers import Answer, failure, json_answer
from target_clevertap.sandbox.codec import NotJsonError, decode_json
from target_clevertap.sandbox.identifiers import identifier_text

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.identifiers import Identifier

MAX_VALUES = 100
KINDS = {"identity": "identity", "guid": "objectId"}


def delete_profiles(account: Account, call: Call) -> Answer:
    """Delete up to 100 profiles by `identity` or by `guid`, not both (DOC: else 400).

    Guesses: more than 100 values are 400 too, and unknown ones are passed over in silence.
    """
    identifiers = _identifiers(call.body)
    if not identifiers or len(identifiers) > MAX_VALUES:
        return failure(400)
    for identifier in identifiers:
        account.delete_profile(identifier)
    return json_answer({"status": "success"})


def _identifiers(body: bytes) -> list[Identifier]:
    """What the body names, or nothing if it is not as documented."""
    try:
        wanted = decode_json(body)
    except NotJsonError:
        return []
    keys = [key for key in KINDS if key in wanted] if isinstance(wanted, dict) else []
    if len(keys) != 1:
        return []
    values: Any = wanted[keys[0]]
    texts = [identifier_text(value) for value in (values if isinstance(values, list) else [values])]
    return [(KINDS[keys[0]], text) for text in texts if text is not None]
