"""`GET /1/profile.json`: one profile with a summary of its events (DOC P-GUP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.answers import Answer, failure, json_answer
from target_clevertap.sandbox.codec import decode_json

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call

KEYS = ("email", "identity", "objectId")


def read_profile(account: Account, call: Call) -> Answer:
    """The profile named by exactly one of `email`, `identity`, `objectId`.

    Guesses: any other query is 400; an unknown user is an empty record, or 404 by a setting.
    """
    given = [key for key in KEYS if call.parameter(key)]
    if len(given) != 1:
        return failure(400)
    profile = _find(account, given[0], call.parameter(given[0]) or "")
    if profile is None:
        if account.settings.unknown_profile_not_found:
            return failure(404)
        return json_answer({"status": "success", "record": {}})
    return json_answer({"status": "success", "record": profile_record(account, profile)})


def _find(account: Account, key: str, value: str) -> int | None:
    if key == "email":
        return account.people.id_by_email(value)
    return account.people.find([(key, value)]).get((key, value))


def profile_record(account: Account, profile: int) -> dict[str, Any]:
    """A profile as it is handed out, with a summary of its events and its devices."""
    return {
        **person_record(account, profile),
        "events": _events(account, profile),
        "platformInfo": _devices(account, profile),
    }


def person_record(account: Account, profile: int) -> dict[str, Any]:
    """A profile's properties and identity as they are handed out; empty if it has been deleted."""
    properties = account.people.properties([profile]).get(profile)
    if properties is None:
        return {}
    record = {"email": properties.pop("Email", None), "name": properties.pop("Name", None)}
    identities = [
        value for kind, value in account.people.identifiers(profile) if kind == "identity"
    ]
    return {
        **{key: value for key, value in record.items() if value is not None},
        **({"identity": identities[0]} if identities else {}),
        "profileData": properties,
    }


def _events(account: Account, profile: int) -> dict[str, Any]:
    rows = account.store.execute(
        "SELECT name, COUNT(*), MIN(ts), MAX(ts) FROM events WHERE profile = ? "
        "GROUP BY name ORDER BY name",
        (profile,),
    )
    return {
        name: {"count": count, "first_seen": first, "last_seen": last}
        for name, count, first, last in rows
    }


def _devices(account: Account, profile: int) -> list[Any]:
    rows = account.store.execute(
        "SELECT object_id, token FROM devices WHERE profile = ? ORDER BY object_id", (profile,)
    )
    return [
        {"push_token": decode_json(token)["id"], "objectId": object_id} for object_id, token in rows
    ]
