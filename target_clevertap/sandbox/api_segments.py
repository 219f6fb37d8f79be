"""API segments: `POST /api/createSegment` and `POST /api/updateSegment` (DOC P-CS, P-US).

A private beta whose answers are not published. Guesses: both answers, the field `action` with the
values ADD and REMOVE, and that anything else wrong with a request is 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from target_clevertap.sandbox.answers import Answer, failure, json_answer
from target_clevertap.sandbox.ingest import Ingest

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.identifiers import Identifier

MAX_ENTRIES = 100  # DOC: segments, and profiles, of one request
CHANGE = "Segment Membership Change"


class NewSegment(Struct, frozen=True):
    """One entry of createSegment; whether the customer's id is required is contradictory."""

    segment_name: Annotated[str, Meta(min_length=1)]
    customer_segment_id: str | None = None


class User(Struct, frozen=True):
    """Who is to be added or removed; `guid` counts only without `identity` (DOC)."""

    identity: str | None = None
    guid: str | None = None

    def identifier(self) -> Identifier | None:
        """The identifier that counts, or None."""
        if self.identity:
            return "identity", self.identity
        return ("objectId", self.guid) if self.guid else None


class Change(Struct, frozen=True):
    """What is to be done with one segment."""

    action: Literal["ADD", "REMOVE"]
    ct_segment_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    customer_segment_id: str | None = None


class Bulk(Struct, frozen=True):
    """Some users and what is to happen to all of them."""

    user_profiles: Annotated[list[User], Meta(max_length=MAX_ENTRIES)]
    segments: Annotated[list[Change], Meta(max_length=MAX_ENTRIES)]


class Update(Struct, frozen=True):
    """The body of updateSegment."""

    bulk_profiles: list[Bulk]


_create_decoder = msgspec.json.Decoder(Annotated[list[NewSegment], Meta(max_length=MAX_ENTRIES)])
_update_decoder = msgspec.json.Decoder(Update)


def create_segments(account: Account, call: Call) -> Answer:
    """Make API segments; names are unique within a request, customer ids over all (DOC)."""
    try:
        wanted = _create_decoder.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return failure(400)
    names = [each.segment_name for each in wanted]
    ids = [each.customer_segment_id for each in wanted if each.customer_segment_id]
    taken = any(account.segments.id_of(name) is not None for name in names)
    taken = taken or any(account.segments.id_of_customer(each) is not None for each in ids)
    if taken or len(set(names)) < len(names) or len(set(ids)) < len(ids):
        return failure(400, "duplicate_name")
    created: list[Any] = [_create(account, each) for each in wanted]
    return json_answer({"status": "success", "segments": created})


def _create(account: Account, wanted: NewSegment) -> dict[str, Any]:
    number = account.segments.add(wanted.segment_name, "api", "ready", wanted.customer_segment_id)
    return {
        "segment_name": wanted.segment_name,
        "customer_segment_id": wanted.customer_segment_id,
        "ct_segment_id": number,
    }


def update_segments(account: Account, call: Call) -> Answer:
    """Add users to and remove them from API segments; bad entries are skipped (DOC).

    Unknown users are made, and each change raises an event (DOC).
    """
    try:
        update = _update_decoder.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return failure(400)
    for bulk in update.bulk_profiles:
        users = [found for user in bulk.user_profiles if (found := user.identifier())]
        for change in bulk.segments:
            _apply(account, call, change, users)
    return json_answer({"status": "success"})


def _apply(account: Account, call: Call, change: Change, users: list[Identifier]) -> None:
    segment = account.segments.api_segment(change.ct_segment_id, change.customer_segment_id)
    if segment is None:
        return
    properties = {
        "Action": change.action,
        "Segment Name": segment.name,
        "Segment ID": segment.id,
        "Customer_Segment_ID": segment.customer_segment_id,
    }
    events = [
        {"type": "event", kind: value, "evtName": CHANGE, "evtData": properties}
        for kind, value in users
    ]
    Ingest(account.store, account.settings, call.number, account.clock.now()).run(events)
    if change.action == "ADD":
        account.segments.add_members(segment.id, users)
    else:
        for user in users:
            account.segments.remove_member(segment.id, user)
    account.segments.recount(segment.id)
