"""Some seconds of damaged HTTP and JSON; `python -m tests.sandbox.fuzz` goes on for longer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from tests.sandbox import fuzz
from tests.sandbox.api import TIMEOUT, call, upload, wait_until
from tests.support.sandbox import running_sandbox

if TYPE_CHECKING:
    import pytest

    from tests.support.sandbox import Sandbox

SECONDS = 3
SEED = 7


def test_damaged_requests_are_refused_without_a_5xx_a_hang_or_a_word() -> None:
    tally = fuzz.run(SECONDS, SEED)

    assert tally.cases > 200
    assert {"200", "400", "404", "413"} <= tally.statuses.keys()


def test_a_client_that_leaves_in_the_middle_of_a_lever_is_nothing_to_speak_of(
    capfd: pytest.CaptureFixture[str],
) -> None:
    head = b"POST /_sandbox/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
    with running_sandbox() as sandbox:
        address = urlsplit(sandbox.url)
        where = address.hostname, address.port or 0
        with socket.create_connection(where, TIMEOUT) as client:
            client.sendall(head + b"[")
            client.shutdown(socket.SHUT_WR)
            client.recv(65_536)
        assert upload(sandbox).status_code == 200

    assert capfd.readouterr().err == ""


def test_a_client_that_left_before_its_call_is_reset_is_nothing_to_speak_of(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with running_sandbox() as sandbox:
        sandbox.latency(0.3)
        try:
            requests.post(
                f"{sandbox.url}/1/upload", headers=sandbox.headers, json={"d": []}, timeout=0.05
            )
        except requests.ReadTimeout:
            sandbox.reset()
        wait_until(lambda: sandbox.state()["in_flight"] == {})

    assert capfd.readouterr().err == ""


def test_a_lever_takes_no_body_over_its_limit(sandbox: Sandbox) -> None:
    answer = call(sandbox, "POST", "/_sandbox/faults", data=b" " * (4 * 1024 * 1024) + b"[]")

    assert answer.status_code == 413
    assert "4194304 bytes" in answer.json()["error"]


def test_a_body_that_ends_in_no_http_is_refused_once(capfd: pytest.CaptureFixture[str]) -> None:
    head = (
        b"POST /_sandbox/nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with running_sandbox() as sandbox:
        address = urlsplit(sandbox.url)
        where = address.hostname, address.port or 0
        with socket.create_connection(where, TIMEOUT) as client:
            client.sendall(head + b"no number\r\n")
            answer = b"".join(iter(lambda: client.recv(65_536), b""))
        assert upload(sandbox).status_code == 200

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert capfd.readouterr().err == ""
