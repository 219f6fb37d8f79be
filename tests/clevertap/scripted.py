"""A server on a bare socket that answers each call as told, right or wrong, and keeps it."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Self

TLS = Path(__file__).parent / "tls"
"""A certificate for localhost (not for 127.0.0.1) and the authority that signed it."""

Reaction = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Heard:
    """One request as it came over the wire."""

    line: str
    headers: Mapping[str, str]
    body: bytes


def answer(
    status: int, body: bytes | str | object, headers: Mapping[str, str] | None = None
) -> Reaction:
    """An answer of HTTP; what is neither bytes nor text is sent as JSON."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    content = body.encode() if isinstance(body, str) else body
    lines = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content)


def raw(content: bytes) -> Reaction:
    """Exactly these bytes, and then the end."""
    return lambda connection: connection.sendall(content)


def reset(connection: socket.socket) -> None:
    """No answer: the connection is torn down."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(_connection: socket.socket) -> None:
    """No answer: the connection is closed in good manners."""


class Scripted:
    """Listens on this machine; reacts to the calls in their order, as to the last for ever.

    With `deaf` a reaction comes before a call is read, and has to read what it wants of it.
    """

    def __init__(self, *reactions: Reaction, tls: bool = False, deaf: bool = False) -> None:
        self.heard: list[Heard] = []
        self._reactions: queue.SimpleQueue[Reaction] = queue.SimpleQueue()
        self._last: Reaction = hang_up
        self.react(*reactions)
        self._tls = _context() if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        self._deaf = deaf
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://localhost:{self.port}"

    def react(self, *reactions: Reaction) -> None:
        """Adds reactions to those not used yet."""
        for reaction in reactions:
            self._reactions.put(reaction)

    def hang(self, _connection: socket.socket) -> None:
        """No answer, until the test is over."""
        self._over.wait(30)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError, EOFError), connection:  # some clients go early
            secured = self._secured(connection)
            with secured, secured.makefile("rb") as stream:
                if not self._deaf:
                    self.heard.append(_read(stream))
                self._next()(secured)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _next(self) -> Reaction:
        with contextlib.suppress(queue.Empty):
            self._last = self._reactions.get_nowait()
        return self._last


def _read(stream: BinaryIO) -> Heard:
    line = stream.readline().decode().strip()
    if not line:
        raise EOFError
    headers = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(": ")
        headers[name.lower()] = value
    return Heard(line, headers, stream.read(int(headers.get("content-length", 0))))


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem")
    return context
