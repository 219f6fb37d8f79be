"""Segments: all of them, and one with its members, its uploads and the mails about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.pages.paging import SIZE, Stretch, stretch, whole
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.segments import ListUpload, Mail

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

MOST_SEGMENTS = 200
MOST_UPLOADS = 50
_SELECT = "SELECT id, name, kind, customer_id, status, members, unknown FROM segments"
_MEMBERS = (
    "SELECT kind, value, profile FROM members WHERE segment = ? AND (kind, value) > (?, ?) "
    "ORDER BY kind, value LIMIT ?"
)
_UNKNOWN_MEMBERS = _MEMBERS.replace("ORDER BY", "AND profile IS NULL ORDER BY")
_KINDS = ("identity", "objectId")
_upload_decoder = msgspec.json.Decoder(ListUpload)
_mail_decoder = msgspec.json.Decoder(Mail)


class SegmentRow(Struct, frozen=True):
    """One segment as a row."""

    id: int
    name: str
    kind: str
    customer_id: str | None
    status: str
    members: int
    unknown: int


class MemberRow(Struct, frozen=True):
    """One row of a segment; `profile` is None for an unknown one."""

    kind: str
    value: str
    profile: int | None


def segments(account: Account, _: Request) -> Screen:
    """All segments, the newest first."""
    rows = account.store.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (MOST_SEGMENTS,))
    found = [SegmentRow(*row) for row in rows]
    total = account.store.count("segments")
    return Screen("segments.html", "Segments", {"segments": found, "total": total})


def segment(account: Account, request: Request) -> Screen | None:
    """One segment."""
    number = whole(request.path_params["number"])
    row = account.store.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    one = SegmentRow(*row)
    values = {
        "segment": one,
        "uploads": _uploads(account, one.id),
        "mails": _mails(account, one.id),
        "only": request.query_params.get("only", ""),
        "page": _members(account, request, one.id),
    }
    return Screen("segment.html", one.name, values)


def _members(account: Account, request: Request, number: int) -> Stretch[MemberRow]:
    kind, _, value = request.query_params.get("after", "").partition(".")
    place = (kind, value) if kind in _KINDS else ("", "")
    unknown = request.query_params.get("only") == "unknown"
    rows = account.store.execute(
        _UNKNOWN_MEMBERS if unknown else _MEMBERS,
        (number, *place, SIZE + 1),
    )
    members = [MemberRow(*row) for row in rows]
    return stretch(members, request, lambda each: f"{each.kind}.{each.value}")


def _uploads(account: Account, number: int) -> list[ListUpload]:
    return _newest(
        account,
        "SELECT entry FROM list_uploads WHERE segment = ? ORDER BY id DESC LIMIT ?",
        number,
        _upload_decoder,
    )


def _mails(account: Account, number: int) -> list[Mail]:
    return _newest(
        account,
        "SELECT mail FROM mails WHERE json_extract(mail, '$.segment_id') = ? "
        "ORDER BY id DESC LIMIT ?",
        number,
        _mail_decoder,
    )


def _newest(
    account: Account, statement: str, number: int, decoder: msgspec.json.Decoder[Any]
) -> list[Any]:
    rows = account.store.execute(statement, (number, MOST_UPLOADS))
    return [decoder.decode(text) for (text,) in rows]
