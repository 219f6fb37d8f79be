"""What the null server can take: ready-made calls from threads that do nothing else.

`python -m benchmarks.blast URL CALLS`
"""

from __future__ import annotations

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from benchmarks.plan import CONNECTIONS, ROWS_A_CALL

_RECORD: Final = b'{"type":"profile","identity":"1","profileData":{"Name":"' + b"x" * 260 + b'"}}'
"""As long as what the rows of this bench become."""
_ANSWER_BYTES: Final = 1 << 16


def main(url: str, calls: str) -> None:
    """Make so many calls, over as many connections as CleverTap allows."""
    each = max(1, int(calls) // CONNECTIONS)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(_send, url, each) for _ in range(CONNECTIONS)]:
            done.result()


def _send(url: str, calls: int) -> None:
    body = b'{"d":[' + b",".join([_RECORD] * ROWS_A_CALL) + b"]}"
    head = f"POST /1/upload HTTP/1.1\r\nHost: null\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as wire:
        for _ in range(calls):
            wire.sendall(request)
            if not wire.recv(_ANSWER_BYTES).endswith(b"}"):
                raise ConnectionError("the null server has not answered in one piece")


if __name__ == "__main__":
    main(*sys.argv[1:])
