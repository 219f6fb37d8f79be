"""The addresses of the pages, and of the style and the script that they use."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from target_clevertap.sandbox.pages.calls import body, call, calls
from target_clevertap.sandbox.pages.events import events
from target_clevertap.sandbox.pages.home import home
from target_clevertap.sandbox.pages.paging import whole
from target_clevertap.sandbox.pages.profiles import profile, profiles
from target_clevertap.sandbox.pages.rejections import rejection, rejections, rejections_of_code
from target_clevertap.sandbox.pages.render import render
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.pages.segments import segment, segments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.middleware import Middleware
    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

PAGES: Final[dict[str, Callable[[Account, Request], Screen | None]]] = {
    "/": home,
    "/profiles": profiles,
    "/profiles/{number}": profile,
    "/events": events,
    "/segments": segments,
    "/segments/{number}": segment,
    "/calls": calls,
    "/calls/{number}": call,
    "/rejections": rejections,
    "/rejections/{code}": rejections_of_code,
    "/rejections/{code}/{number}": rejection,
}
STATIC: Final = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
BELOW: Final = "/_sandbox/pages"
"""Where what belongs to the pages is found."""
FRESH: Final = {"Cache-Control": "no-store"}


def page_routes(account: Account, middleware: Sequence[Middleware]) -> list[Route]:
    """The routes of all pages and of what belongs to them; all of them only look."""
    endpoints = {
        **{path: _show(account, view) for path, view in PAGES.items()},
        **{f"{BELOW}/{name}": _file(name, kind) for name, kind in STATIC.items()},
        "/favicon.ico": _file("icon.svg", STATIC["icon.svg"]),
        f"{BELOW}/version": _version(account),
        "/calls/{number}/body": _body(account),
    }
    return [
        Route(path, endpoint, methods=["GET"], middleware=middleware)
        for path, endpoint in endpoints.items()
    ]


def _show(
    account: Account, view: Callable[[Account, Request], Screen | None]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        account.settle()
        version = _version_of(account)  # before the page: what changes from here on is news
        screen = view(account, request)
        html = render(
            screen or Screen("missing.html", "Not here", {}),
            path=request.url.path,
            account_id=account.settings.account_id,
            version=version,
        )
        return HTMLResponse(html, 200 if screen else 404, FRESH)

    return endpoint


def _version_of(account: Account) -> str:
    """A text that is another one once anything has changed that a page shows."""
    in_flight = sum(account.in_flight.counts().values())
    return f"{account.generation}-{account.store.changes}-{in_flight}"


def _version(account: Account) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        account.settle()
        return PlainTextResponse(_version_of(account), headers=FRESH)

    return endpoint


def _body(account: Account) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        number = whole(request.path_params["number"])
        content = None if number is None else body(account, number)
        if content is None:
            return PlainTextResponse("The body of this call is not kept.\n", 404, FRESH)
        headers = {**FRESH, "Content-Disposition": f'attachment; filename="call-{number}-body"'}
        return Response(content, headers=headers, media_type="application/octet-stream")

    return endpoint


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (files(__package__) / "static" / name).read_bytes()

    async def endpoint(_: Request) -> Response:
        return Response(content, headers={"Cache-Control": "no-cache"}, media_type=kind)

    return endpoint
