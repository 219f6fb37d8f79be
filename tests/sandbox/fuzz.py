"""Malformed HTTP and JSON at a sandbox, by the thousand: no answer may be 5xx, no call may hang.

`python -m tests.sandbox.fuzz --seconds 300 [--seed 1]`

Half of the cases are requests that were damaged on the wire, half are sound HTTP around damaged
JSON, for each route of CleverTap's and of the sandbox's own. A case that fails is printed whole.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click

from tests.support.sandbox import ACCOUNT_ID, GREETING, PASSCODE, STOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 20
LARGEST_BODY = 200_000
PAUSE = 200
"""Cases between two looks at whether the sandbox still does what it should."""

CREDENTIALS = f"X-CleverTap-Account-Id: {ACCOUNT_ID}\r\nX-CleverTap-Passcode: {PASSCODE}\r\n"
PROFILE = {
    "type": "profile",
    "identity": "a",
    "ts": 1_700_000_000,
    "profileData": {
        "Name": "A",
        "Email": "a@example.com",
        "Phone": "+4912345678",
        "Age": 5,
        "Tags": {"$add": ["x"]},
        "Visits": {"$incr": 1},
        "identity": "b",
    },
}
EVENT = {
    "type": "event",
    "identity": "a",
    "evtName": "Charged",
    "ts": 1_700_000_000,
    "evtData": {"Amount": 1.5, "Items": [{"Name": "x"}]},
}
TOKEN = {"type": "token", "objectId": "abc", "tokenData": {"id": "t", "type": "fcm"}}
LIST = {
    "name": "V",
    "email": "admin@example.com",
    "filename": "f",
    "creator": "c",
    "url": "http://127.0.0.1/custom-list-uploads/x.csv?y=z",
    "replace": True,
}
CHANGE = {
    "bulk_profiles": [
        {"user_profiles": [{"identity": "a"}], "segments": [{"ct_segment_id": 1, "action": "ADD"}]}
    ]
}
SCHEMA = {
    "profile": {"A": "string"},
    "events": {"Charged": {"properties": {"Amount": "number"}, "mandatory": ["Amount"]}},
    "undefined": "drop_event",
}
QUERY = {"event_name": "Charged", "from": 20231101, "to": 20231130}

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/1/upload"): {"d": [PROFILE, EVENT, TOKEN]},
    ("POST", "/1/upload?dryRun=1"): {"d": [EVENT, PROFILE]},
    ("POST", "/1/delete/profiles.json"): {"identity": ["a", "b"]},
    ("POST", "/1/events.json?batch_size=5"): QUERY,
    ("POST", "/1/profiles.json"): QUERY,
    ("POST", "/get_custom_list_segment_url"): None,
    ("PUT", "/custom-list-uploads/x.csv?y=z"): "Type,Identity\ni,a\n",
    ("POST", "/upload_custom_list_segment_completed"): LIST,
    ("POST", "/api/createSegment"): [{"segment_name": "S", "customer_segment_id": "1"}],
    ("POST", "/api/updateSegment"): CHANGE,
    ("POST", "/_sandbox/settings"): {"schema": SCHEMA, "identity_limit": 5},
    ("POST", "/_sandbox/clock"): {"advance": 1},
    ("POST", "/_sandbox/faults"): [{"kind": "positionless", "calls": [1]}],
    ("POST", "/_sandbox/latency"): {"seconds": 0.0, "jitter": 0.0},
}
QUERIES = (
    *("/1/profile.json?identity=", "/1/profile.json?email=", "/1/events.json?cursor="),
    *("/1/events.json?query=", "/1/events.json?batch_size=", "/_sandbox/profiles?identity="),
    *("/_sandbox/events?name=", "/_sandbox/calls?offset=", "/_sandbox/rejections?limit="),
    *("/_sandbox/segments/", "/_sandbox/", "/?q=", "/profiles?q=", "/profiles/", "/events?name="),
    *("/events/", "/segments/", "/calls?page=", "/calls/", "/rejections/", "/"),
)
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, -0.0, 1e308, 10**40, -(2**63), 2**63, "", " ", "null", "0"),
    *([], {}, [[]], [{}], {"": ""}, {"$add": None}, {"$set": {}}, {"$incr": "x"}, {"$delete": []}),
    *("\u0000", "\ud7ff", "\U0010ffff", "x" * 2000, "$D_", "$D_x", "../../etc/passwd", "%00"),
    *("profile", "event", "token", "Charged", "App Launched", "'; DROP TABLE profiles; --", "<b>"),
)
DAMAGES: tuple[bytes, ...] = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\x00", b"\xff\xfe", b":", b" ", b"HTTP/1.1", b"HTTP/9.9"),
    *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Host: \xff\r\n"),
    *(b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Expect: 100-continue\r\n", b"GET /\r\n"),
    *(b"5\r\nab\r\n0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"ffffffffffffffff\r\n"),
    *(b"X: " + b"y" * 70_000 + b"\r\n", b"X-Y: z\r\n" * 300, b"[" * 50_000, b'{"d":' * 2_000),
    *(b"\xed\xa0\x80", b"\\ud800"),
)


class Broken(Exception):
    """The sandbox did what it must not; the message has the case."""


@dataclass
class Tally:
    """What has been tried, and how it was answered."""

    cases: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    def add(self, answer: bytes) -> None:
        """Count one answer; an empty one is a closed connection."""
        found = re.match(rb"HTTP/1\.\d (\d{3})", answer)
        status = found[1].decode() if found else "closed"
        self.cases += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1


def run(seconds: float, seed: int) -> Tally:
    """Try cases on a sandbox of its own for so long.

    Raises:
        Broken: at the first case that is answered 5xx, hangs, or ends the sandbox.
    """
    tally, random = Tally(), Random(seed)  # noqa: S311 - reproducible, not secret
    deadline = time.monotonic() + seconds
    with _sandbox() as url:
        while time.monotonic() < deadline:
            case = _damaged(random) if random.random() < 0.5 else _sound(random)
            tally.add(_tried(url, case))
            if tally.cases % PAUSE == 0:
                _check(url)
        _check(url)
    return tally


@contextmanager
def _sandbox() -> Iterator[str]:
    """A sandbox that must say nothing on standard error, and end well."""
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0"]
    command += ["--max-body-bytes", str(LARGEST_BODY)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,  # noqa: S603 - our own server
    ):
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().removeprefix(GREETING)
        finally:
            process.terminate()
            code = process.wait(STOP_SECONDS)
            errors.seek(0)
            said = errors.read()[-3000:]
        if code or said:
            raise Broken(f"the sandbox ended with {code} and said: {said}")


def _tried(url: str, case: bytes) -> bytes:
    """The answer to a case."""
    try:
        answer = _exchanged(url, case)
    except (TimeoutError, ConnectionRefusedError) as error:
        raise Broken(f"{error!r} at {case!r}") from error
    if re.search(rb"^HTTP/1\.\d 5", answer, re.MULTILINE):
        raise Broken(f"{answer[:500]!r} at {case!r}")
    return answer


def _exchanged(url: str, case: bytes) -> bytes:
    """What comes back for these bytes until the connection ends."""
    address = urlsplit(url)
    where = address.hostname or "", address.port or 0
    answer = b""
    with socket.create_connection(where, PATIENCE_SECONDS) as wire:
        try:
            wire.sendall(case)
            wire.shutdown(socket.SHUT_WR)
            while part := wire.recv(65_536):
                answer += part
        except TimeoutError:
            raise
        except OSError:  # the sandbox has ended the connection before it was told everything
            return answer
    return answer


def _check(url: str) -> None:
    """Take back what cases may have set, and see that an upload still works."""
    _exchanged(url, _request("POST", "/_sandbox/reset", b""))
    answer = _exchanged(url, _request("POST", "/1/upload", json.dumps({"d": [PROFILE]}).encode()))
    if b'"processed" : 1' not in answer:
        raise Broken(f"an upload is answered {answer!r}")


def _request(method: str, path: str, body: bytes) -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{CREDENTIALS}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _sound(random: Random) -> bytes:
    """HTTP as it should be, with a body or a query that is not."""
    if random.random() < 0.3:
        text = str(random.choice(STRANGE)) if random.random() < 0.7 else _noise(random)
        return _request("GET", random.choice(QUERIES) + quote(text, errors="replace"), b"")
    (method, path), value = random.choice(list(BODIES.items()))
    text = value if isinstance(value, str) else json.dumps(_changed(random, value))
    body = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.3:
        body = _hurt(random, body)
    if random.random() < 0.01:
        body = body.ljust(LARGEST_BODY + 1)
    return _request(method, path, body)


def _noise(random: Random) -> str:
    return "".join(chr(random.randrange(0xD800)) for _ in range(random.randrange(20)))


def _damaged(random: Random) -> bytes:
    """A request with something wrong in its bytes, now and then followed by another one."""
    (method, path), value = random.choice(list(BODIES.items()))
    case = _request(method, path, json.dumps(value).encode())
    for _ in range(random.randint(1, 3)):
        case = _hurt(random, case)
    return case if random.random() < 0.9 else case + _request("GET", "/_sandbox/state", b"")


def _hurt(random: Random, text: bytes) -> bytes:
    """A text with one wound."""
    start = random.randrange(len(text) + 1)
    end = min(len(text), start + random.randrange(20))
    wounds: tuple[Callable[[], bytes], ...] = (
        lambda: text[:start],
        lambda: text[:start] + text[end:],
        lambda: text[:end] + text[start:],
        lambda: text[:start] + random.randbytes(random.randrange(1, 8)) + text[end:],
        lambda: text[:start] + random.choice(DAMAGES) + text[start:],
        lambda: text.replace(b"\r\n", b"\r\n" + random.choice(DAMAGES), 1),
        lambda: text.replace(b"\r\n\r\n", b"\r\n" + random.choice(DAMAGES) + b"\r\n", 1),
    )
    return random.choice(wounds)()


def _changed(random: Random, value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value with strange ones in some of its places."""
    if random.random() < 0.12:
        return random.choice(STRANGE)
    if isinstance(value, dict):
        changed = {key: _changed(random, item) for key, item in value.items()}
        if changed and random.random() < 0.1:
            changed.pop(random.choice(list(changed)))
        if random.random() < 0.1:
            changed[str(random.choice(STRANGE))] = random.choice(STRANGE)
        return changed
    if isinstance(value, list):
        changed_items = [_changed(random, item) for item in value]
        return changed_items * random.choice((1, 1, 1, 1, 0, 2, 200))
    return value


@click.command(help=__doc__)
@click.option("--seconds", default=60.0, show_default=True, help="How long.")
@click.option("--seed", default=0, show_default=True, help="Which cases.")
def main(seconds: float, seed: int) -> None:
    """Try for so long, and tell how it went."""
    try:
        tally = run(seconds, seed)
    except Broken as broken:
        raise click.ClickException(str(broken)) from broken
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(tally.statuses.items()))
    click.echo(f"{tally.cases:,} cases, none answered 5xx, none hung ({statuses})")


if __name__ == "__main__":
    main()
