"""The way of one API call: counted, read, checked, delayed, processed, recorded, answered."""

from __future__ import annotations

import asyncio
import hmac
import tempfile
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qs

from msgspec import Struct

from target_clevertap.sandbox.answers import Answer, empty, failure
from target_clevertap.sandbox.api_segments import create_segments, update_segments
from target_clevertap.sandbox.call import Call
from target_clevertap.sandbox.connection import break_off, reset
from target_clevertap.sandbox.deletion import delete_profiles
from target_clevertap.sandbox.faults import ResetAfter, ResetBefore, Slow, Truncated
from target_clevertap.sandbox.journal import Entry
from target_clevertap.sandbox.lists import list_completed, list_url, put_list
from target_clevertap.sandbox.reading import read_profile
from target_clevertap.sandbox.storage import PREFIX
from target_clevertap.sandbox.upload import upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from target_clevertap.sandbox.account import Account

ACCOUNT_HEADER = "x-clevertap-account-id"
PASSCODE_HEADER = "x-clevertap-passcode"
MAX_LIST_BYTES = 5 * 1024**3  # DOC: 5 GB through the API


class Route(Struct, frozen=True):
    """Where a call goes; `public` needs no credentials and has no concurrency limit."""

    method: str
    endpoint: Callable[[Account, Call], Answer]
    public: bool = False


ROUTES = {
    "/1/upload": Route("POST", upload),
    "/1/profile.json": Route("GET", read_profile),
    "/1/delete/profiles.json": Route("POST", delete_profiles),
    "/get_custom_list_segment_url": Route("POST", list_url),
    "/upload_custom_list_segment_completed": Route("POST", list_completed),
    "/api/createSegment": Route("POST", create_segments),
    "/api/updateSegment": Route("POST", update_segments),
}
STORAGE_ROUTE = Route("PUT", put_list, public=True)


class Gate:
    """The ASGI application behind every path of CleverTap's API."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one call."""
        path = scope["path"]
        with self._account.in_flight.arrive(PREFIX if path.startswith(PREFIX) else path) as count:
            await _Passage(self._account, scope, count).run(scope, receive, send)


class _Passage:
    """One call on its way through the gate."""

    def __init__(self, account: Account, scope: Scope, in_flight: int) -> None:
        self._account = account
        self._in_flight = in_flight
        self._generation = account.generation
        self._number = account.next_call()
        self._started = account.clock.now()
        self._path: str = scope["path"]
        self._route = STORAGE_ROUTE if self._path.startswith(PREFIX) else ROUTES.get(self._path)
        self._fault = account.faults.strike(self._path)
        self._delay = account.latency.draw()

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(self._limit())
        if not await body.read(receive):
            return  # the client left before it had sent everything
        call = self._call(scope, body)
        if self._delay:
            await asyncio.sleep(self._delay)
        if self._generation != self._account.generation:
            await reset(scope, receive)  # the call belongs to a time before /_sandbox/reset
            return
        answer = self._process(call)
        if isinstance(self._fault, Slow):
            await asyncio.sleep(self._fault.seconds)
        if answer is None or isinstance(self._fault, ResetAfter):
            await reset(scope, receive)
        elif isinstance(self._fault, Truncated):
            await _send(answer, send, cut=True)
            await break_off(scope, receive)
        else:
            await _send(answer, send)

    def _limit(self) -> int:
        return (
            MAX_LIST_BYTES
            if self._route is STORAGE_ROUTE
            else self._account.settings.max_body_bytes
        )

    def _call(self, scope: Scope, body: _Body) -> Call:
        query = scope["query_string"].decode("latin-1")
        stored = self._route is STORAGE_ROUTE
        return Call(
            number=self._number,
            method=scope["method"],
            path=self._path,
            query=parse_qs(query, keep_blank_values=True),
            query_string=query,
            headers={
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope["headers"]
            },
            body=b"" if stored else body.content(),
            file=body.file if stored else None,
            size=body.size,
            too_large=body.too_large,
            fault=self._fault,
        )

    def _process(self, call: Call) -> Answer | None:
        """The answer, or None if the connection is to be reset before anything happens."""
        account = self._account
        account.settle()
        with account.store.transaction():
            answer = self._answer(call)
            account.journal.add(self._entry(call, answer))
        return answer

    def _answer(self, call: Call) -> Answer | None:
        if isinstance(self._fault, ResetBefore):
            return None
        refused = self._refusal(call)
        if refused is not None:
            return refused
        instead = self._fault.instead() if self._fault else None
        if instead is not None:
            return instead
        return self._route.endpoint(self._account, call) if self._route else failure(404)

    def _refusal(self, call: Call) -> Answer | None:
        """Why the request as a whole is refused, before anyone looks at its body."""
        route, settings = self._route, self._account.settings
        if route is None:
            return failure(404)
        if call.method != route.method:
            return failure(405)
        if not route.public and not self._knows(call.headers):
            return failure(401, settings.unauthorized_text)
        if call.too_large:
            return failure(413)
        limit = settings.concurrency if call.path == "/1/upload" else settings.other_concurrency
        if not route.public and self._in_flight > limit:
            return failure(429)
        return None

    def _knows(self, headers: dict[str, str]) -> bool:
        settings = self._account.settings
        passcode = headers.get(PASSCODE_HEADER, "")
        return headers.get(ACCOUNT_HEADER) == settings.account_id and hmac.compare_digest(
            passcode.encode(), settings.passcode.encode()
        )

    def _entry(self, call: Call, answer: Answer | None) -> Entry:
        lost = answer is None or isinstance(self._fault, ResetAfter)
        counted = answer or empty(0)
        return Entry(
            number=call.number,
            method=call.method,
            path=f"{call.path}?{call.query_string}" if call.query_string else call.path,
            status=None if lost else counted.status,
            records=counted.records,
            accepted=counted.accepted,
            codes=counted.codes,
            dry_run=call.dry_run,
            body_bytes=call.size,
            header_names=tuple(call.headers),
            passcode_sent=PASSCODE_HEADER in call.headers,
            in_flight=self._in_flight,
            fault=self._fault.kind if self._fault else None,
            started=self._started,
            ended=self._account.clock.now(),
        )


class _Body:
    """The body of a request, kept up to a limit and read to its end beyond it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.size = 0
        self.too_large = False
        self.file: BinaryIO = tempfile.SpooledTemporaryFile(max_size=16 * 1024**2)

    async def read(self, receive: Receive) -> bool:
        """Whether the body came whole; a client may leave in the middle of it."""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return False
            self._keep(message.get("body", b""))
            more = message.get("more_body", False)
        return True

    def _keep(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit:
            self.too_large = True
        else:
            self.file.write(chunk)

    def content(self) -> bytes:
        """What was kept."""
        with self.file as file:
            file.seek(0)
            return file.read()


async def _send(answer: Answer, send: Send, *, cut: bool = False) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [(name.encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})
