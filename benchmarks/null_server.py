"""A server that takes uploads and does nothing: `python -m benchmarks.null_server [--latency S]`.

It must not be what is measured, so it is one thread around one selector that counts the records
of a body by a marker, without reading JSON. What holds none may be a custom list, one member a
line, or another step of its upload: all of these get the same answer. It writes its URL as the
first line, serves until its standard input is closed, and then writes what it saw as one line of
JSON.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count
from typing import IO, Final

RECORD_MARK: Final = b'"type":'
"""Stands once in each record of an upload, however its JSON is spaced."""

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_FIRST_BUFFER_BYTES: Final = 1 << 20
_BACKLOG: Final = 64


@dataclass(slots=True)
class Seen:
    """What a server has taken: times in seconds of its own clock, records of the first call."""

    calls: int = 0
    records: int = 0
    members: int = 0
    first_records: int = 0
    first: float = 0.0
    last: float = 0.0
    most_at_once: int = 0
    cpu_seconds: float = 0.0

    def took(self, records: int, now: float) -> None:
        """Count a call whose body has arrived."""
        if not self.calls:
            self.first, self.first_records = now, records
        self.calls += 1
        self.records += records


class Connection:
    """One client's connection, and the part of its current request that has arrived."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.records = 0
        self.members = 0
        self._buffer = bytearray(_FIRST_BUFFER_BYTES)
        self._filled = 0
        self._head = 0
        self._size = 0

    def receive(self) -> bool | None:
        """Whether a request is complete now; None when the client has hung up."""
        with memoryview(self._buffer) as view, view[self._filled :] as room:
            taken = self.wire.recv_into(room)
        if not taken:
            return None
        self._filled += taken
        if not self._size:
            self._read_head()
        return 0 < self._size <= self._filled

    def take_body(self, keep: IO[bytes] | None) -> None:
        """Count what is in the complete request, which makes room for the next one."""
        self.records = self._buffer.count(RECORD_MARK, self._head, self._size)
        # The first line of a list is its heading.
        lines = 0 if self.records else self._buffer.count(b"\n", self._head, self._size)
        self.members = max(0, lines - 1)
        if keep is not None:
            keep.write(self._buffer[self._head : self._size] + b"\n")
        self._filled = self._head = self._size = 0

    def answer(self, link: str) -> None:
        """Say that every record was taken, in the form of CleverTap's answers.

        Or, where there was none, that a step of a list was; its file goes to `link`.
        """
        said = f'"processed" : {self.records} , "unprocessed" : [ ]'
        if not self.records:
            said = f'"Segment ID" : 1 , "presignedS3URL" : "{link}"'
        body = f'{{ "status" : "success" , {said}}}'.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self.wire.sendall(head.encode() + _HEAD_END + body)

    def _read_head(self) -> None:
        end = self._buffer.find(_HEAD_END, 0, self._filled)
        if end < 0:
            return
        self._head = end + len(_HEAD_END)
        lines = bytes(self._buffer[:end]).lower().split(b"\r\n")
        length = next(int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH))
        self._size = self._head + length
        if self._size > len(self._buffer):
            self._buffer.extend(bytes(self._size - len(self._buffer)))


class NullServer:
    """Answers each upload `latency` seconds after its last byte has come."""

    def __init__(self, latency: float, keep: IO[bytes] | None = None) -> None:
        self.seen = Seen()
        self._latency = latency
        self._keep = keep
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Connection]] = []
        self._turn = count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._selector.register(self._listener, selectors.EVENT_READ)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self, until: int) -> None:
        """Serve until there is something to read, or an end, at the descriptor `until`."""
        self._selector.register(until, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(self._wait()):
                if key.fd == until:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._read(key.data)
            while self._due and self._due[0][0] <= time.monotonic():
                self._answer(heapq.heappop(self._due)[2])

    def _wait(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _accept(self) -> None:
        wire, _ = self._listener.accept()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(wire, selectors.EVENT_READ, Connection(wire))

    def _read(self, connection: Connection) -> None:
        complete = connection.receive()
        if complete is None:
            self._selector.unregister(connection.wire)
            connection.wire.close()
        elif complete:
            now = time.monotonic()
            connection.take_body(self._keep)
            self.seen.took(connection.records, now)
            self.seen.members += connection.members
            heapq.heappush(self._due, (now + self._latency, next(self._turn), connection))
            self.seen.most_at_once = max(self.seen.most_at_once, len(self._due))

    def _answer(self, connection: Connection) -> None:
        connection.answer(f"{self.url}/list")
        self.seen.last = time.monotonic()


def main() -> None:
    """Serve until standard input is closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds until an answer")
    parser.add_argument("--keep", type=argparse.FileType("wb"), help="a file for the bodies")
    options = parser.parse_args()
    server = NullServer(options.latency, options.keep)
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    server.serve(sys.stdin.fileno())
    if options.keep:
        options.keep.close()
    times = os.times()
    server.seen.cpu_seconds = times.user + times.system
    sys.stdout.write(json.dumps(asdict(server.seen)) + "\n")


if __name__ == "__main__":
    main()
