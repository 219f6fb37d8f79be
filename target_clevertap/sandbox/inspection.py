"""`/_sandbox/`: what a sandbox holds and has seen, and the levers of its faults, time and limits.

For tests, and for whatever shows the same to people. None of it exists at CleverTap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response
from starlette.routing import Route

from target_clevertap.sandbox.body import Body
from target_clevertap.sandbox.codec import encode_json
from target_clevertap.sandbox.faults import AnyFault
from target_clevertap.sandbox.latency import Latency
from target_clevertap.sandbox.settings import Settings
from target_clevertap.sandbox.store import TABLES
from target_clevertap.sandbox.views import events, profiles

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

MAX_LIMIT = 100_000
DEFAULT_LIMIT = 1_000
MAX_OFFSET = 10**12
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_ADVANCE = 10 * 365 * 24 * 3600

T = TypeVar("T")


class Advance(Struct, frozen=True, forbid_unknown_fields=True):
    """Time to let pass, in seconds."""

    advance: Annotated[float, Meta(ge=0, le=MAX_ADVANCE)]


class BadRequestError(Exception):
    """The request to `/_sandbox/` is not as described; the message says what is wrong."""


class Page(Struct, frozen=True):
    """Which part of a long list is wanted."""

    offset: int
    limit: int


def inspection_routes(account: Account) -> list[Route]:
    """The routes below `/_sandbox`: what can be looked at, then what can be done."""
    return [
        *(Route(path, _look(account, view), methods=["GET"]) for path, view in VIEWS.items()),
        *(
            Route(path, _act(account, lever), methods=[method])
            for (method, path), lever in LEVERS.items()
        ),
    ]


def _look(
    account: Account, view: Callable[[Account, Request], object]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        account.settle()
        return _answer(lambda: view(account, request))

    return endpoint


def _act(
    account: Account, lever: Callable[[Account, bytes], object]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        with Body.in_memory(MAX_BODY_BYTES) as body:
            if not await body.read(request.receive):
                return Response(status_code=400)  # to nobody: the client has left
            content = body.content()
        if body.too_large:
            return _problem(f"a body has at most {MAX_BODY_BYTES} bytes", 413)
        account.settle()
        return _answer(lambda: lever(account, content))

    return endpoint


def _answer(value: Callable[[], object]) -> Response:
    try:
        content = encode_json(value())
    except BadRequestError as error:
        return _problem(str(error), 400)
    return Response(content, media_type="application/json")


def _problem(text: str, status: int) -> Response:
    return Response(encode_json({"error": text}), status, media_type="application/json")


def _state(account: Account, _: Request) -> dict[str, object]:
    return {
        **{table: account.store.count(table) for table in TABLES},
        "in_flight": account.in_flight.counts(),
        "now": account.clock.now(),
    }


def _profiles(account: Account, request: Request) -> object:
    query = request.query_params
    page = _page(query)
    return profiles(account, query.get("identity"), page.offset, page.limit)


def _events(account: Account, request: Request) -> object:
    query = request.query_params
    page = _page(query)
    return events(account, query.get("name"), query.get("identity"), page.offset, page.limit)


def _segments(account: Account, _: Request) -> object:
    return account.segments.all()


def _members(account: Account, request: Request) -> object:
    page = _page(request.query_params)
    return account.segments.members(request.path_params["number"], page.offset, page.limit)


def _mails(account: Account, _: Request) -> object:
    return account.segments.mails()


def _calls(account: Account, request: Request) -> object:
    page = _page(request.query_params)
    return account.journal.entries(request.query_params.get("path"), page.offset, page.limit)


def _rejections(account: Account, request: Request) -> object:
    page = _page(request.query_params)
    return account.journal.rejections(page.offset, page.limit)


def _error_stream(account: Account, request: Request) -> object:
    page = _page(request.query_params)
    return account.error_stream.lines(page.offset, page.limit)


def _faults(account: Account, _: Request) -> object:
    return account.faults.all()


def _settings(account: Account, _: Request) -> Settings:
    return account.settings


def _set_settings(account: Account, body: bytes) -> Settings:
    """Change the settings that are named, and leave the others as they are."""
    changes = _parse(body, dict[str, Any])
    merged = {**msgspec.to_builtins(account.settings), **changes}
    try:
        account.configure(msgspec.convert(merged, Settings))
    except msgspec.ValidationError as error:
        raise BadRequestError(str(error)) from error
    return account.settings


def _reset(account: Account, _: bytes) -> dict[str, object]:
    account.reset()
    return {}


def _add_faults(account: Account, body: bytes) -> dict[str, object]:
    for fault in _parse(body, list[AnyFault]):
        account.faults.add(fault)
    return {}


def _clear_faults(account: Account, _: bytes) -> dict[str, object]:
    account.faults.clear()
    return {}


def _set_latency(account: Account, body: bytes) -> dict[str, object]:
    account.set_latency(_parse(body, Latency))
    return {}


def _advance(account: Account, body: bytes) -> dict[str, object]:
    account.clock.advance(_parse(body, Advance).advance)
    account.settle()
    return {"now": account.clock.now()}


VIEWS: dict[str, Callable[[Account, Request], object]] = {
    "/state": _state,
    "/profiles": _profiles,
    "/events": _events,
    "/segments": _segments,
    "/segments/{number:int}/members": _members,
    "/mails": _mails,
    "/calls": _calls,
    "/rejections": _rejections,
    "/error-stream": _error_stream,
    "/faults": _faults,
    "/settings": _settings,
}

LEVERS: dict[tuple[str, str], Callable[[Account, bytes], object]] = {
    ("POST", "/settings"): _set_settings,
    ("POST", "/reset"): _reset,
    ("POST", "/faults"): _add_faults,
    ("DELETE", "/faults"): _clear_faults,
    ("POST", "/latency"): _set_latency,
    ("POST", "/clock"): _advance,
}


def _page(query: Mapping[str, str]) -> Page:
    try:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", DEFAULT_LIMIT))
    except ValueError as error:
        raise BadRequestError("offset and limit are integers") from error
    if not 0 <= offset <= MAX_OFFSET or not 0 < limit <= MAX_LIMIT:
        raise BadRequestError(f"offset is from 0 to {MAX_OFFSET}, limit from 1 to {MAX_LIMIT}")
    return Page(offset, limit)


def _parse(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(str(error)) from error
