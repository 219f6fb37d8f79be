"""Reading the body of a request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.body import Body

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def read(body: Body, *messages: MutableMapping[str, Any]) -> bool:
    waiting = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0)

    return asyncio.run(body.read(receive))


def chunk(content: bytes, *, more: bool) -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


def test_a_body_is_read_whole() -> None:
    with Body.in_memory(10) as body:
        assert read(body, chunk(b"ab", more=True), chunk(b"c", more=False))
        assert (body.content(), body.size, body.too_large) == (b"abc", 3, False)


def test_no_more_is_kept_than_is_allowed_but_all_is_read() -> None:
    with Body.in_memory(4) as body:
        assert read(
            body, chunk(b"abc", more=True), chunk(b"de", more=True), chunk(b"f", more=False)
        )
        assert (body.content(), body.size, body.too_large) == (b"abc", 6, True)


def test_a_client_that_leaves_has_sent_no_body() -> None:
    with Body.in_memory(10) as body:
        assert not read(body, chunk(b"ab", more=True), {"type": "http.disconnect"})


def test_a_file_is_closed_unless_it_is_kept() -> None:
    with Body.on_disk(10) as body:
        read(body, chunk(b"ab", more=False))
    assert body.file.closed

    with Body.on_disk(10) as body:
        body.keep()
    assert not body.file.closed
    body.file.close()
