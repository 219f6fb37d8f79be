"""One call over the wire: what is sent, and what each way of getting no answer means."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import requests

from target_clevertap.clevertap.answers import Reply
from target_clevertap.clevertap.transport import Timeouts, Transport
from target_clevertap.errors import AnswerLost, CleverTapError, NotReached, TerminalError
from tests.clevertap.scripted import TLS, Reaction, Scripted, answer, hang_up, raw, reset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OK = answer(200, {})
HEADERS = {"X-CleverTap-Passcode": "secret-passcode"}
SECRETS = ("secret-passcode", "secret-body", "secret-signature")
PATIENT = Timeouts(connect=5, read=5)


def send(url: str, timeouts: Timeouts = PATIENT, method: str = "POST") -> Reply:
    """One call with a secret in each of its parts."""
    body = b"secret-body"
    with Transport(timeouts) as transport:
        target = f"{url}/path?X-Amz-Signature=secret-signature"
        return transport.send(method, target, HEADERS, BytesIO(body), len(body))


def failure_of(url: str, timeouts: Timeouts = PATIENT) -> CleverTapError:
    """The error of such a call, which must not lead to any of the secrets."""
    with pytest.raises(CleverTapError) as caught:
        send(url, timeouts)
    error = caught.value
    assert error.__cause__ is None
    assert not isinstance(error.__context__, requests.RequestException)  # it holds the request
    assert not any(secret in repr(error) for secret in SECRETS)
    return error


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxies and certificates the machine has set play no part."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# What goes over the wire.


def test_a_call_is_sent_as_it_is_given() -> None:
    with Scripted(answer(201, "Made.")) as server:
        reply = send(server.url)
    heard = server.heard[0]
    assert heard.line == "POST /path?X-Amz-Signature=secret-signature HTTP/1.1"
    assert heard.body == b"secret-body"
    assert heard.headers["x-clevertap-passcode"] == "secret-passcode"
    assert heard.headers["content-length"] == "11"
    assert reply == Reply(f"localhost:{server.port}", 201, b"Made.")
    assert reply.taken


def test_a_body_without_a_word_is_sent_with_a_length_of_zero() -> None:
    with Scripted(OK) as server, Transport(PATIENT) as transport:
        transport.send("POST", server.url, {}, BytesIO(b""), 0)
    assert server.heard[0].headers["content-length"] == "0"
    assert "transfer-encoding" not in server.heard[0].headers


def test_a_url_that_must_not_be_called_is_not() -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        send("http://example.com")


def test_no_password_is_taken_from_netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Scripted(OK) as server:
        send(server.url)
    assert "authorization" not in server.heard[0].headers


def test_cookies_are_not_sent_back() -> None:
    with (
        Scripted(answer(200, "", {"Set-Cookie": "session=1"})) as server,
        Transport(PATIENT) as transport,
    ):
        for _ in range(2):
            transport.send("POST", server.url, {})
    assert "cookie" not in server.heard[1].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with Scripted(OK) as elsewhere:
        location = {"Location": f"{elsewhere.url}/there"}
        with Scripted(answer(status, "", location)) as server:
            assert send(server.url).status == status
    assert elsewhere.heard == []


def test_a_redirect_to_nonsense_is_an_answer_like_any_other() -> None:
    with Scripted(answer(302, "", {"Location": "http://[nonsense"})) as server:
        assert send(server.url).status == 302


def test_a_slow_line_has_the_time_to_connect_for_each_block_and_not_for_the_whole() -> None:
    size = 10_000_000  # more than the kernel takes over at once

    def read_slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        left = size - len(received.partition(b"\r\n\r\n")[2])
        while left > 0:
            time.sleep(0.002)  # the line, not the test, is slow
            if not (block := connection.recv(65536)):
                return  # cut off
            left -= len(block)
        OK(connection)

    timeouts = Timeouts(connect=0.1, read=5)
    with Scripted(read_slowly, deaf=True) as server, Transport(timeouts) as transport:
        began = time.monotonic()
        assert transport.send("PUT", server.url, {}, BytesIO(bytes(size)), size).taken
        assert time.monotonic() - began > timeouts.connect


# No answer.


@pytest.fixture
def full() -> Iterator[str]:
    """The URL of a listener whose queue is full: it accepts no connection, and refuses none."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - its only form
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_nobody_there_was_surely_not_reached() -> None:
    port = closed_port()
    error = failure_of(f"http://127.0.0.1:{port}")
    assert isinstance(error, NotReached)
    assert str(error) == f"127.0.0.1:{port} cannot be reached: Connection refused."


