"""What stands between the pages and other web sites: who may ask, and what a page may do."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *("script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)
"""A page runs the sandbox's own script and nothing else, whatever a record may hold."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFUSAL: Final = (
    "This sandbox answers to 127.0.0.1 and localhost alone, so that no web site can read it "
    "through a name of its own. Open it by one of these.\n"
)
CROSS_SITE: Final = "Another web site may not change anything here.\n"


class Guard:
    """Refuses what another web site makes a browser ask, and sets the headers of every answer.

    A site can let its own name lead to 127.0.0.1 (DNS rebinding); the `Host` header tells. On an
    address that is not loopback any name may be right, and only the headers are set.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        refusal = _refusal(scope)
        if refusal is not None:
            await PlainTextResponse(refusal, 403)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


def _refusal(scope: Scope) -> str | None:
    headers = Headers(scope=scope)
    if is_loopback((scope.get("server") or ("",))[0]) and not is_loopback(
        host_name(headers.get("host", ""))
    ):
        return REFUSAL
    if scope["method"] not in {"GET", "HEAD"} and headers.get("sec-fetch-site") == "cross-site":
        return CROSS_SITE
    return None


def host_name(host: str) -> str:
    """A `Host` header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_loopback(name: str) -> bool:
    """Whether a name or an address is this machine's own, and no other machine's."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
