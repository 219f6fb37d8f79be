"""How many calls may be in flight, counted from their headers to their answer."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.sandbox.api import TIMEOUT, call, event, upload, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.sandbox import Sandbox

BODY = b'{"d":[]}'


def in_flight(sandbox: Sandbox, path: str) -> int:
    count: int = sandbox.state()["in_flight"].get(path, 0)
    return count


@contextmanager
def half_sent(sandbox: Sandbox, path: str = "/1/upload") -> Iterator[Callable[[], bytes]]:
    """A call in flight, because its last byte is missing; the function sends that byte."""
    before = in_flight(sandbox, path)
    address = urlsplit(sandbox.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), TIMEOUT) as client:
        headers = {**sandbox.headers, "Host": "x", "Content-Length": str(len(BODY))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        client.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + BODY[:-1])

        wait_until(lambda: in_flight(sandbox, path) == before + 1)

        def finish() -> bytes:
            client.sendall(BODY[-1:])
            return client.recv(65536)

        yield finish


def test_fifteen_uploads_may_be_in_flight_and_the_next_is_turned_away(sandbox: Sandbox) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(half_sent(sandbox)) for _ in range(15)]
        answer = upload(sandbox)
        assert answer.status_code == 429
        assert "Too many concurrent requests" in answer.text

        assert b" 200 OK" in held[0]()
        assert upload(sandbox).status_code == 200
        assert all(b" 200 OK" in finish() for finish in held[1:])

    assert max(each["in_flight"] for each in sandbox.calls("/1/upload")) == 16


def test_three_calls_of_another_route_may_be_in_flight(sandbox: Sandbox) -> None:
    path = "/get_custom_list_segment_url"
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(half_sent(sandbox, path))
        assert call(sandbox, "POST", path).status_code == 429
        assert upload(sandbox).status_code == 200


def test_a_call_that_was_turned_away_takes_no_room(sandbox: Sandbox) -> None:
    sandbox.settings(concurrency=1)
    with half_sent(sandbox) as first, half_sent(sandbox):
        assert b" 200 OK" in first()
        assert upload(sandbox).status_code == 200


def test_the_limits_are_settings(sandbox: Sandbox) -> None:
    sandbox.settings(concurrency=1, other_concurrency=2)
    with half_sent(sandbox):
        assert upload(sandbox).status_code == 429


def test_a_client_that_leaves_gives_its_room_back(sandbox: Sandbox) -> None:
    sandbox.settings(concurrency=1)
    with half_sent(sandbox):
        assert upload(sandbox).status_code == 429
    wait_until(lambda: in_flight(sandbox, "/1/upload") == 0)
    assert upload(sandbox).status_code == 200
    assert sandbox.events() == []


def test_calls_that_take_their_time_are_in_flight_together(sandbox: Sandbox) -> None:
    sandbox.latency(0.1)
    with ExitStack() as stack:
        for number in range(4):
            thread = threading.Thread(target=upload, args=(sandbox, event("E", str(number))))
            thread.start()
            stack.callback(thread.join)

    assert max(each["in_flight"] for each in sandbox.calls()) > 1
    assert all(each["ended"] - each["started"] >= 0.1 for each in sandbox.calls())
    assert len(sandbox.events()) == 4


def test_a_call_from_before_a_reset_leaves_nothing_behind(sandbox: Sandbox) -> None:
    with half_sent(sandbox) as finish:
        sandbox.reset()
        assert in_flight(sandbox, "/1/upload") == 0
        with pytest.raises(ConnectionResetError):
            finish()

    assert sandbox.calls() == []
