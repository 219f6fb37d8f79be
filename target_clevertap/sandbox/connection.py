"""Connections that can be cut: the faults between client and server that HTTP cannot express."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope

_TRANSPORT = "sandbox.transport"
_LINGER_NONE = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """uvicorn's HTTP connection, which also shows its transport to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Let each request of this connection know what it came through."""
        self.app_state = {**self.app_state, _TRANSPORT: transport}
        # asyncio does it only for sockets that name TCP as their protocol, which a listener need
        # not; without it the body of each answer waits 40 ms for an acknowledgement.
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; a request that it spoils in its middle hears that nobody is left.

        Otherwise the application may still answer it, which h11 does not allow any more.
        """
        super().send_400_response(msg)
        if self.cycle is not None:
            self.cycle.disconnected = True


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection of a request: the client reads `connection reset by peer`."""
    transport = _transport(scope)
    if not transport.is_closing():  # the client may have left already
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    transport.abort()
    await gone(receive)


async def break_off(scope: Scope, receive: Receive) -> None:
    """Close the connection after what has been sent, however much was promised."""
    _transport(scope).close()
    await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the client of a request whose body has been read has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    return transport
