"""Calls: all of them, and one with its records, its body and its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.bodies import KEPT_BYTES, LONGEST_BYTES
from target_clevertap.sandbox.codec import NotJsonError, decode_json
from target_clevertap.sandbox.identifiers import Identifier, identifiers_of
from target_clevertap.sandbox.journal import Entry
from target_clevertap.sandbox.pages.codes import Code, code_of
from target_clevertap.sandbox.pages.paging import SIZE, Stretch, after, stretch, whole
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.pages.values import cut, pretty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.bodies import Bodies

_decoder = msgspec.json.Decoder(Entry)
_POSITION = re.compile(r"Skipped record number : ([0-9]+)")
MEGABYTE = 1024**2


class Sent(Struct, frozen=True, kw_only=True):
    """One record of a call; `code` is None if it was accepted."""

    position: int
    record: Any
    whose: Identifier | None
    profile: int | None
    code: Code | None
    rejection: int | None
    """The id under which it is kept as refused."""

    @property
    def what(self) -> str:
        """The name of its event, or its type."""
        if not isinstance(self.record, dict):
            return "not an object"
        return str(self.record.get("evtName") or self.record.get("type", ""))

    @property
    def text(self) -> str:
        """The record as JSON."""
        return pretty(self.record)


def calls(account: Account, request: Request) -> Screen:
    """All calls, the newest first, or only those in which something was refused."""
    only = request.query_params.get("only", "")
    page = stretch(
        newest_calls(account, after(request), SIZE + 1, trouble=only == "trouble"),
        request,
        lambda each: each.number,
    )
    counts = account.tallies.of("calls")
    values = {"page": page, "only": only, "counts": counts, "total": sum(counts.values())}
    return Screen("calls.html", "Calls", values)


def newest_calls(account: Account, before: int, most: int, *, trouble: bool = False) -> list[Entry]:
    """The calls before a number, the newest first."""
    rows = account.store.execute(
        "SELECT entry FROM calls WHERE number < ? AND trouble ORDER BY number DESC LIMIT ?"
        if trouble
        else "SELECT entry FROM calls WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, most),
    )
    return [_decoder.decode(entry) for (entry,) in rows]


def call(account: Account, request: Request) -> Screen | None:
    """One call with its records, body and answer, as long as these are kept."""
    number = whole(request.path_params["number"])
    row = account.store.execute("SELECT entry FROM calls WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    entry = _decoder.decode(row[0])
    bodies = account.bodies.of(entry.number)
    values = {
        "call": entry,
        "bodies": bodies,
        "request_text": cut(_text(bodies.request)) if bodies else "",
        "answer_text": cut(_text(bodies.answer)) if bodies and bodies.answer else "",
        "cut": bodies is not None and len(bodies.request) < entry.body_bytes,
        "kept_megabytes": KEPT_BYTES // MEGABYTE,
        "longest_megabytes": LONGEST_BYTES // MEGABYTE,
        "only": request.query_params.get("only", ""),
        "page": _records(account, request, entry, bodies),
    }
    return Screen("call.html", f"Call {entry.number}", values)


def body(account: Account, number: int) -> bytes | None:
    """The body of a call, byte for byte; None if it is not kept."""
    bodies = account.bodies.of(number)
    return bodies.request if bodies else None


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _records(
    account: Account, request: Request, entry: Entry, bodies: Bodies | None
) -> Stretch[Sent] | None:
    """The records of an upload, in the order sent; None for any other call."""
    records = _sent(bodies.request) if bodies and entry.records else None
    if bodies is None or records is None:
        return None
    refused = _refused(account, entry, bodies)
    start = max(0, after(request, 0))
    chosen = list(enumerate(records, start=1))
    if request.query_params.get("only") == "refused":
        chosen = [(position, record) for position, record in chosen if position in refused]
    chosen = [each for each in chosen if each[0] > start][: SIZE + 1]
    known = account.people.find(
        identifier for _, record in chosen for identifier in _identifiers(record)
    )
    return stretch(
        [_record(position, record, refused, known) for position, record in chosen],
        request,
        lambda each: each.position,
    )


def _record(
    position: int,
    record: object,
    refused: Mapping[int, tuple[int, int | None]],
    known: Mapping[Identifier, int],
) -> Sent:
    identifiers = _identifiers(record)
    code, rejection = refused.get(position, (None, None))
    return Sent(
        position=position,
        record=record,
        whose=identifiers[0] if identifiers else None,
        profile=next((known[each] for each in identifiers if each in known), None),
        code=None if code is None else code_of(code),
        rejection=rejection,
    )


def _identifiers(record: object) -> list[Identifier]:
    return identifiers_of(record) if isinstance(record, dict) else []


def _sent(content: bytes) -> list[Any] | None:
    try:
        envelope = decode_json(content)
    except NotJsonError:
        return None
    records = envelope.get("d") if isinstance(envelope, dict) else None
    return records if isinstance(records, list) else None


def _refused(account: Account, entry: Entry, bodies: Bodies) -> dict[int, tuple[int, int | None]]:
    """Code and id of each refused record by its position; of a dry run only the answer knows."""
    if not entry.codes:
        return {}
    rows = account.store.execute(
        "SELECT position, code, id FROM rejections WHERE call = ?", (entry.number,)
    )
    kept: dict[int, tuple[int, int | None]] = {
        position: (code, number) for position, code, number in rows
    }
    if kept:
        return kept
    positions = map(int, _POSITION.findall(_text(bodies.answer or b"")))
    return {position: (code, None) for position, code in zip(positions, entry.codes)}  # noqa: B905 - an answer cut short names fewer
