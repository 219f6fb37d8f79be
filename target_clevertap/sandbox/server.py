"""The server process: one socket, one event loop, one line on standard output."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from target_clevertap.sandbox.app import create_app
from target_clevertap.sandbox.connection import Connection

if TYPE_CHECKING:
    from types import FrameType

    from target_clevertap.sandbox.account import Account

KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 2
BACKLOG = 1024
RARELY = (100_000, 50, 100)
"""Thresholds of the garbage collector: the records of a call are many objects without a cycle, and
looking for one at the usual pace takes a twentieth of the time of an upload."""


def serve(account: Account, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, which end the process with exit code 0.

    Raises OSError if the address cannot be had.
    """
    with socket.create_server((host, port), backlog=BACKLOG, family=_family(host)) as listener:
        # uvicorn raises the signal again once it has stopped; this makes a stop a success.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        server = _Server(_config(account))
        gc.freeze()
        gc.set_threshold(*RARELY)
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"clevertap-sandbox listening on http://{shown}:{port}", flush=True)  # noqa: T201 - the contract


def _config(account: Account) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(account),
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(0)
