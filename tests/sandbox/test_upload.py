"""Uploads: what is accepted, what is refused, in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox


def post(sandbox: Sandbox, *records: object, query: str = "") -> requests.Response:
    return requests.post(
        f"{sandbox.url}/1/upload{query}",
        headers=sandbox.headers,
        json={"d": list(records)},
        timeout=10,
    )


def test_an_accepted_call_is_answered_as_recorded(sandbox: Sandbox) -> None:
    answer = post(sandbox, {"type": "profile", "identity": "1", "profileData": {"Name": "A"}})

    assert answer.content == b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}'
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
