"""Answers to calls, and the failures of a whole request in CleverTap's words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from target_clevertap.sandbox import layout

if TYPE_CHECKING:
    from target_clevertap.sandbox.layout import Json

JSON = "application/json;charset=utf-8"

TEXTS = {
    400: "Malformed request",  # CODE: quoted in CleverTap's own uploader
    401: "Invalid Credentials",  # 3P: observed 2024-2026
    429: "Too many concurrent requests",  # DOC; only the framing as JSON is a guess
}


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer, and what it says about the records of the call."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    records: int = 0
    accepted: int = 0
    codes: tuple[int, ...] = ()
    """The code of each rejected record, in input order."""


def json_answer(value: Json, status: int = HTTPStatus.OK) -> Answer:
    """An answer with a JSON body in CleverTap's layout."""
    return Answer(status=status, body=layout.encode(value))


def failure(status: int, text: str | None = None) -> Answer:
    """The refusal of a whole request: `status` fail, `error`, `code`, and no counts."""
    error = text or TEXTS.get(status) or HTTPStatus(status).phrase
    return json_answer({"status": "fail", "error": error, "code": status}, status)


def empty(status: int) -> Answer:
    """An answer without a body, as the storage host of custom lists gives."""
    return Answer(status=status, body=b"", content_type="")


def storage_failure(status: int, code: str, text: str) -> Answer:
    """A refusal in the XML of the storage host that takes custom lists."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    )
    return Answer(status=status, body=body.encode(), content_type="application/xml")
