"""Calls to the sandbox as any client would make them, with `requests` alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sandbox import Sandbox

TIMEOUT = 10
ADMIN = "admin@example.com"


def call(sandbox: Sandbox, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
    """One call with the right credentials."""
    options.setdefault("headers", sandbox.headers)
    return requests.request(method, sandbox.url + path, timeout=TIMEOUT, **options)


def upload(sandbox: Sandbox, *records: object, query: str = "") -> requests.Response:
    """The answer to an upload of `records`."""
    return call(sandbox, "POST", f"/1/upload{query}", json={"d": list(records)})


def profile(identity: object = "1", /, **properties: object) -> dict[str, Any]:
    """A profile record."""
    return {"type": "profile", "identity": identity, "profileData": properties}


def event(
    name: object = "Viewed", identity: object = "1", /, **properties: object
) -> dict[str, Any]:
    """An event record."""
    return {"type": "event", "identity": identity, "evtName": name, "evtData": properties}


def list_url(sandbox: Sandbox) -> str:
    """A new pre-signed URL."""
    url: str = call(sandbox, "POST", "/get_custom_list_segment_url").json()["presignedS3URL"]
    return url


def put_list(url: str, content: str | bytes) -> requests.Response:
    """Put a CSV where the URL says."""
    body = content.encode() if isinstance(content, str) else content
    return requests.put(url, data=body, timeout=TIMEOUT)


def complete_list(
    sandbox: Sandbox, url: str, name: str = "VIP", **fields: object
) -> requests.Response:
    """The answer to the last step of a list upload."""
    body = {"name": name, "email": ADMIN, "filename": "vip.csv", "creator": "A", "url": url}
    return call(sandbox, "POST", "/upload_custom_list_segment_completed", json={**body, **fields})


def upload_list(
    sandbox: Sandbox, content: str, name: str = "VIP", **fields: object
) -> requests.Response:
    """All three steps; the answer to the last."""
    url = list_url(sandbox)
    assert put_list(url, content).status_code == 200
    return complete_list(sandbox, url, name, **fields)


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask the sandbox again and again; it needs no more than a moment to see what was sent."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "the sandbox never saw it"
