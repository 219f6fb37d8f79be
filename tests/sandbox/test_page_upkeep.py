"""What the pages stand on is kept small, and is brought up to date between calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import requests

from target_clevertap.sandbox import upkeep
from target_clevertap.sandbox.account import Account
from target_clevertap.sandbox.answers import Answer
from target_clevertap.sandbox.bodies import BodyShelf
from target_clevertap.sandbox.call import Call
from target_clevertap.sandbox.ingest import Ingest
from target_clevertap.sandbox.settings import Settings
from target_clevertap.sandbox.store import Store
from target_clevertap.sandbox.upkeep import Upkeep
from tests.sandbox.api import TIMEOUT, profile, upload, upload_list, wait_until

if TYPE_CHECKING:
    import pytest
    from starlette.types import Receive, Scope, Send

    from tests.support.sandbox import Sandbox

ANSWER = Answer(status=200, body=b"yes")


def call(number: int, body: bytes) -> Call:
    return Call(
        number=number,
        method="POST",
        path="/1/upload",
        query={},
        query_string="",
        headers={},
        body=body,
    )


def test_bodies_beyond_the_limit_go_the_oldest_first_also_after_a_restart() -> None:
    store = Store()
    shelf = BodyShelf(store, kept_bytes=30)
    for number in (1, 2, 3, 4, 5):
        shelf.keep(call(number, bytes(7)), ANSWER)
    assert [number for number in range(1, 6) if shelf.of(number)] == [3, 4, 5]

    BodyShelf(store, kept_bytes=30).keep(call(6, bytes(17)), ANSWER)

    assert [number for number in range(1, 7) if shelf.of(number)] == [5, 6]


def write(account: Account, number: int) -> None:
    """Store a profile as an upload does."""
    record = profile(f"customer-{number}", Name=f"Ada {number}")
    Ingest(account.store, account.settings, number, 0.0).run([record])


def test_the_search_is_brought_up_to_date_when_no_call_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "QUIET_SECONDS", 0)
    account = Account(Store(), Settings())

    async def take(_: Scope, __: Receive, ___: Send) -> None:
        for number in range(10):
            write(account, number)

    async def until_up_to_date() -> None:
        await Upkeep(account, take)({}, None, None)  # type: ignore[arg-type] # nothing is sent
        assert account.search.is_behind
        while account.search.is_behind:  # noqa: ASYNC110 - it is the work that is waited for
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(until_up_to_date(), TIMEOUT))

    assert account.search.find("ada 9").profiles == [10]


def test_the_search_waits_while_calls_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "QUIET_SECONDS", 0)
    account = Account(Store(), Settings())

    async def take(_: Scope, __: Receive, ___: Send) -> None:
        write(account, 1)

    async def call_again_and_again() -> None:
        app = Upkeep(account, take)
        for _ in range(20):
            await app({}, None, None)  # type: ignore[arg-type] # nothing is sent
            await asyncio.sleep(0)
            assert account.search.find("ada").profiles == []

    asyncio.run(call_again_and_again())


def test_a_page_hears_of_what_comes_due_by_time_alone(sandbox: Sandbox) -> None:
    def version() -> str:
        return requests.get(f"{sandbox.url}/_sandbox/pages/version", timeout=TIMEOUT).text

    sandbox.settings(list_processing_seconds=0.5)
    upload(sandbox, profile("1"))
    requests.get(f"{sandbox.url}/profiles?q=1", timeout=TIMEOUT)  # leaves no work for a quiet time
    upload_list(sandbox, "Type,Identity\ni,1\n")
    before = version()

    wait_until(lambda: version() != before)

    assert [each["status"] for each in sandbox.segments()] == ["ready"]