def test_a_host_without_an_address_was_surely_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure_of("https://api.clevertap.invalid")
    assert isinstance(error, NotReached)
    assert str(error) == "api.clevertap.invalid cannot be reached: its name is not known."


def test_a_host_that_lets_nobody_in_was_surely_not_reached(full: str) -> None:
    error = failure_of(full, Timeouts(connect=0.1, read=5))
    assert isinstance(error, NotReached)
    assert "no connection in time" in str(error)


def test_an_answer_that_does_not_come_in_time_is_lost() -> None:
    with Scripted() as server:
        server.react(server.hang)
        error = failure_of(server.url, Timeouts(connect=5, read=0.1))
    assert isinstance(error, AnswerLost)
    assert str(error) == (
        f"localhost:{server.port} did not answer in time; it may have received the call."
    )


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "reaction",
    [
        pytest.param(hang_up, id="closed"),
        pytest.param(reset, id="reset"),
        pytest.param(raw(b"HTTP/1.1"), id="cut in the status"),
        pytest.param(raw(HEAD + b'{"status"'), id="cut in the body"),
        pytest.param(raw(CHUNKED + b"40\r\n{"), id="cut in a chunk"),
        pytest.param(raw(CHUNKED + b"zz\r\n{"), id="no chunk"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9\r\n"), id="no HTTP"),
        pytest.param(answer(200, b"no gzip", {"Content-Encoding": "gzip"}), id="no gzip"),
    ],
)
def test_an_answer_that_breaks_off_is_lost(reaction: Reaction) -> None:
    with Scripted(reaction) as server:
        assert isinstance(failure_of(server.url), AnswerLost)


def test_an_answer_that_stops_in_its_middle_is_lost() -> None:
    with Scripted() as server:

        def stall(connection: socket.socket) -> None:
            connection.sendall(HEAD + b"{")
            server.hang(connection)

        server.react(stall)
        assert isinstance(failure_of(server.url, Timeouts(connect=5, read=0.1)), AnswerLost)


# The wait that an answer asks for.


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        (
            {
                "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
                "Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT",
            },
            30,
        ),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT"}, 0),
        ({"Retry-After": "Wed, 99 Oct 2015 07:28:30 GMT"}, None),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    with Scripted(answer(503, "", headers)) as server:
        assert send(server.url).retry_after == seconds


