"""The custom list steps: ask for a URL, put a CSV there, say that it is complete (DOC P-CL)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.answers import Answer, failure, json_answer
from target_clevertap.sandbox.segments import ListUpload
from target_clevertap.sandbox.storage import expiry_text

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call

NOT_ADMIN = "Email id is either not in the right format or does not belong to a valid admin"


class Completed(Struct, frozen=True):
    """The body of the last step."""

    name: str
    email: str
    filename: str
    creator: str
    url: str
    replace: bool = False


_decoder = msgspec.json.Decoder(Completed)


def list_url(account: Account, call: Call) -> Answer:
    """A URL that takes one CSV within 24 hours (DOC)."""
    url, expires = account.storage.issue(call.base_url)
    answer: dict[str, Any] = {
        "presignedS3URL": url,
        "expiry": expiry_text(expires),
        "status": "success",
    }
    return json_answer(answer)


def put_list(account: Account, call: Call) -> Answer:
    """Take the CSV."""
    return account.storage.put(call)


def list_completed(account: Account, call: Call) -> Answer:
    """Accept a list for processing: success says no more than that (DOC).

    Guesses: a missing field, an unknown URL and one without a file are 400; so is a duplicate
    name, of which only the word `duplicate_name` is known (3P). The name of a failed list stays
    taken (3P).
    """
    try:
        completed = _decoder.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return failure(400)
    if completed.email not in account.settings.admin_emails:
        return failure(401, NOT_ADMIN)
    if account.segments.id_of(completed.name) is not None and not completed.replace:
        return failure(400, "duplicate_name")
    file = account.storage.take(completed.url)
    if file is None:
        return failure(400, "No file was uploaded to this url")
    return _accept(account, completed, file)


def _accept(account: Account, completed: Completed, file: BinaryIO) -> Answer:
    now = account.clock.now()
    upload = ListUpload(
        at=now,
        filename=completed.filename,
        creator=completed.creator,
        email=completed.email,
        replace=completed.replace,
    )
    due = now + account.settings.list_processing_seconds
    segment = account.lists.receive(completed.name, upload, file, due)
    return json_answer({"Segment ID": segment, "status": "success", "code": 200})
