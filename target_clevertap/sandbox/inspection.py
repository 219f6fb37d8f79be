"""`/_sandbox/`: what a sandbox holds and has seen, and the levers of its faults, time and limits.

For tests, and for whatever shows the same to people. None of it exists at CleverTap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response
from starlette.routing import Route

from target_clevertap.sandbox.codec import encode_json
from target_clevertap.sandbox.faults import AnyFault
from target_clevertap.sandbox.latency import Latency
from target_clevertap.sandbox.settings import Settings
from target_clevertap.sandbox.store import TABLES
from target_clevertap.sandbox.views import events, profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

MAX_LIMIT = 100_000
DEFAULT_LIMIT = 1_000
MAX_OFFSET = 10**12
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
    """The routes below `/_sandbox`."""
    return _Inspection(account).routes()


class _Inspection:
    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        return [
            self._get("/state", self._state),
            self._get("/profiles", self._profiles),
            self._get("/events", self._events),
            self._get("/segments", self._segments),
            self._get("/segments/{number:int}/members", self._members),
            self._get("/mails", self._mails),
            self._get("/calls", self._calls),
            self._get("/rejections", self._rejections),
            self._get("/settings", self._settings),
            self._post("/settings", self._set_settings),
            self._post("/reset", self._reset),
            self._post("/faults", self._add_faults),
            self._route("/faults", "DELETE", self._clear_faults),
            self._post("/latency", self._set_latency),
            self._post("/clock", self._advance),
        ]

    def _get(self, path: str, answer: Callable[[Request], Any]) -> Route:
        return self._route(path, "GET", answer)

    def _post(self, path: str, answer: Callable[[Request, bytes], Any]) -> Route:
        return self._route(path, "POST", answer, reads_body=True)

    def _route(
        self, path: str, method: str, answer: Callable[..., Any], *, reads_body: bool = False
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            self._account.settle()
            try:
                value = answer(request, await request.body()) if reads_body else answer(request)
            except BadRequestError as error:
                return _json({"error": str(error)}, 400)
            return _json(value)

        return Route(path, endpoint, methods=[method])

    def _state(self, _: Request) -> dict[str, Any]:
        counts: dict[str, Any] = {table: self._account.store.count(table) for table in TABLES}
        return {
            **counts,
            "in_flight": self._account.in_flight.counts(),
            "now": self._account.clock.now(),
        }

    def _profiles(self, request: Request) -> object:
        page = _page(request.query_params)
        return profiles(
            self._account, request.query_params.get("identity"), page.offset, page.limit
        )

    def _events(self, request: Request) -> object:
        query = request.query_params
        page = _page(query)
        return events(
            self._account, query.get("name"), query.get("identity"), page.offset, page.limit
        )

    def _segments(self, _: Request) -> object:
        return self._account.segments.all()

    def _members(self, request: Request) -> object:
        page = _page(request.query_params)
        return self._account.segments.members(
            request.path_params["number"], page.offset, page.limit
        )

    def _mails(self, _: Request) -> object:
        return self._account.segments.mails()

    def _calls(self, request: Request) -> object:
        page = _page(request.query_params)
        return self._account.journal.entries(
            request.query_params.get("path"), page.offset, page.limit
        )

    def _rejections(self, request: Request) -> object:
        page = _page(request.query_params)
        return self._account.journal.rejections(page.offset, page.limit)

    def _settings(self, _: Request) -> object:
        return self._account.settings

    def _set_settings(self, _: Request, body: bytes) -> object:
        changes = _parse(body, dict[str, Any])
        merged = {**msgspec.to_builtins(self._account.settings), **changes}
        self._account.configure(_convert(merged, Settings))
        return self._account.settings

    def _reset(self, _: Request, __: bytes) -> object:
        self._account.reset()
        return {}

    def _add_faults(self, _: Request, body: bytes) -> object:
        for fault in _parse(body, list[AnyFault]):
            self._account.faults.add(fault)
        return {}

    def _clear_faults(self, _: Request) -> object:
        self._account.faults.clear()
        return {}

    def _set_latency(self, _: Request, body: bytes) -> object:
        self._account.set_latency(_parse(body, Latency))
        return {}

    def _advance(self, _: Request, body: bytes) -> object:
        self._account.clock.advance(_parse(body, Advance).advance)
        self._account.settle()
        return {"now": self._account.clock.now()}


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


def _convert(value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(str(error)) from error


def _json(value: object, status: int = 200) -> Response:
    return Response(encode_json(value), status, media_type="application/json")