# TLS.


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment names the authority that signed the certificate of the server."""
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes((TLS / "authority.pem").read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    return bundle


@pytest.mark.usefixtures("trusting")
def test_a_certificate_that_the_environment_trusts_is_trusted() -> None:
    with Scripted(OK, tls=True) as server:
        assert send(server.url).taken


def test_certificates_are_read_once_and_not_for_each_connection(trusting: Path) -> None:
    with Scripted(OK, tls=True) as server, Transport(PATIENT) as transport:
        transport.send("POST", server.url, {})
        trusting.write_text("overwritten")
        assert transport.send("POST", server.url, {}).taken
    assert len(server.heard) == 2


def test_a_folder_of_certificates_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "f20e0b1e.0").write_bytes((TLS / "authority.pem").read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with Scripted(OK, tls=True) as server:
        assert send(server.url).taken


def test_a_certificate_that_nobody_trusts_ends_the_call_for_good() -> None:
    with Scripted(OK, tls=True) as server:
        error = failure_of(server.url)
    assert isinstance(error, TerminalError)
    assert f"certificate of localhost:{server.port} is not trusted" in str(error)
    assert "REQUESTS_CA_BUNDLE" in str(error)
    assert server.heard == []


@pytest.mark.usefixtures("trusting")
def test_a_certificate_of_another_host_ends_the_call_for_good() -> None:
    with Scripted(OK, tls=True) as server:
        error = failure_of(server.url.replace("localhost", "127.0.0.1"))
    assert isinstance(error, TerminalError)
    assert "not valid for '127.0.0.1'" in str(error)
    assert server.heard == []


def test_a_port_that_speaks_no_tls_ends_the_call_for_good() -> None:
    with Scripted(raw(b"SSH-2.0-OpenSSH_9\r\n"), deaf=True) as server:
        error = failure_of(server.url.replace("http", "https"))
    assert isinstance(error, TerminalError)
    assert "does not speak TLS" in str(error)


def test_a_connection_that_is_cut_while_tls_begins_is_told_in_words_of_tls() -> None:
    def listen_and_hang_up(connection: socket.socket) -> None:
        connection.recv(65536)

    with Scripted(listen_and_hang_up, deaf=True) as server:
        error = failure_of(server.url.replace("http", "https"))
    assert isinstance(error, AnswerLost)
    assert "EOF" in str(error)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_end_the_call_for_good(
    trusting: Path, content: str | None
) -> None:
    trusting.unlink()
    if content is not None:
        trusting.write_text(content)
    error = failure_of("https://localhost")
    assert isinstance(error, TerminalError)
    assert str(error).startswith(f"The trusted certificates in {trusting} cannot be read")


# Proxies from the environment.


def test_the_proxy_of_the_environment_is_asked_and_learns_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted(answer(502, "")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:proxy-word@"))
        error = failure_of("https://api.clevertap.invalid")
    assert isinstance(error, NotReached)
    assert proxy.heard[0].line.startswith("CONNECT api.clevertap.invalid:443 ")
    assert "x-clevertap-passcode" not in proxy.heard[0].headers
    assert "proxy-word" not in repr(error)


def test_a_proxy_that_refuses_ends_the_call_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(answer(407, "")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = failure_of("https://api.clevertap.invalid")
    assert isinstance(error, TerminalError)
    assert str(error) == (
        "The proxy that the environment names refuses to connect to api.clevertap.invalid (407): "
        "look at the user and password in HTTPS_PROXY, and at what the proxy lets through."
    )


def test_a_proxy_that_is_away_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy-word@127.0.0.1:{closed_port()}")
    error = failure_of("https://api.clevertap.invalid")
    assert isinstance(error, NotReached)
    assert "through the proxy" in str(error)
    assert "Connection refused" in str(error)
    assert "proxy-word" not in repr(error)


def test_a_proxy_that_is_no_url_ends_the_call_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http:///nowhere")
    error = failure_of("https://api.clevertap.invalid")
    assert isinstance(error, TerminalError)
    assert not isinstance(error, AnswerLost)


def test_this_machine_is_called_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(OK) as proxy, Scripted(OK) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        send(server.url)
    assert proxy.heard == []
    assert len(server.heard) == 1


# Logs.


def test_nothing_secret_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Scripted(OK, hang_up) as server:
        send(server.url, method="PUT")
        failure_of(server.url)
    assert '"PUT /path HTTP/1.1" 200' in caplog.text
    assert not any(secret in caplog.text for secret in SECRETS)


def test_headers_of_an_answer_that_cannot_be_read_lead_to_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    strange = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\nConnection: close\r\n\r\n{}"
    with Scripted(raw(strange)) as server:
        send(server.url)
    assert "Failed to parse headers" in caplog.text
    assert not any(secret in caplog.text for secret in SECRETS)
