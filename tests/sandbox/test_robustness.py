"""Whatever is sent, the sandbox answers in 2xx or 4xx and goes on."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_clevertap.sandbox.routes import ROUTES
from tests.sandbox.api import TIMEOUT, call, list_url, put_list, upload

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

# One sandbox serves all examples: what one leaves behind must not hurt the next.
on_one_sandbox = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)

TEXT = st.text(st.characters(codec="utf-8"))
WORDS = st.sampled_from(
    [
        *("d", "type", "profile", "event", "token", "identity", "objectId", "FBID", "GPID", "ts"),
        *("profileData", "evtName", "evtData", "tokenData", "Email", "Phone", "Gender", "Age"),
        *("$add", "$remove", "$set", "$delete", "$incr", "$decr", "Charged", "App Launched", "id"),
        *("name", "email", "filename", "creator", "url", "replace", "guid", "segment_name"),
        *("customer_segment_id", "bulk_profiles", "user_profiles", "segments", "action", "ADD"),
        *("admin@example.com", "+4912345678", "M", "1", "1700000000"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | WORDS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS | TEXT, inner)
)
RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["profile", "event", "token"])},
    optional={
        **dict.fromkeys(("identity", "objectId", "FBID", "GPID", "ts", "evtName"), SCALARS),
        **dict.fromkeys(("profileData", "evtData", "tokenData"), VALUES),
    },
)


@on_one_sandbox
@given(records=st.lists(RECORDS | VALUES, max_size=10))
def test_any_records_are_accepted_or_refused_one_by_one(
    sandbox: Sandbox, records: list[Any]
) -> None:
    answer = upload(sandbox, *records)

    assert answer.status_code == 200
    assert answer.json()["processed"] + len(answer.json()["unprocessed"]) == len(records)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
@on_one_sandbox
@given(body=VALUES | st.binary())
def test_any_body_is_answered(sandbox: Sandbox, route: Any, body: Any) -> None:  # noqa: ANN401 - any
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    assert call(sandbox, route.method, route.path, data=content).status_code < 500


@on_one_sandbox
@given(content=st.binary() | TEXT.map(lambda text: f"Type,Identity\n{text}".encode()))
def test_any_list_file_is_processed_or_refused_by_mail(sandbox: Sandbox, content: bytes) -> None:
    url = list_url(sandbox)
    assert put_list(url, content).status_code == 200
    body = {
        "name": "fuzz",
        "email": "admin@example.com",
        "filename": "f",
        "creator": "c",
        "url": url,
        "replace": True,
    }
    call(sandbox, "POST", "/upload_custom_list_segment_completed", json=body)

    assert sandbox.mails()[-1]["outcome"] in {"success", "failure"}


@on_one_sandbox
@given(query=TEXT, path=TEXT)
def test_any_path_and_query_is_answered(sandbox: Sandbox, path: str, query: str) -> None:
    for where in (f"/{path}", f"/_sandbox/{path}", "/1/profile.json", "/_sandbox/events"):
        answer = call(sandbox, "GET", where, params={"identity": query, "name": query})
        assert answer.status_code < 500


VALID = (
    b"POST /1/upload HTTP/1.1\r\nHost: x\r\nX-CleverTap-Account-Id: TEST-SANDBOX\r\n"
    b'X-CleverTap-Passcode: sandbox\r\nContent-Length: 8\r\n\r\n{"d":[]}'
)


@on_one_sandbox
@given(start=st.integers(0, len(VALID)), length=st.integers(0, 40), wrong=st.binary(max_size=40))
def test_broken_http_ends_no_more_than_its_connection(
    sandbox: Sandbox, start: int, length: int, wrong: bytes
) -> None:
    address = urlsplit(sandbox.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), TIMEOUT) as client:
        client.sendall(VALID[:start] + wrong + VALID[start + length :])
        client.shutdown(socket.SHUT_WR)
        try:
            answer = client.recv(65536)
        except ConnectionResetError:
            answer = b""

    assert not answer.startswith(b"HTTP/1.1 5")
    assert upload(sandbox).status_code == 200
