"""The way of one API call: counted, read, checked, delayed, processed, recorded, answered."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from target_clevertap.sandbox.answers import Answer, failure
from target_clevertap.sandbox.body import Body
from target_clevertap.sandbox.call import Call
from target_clevertap.sandbox.connection import break_off, gone, reset
from target_clevertap.sandbox.faults import ResetAfter, ResetBefore, Slow, Truncated
from target_clevertap.sandbox.journal import Entry
from target_clevertap.sandbox.regions import is_elsewhere
from target_clevertap.sandbox.routes import route_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.limits import Arrival

ACCOUNT_HEADER = "x-clevertap-account-id"
PASSCODE_HEADER = "x-clevertap-passcode"
MAX_LIST_BYTES = 5 * 1024**3  # DOC: 5 GB through the API


class Gate:
    """The ASGI application behind every path of CleverTap's API."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one call."""
        account = self._account
        route = route_of(scope["path"])
        name = route.path if route else scope["path"]
        limit = route.concurrency(account.settings) if route else None
        with account.in_flight.arrive(name, limit) as arrival:
            await _Passage(account, scope, arrival).run(receive, send)


class _Passage:
    """One call on its way through the gate."""

    def __init__(self, account: Account, scope: Scope, arrival: Arrival) -> None:
        self._account = account
        self._scope = scope
        self._arrival = arrival
        self._generation = account.generation
        self._number = account.next_call()
        self._started = account.clock.now()
        self._route = route_of(scope["path"])
        self._fault = account.faults.strike(scope["path"])
        self._delay = account.latency.draw()

    async def run(self, receive: Receive, send: Send) -> None:
        """Take the call from its body to its answer."""
        with self._body() as body:
            if not await body.read(receive):
                return  # the client left before it had sent everything
            call = self._call(body)
            refused = self._refusal(call)
            if refused is None and self._delay:
                await asyncio.sleep(self._delay)
            if self._generation != self._account.generation:
                await reset(self._scope, receive)  # the call is from before `/_sandbox/reset`
                return
            answer = self._process(call, refused)
            if self._account.storage.holds(body.file):
                body.keep()
        if isinstance(self._fault, Slow):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(gone(receive), self._fault.seconds)
        await self._reply(answer, receive, send)

    async def _reply(self, answer: Answer | None, receive: Receive, send: Send) -> None:
        if answer is None or isinstance(self._fault, ResetAfter):
            await reset(self._scope, receive)
        elif isinstance(self._fault, Truncated):
            await _send(answer, send, cut=True)
            await break_off(self._scope, receive)
        else:
            await _send(answer, send, last=self._account.settings.close_connections)

    def _body(self) -> Body:
        if self._route and self._route.is_storage:
            return Body.on_disk(MAX_LIST_BYTES)
        return Body.in_memory(self._account.settings.max_body_bytes)

    def _call(self, body: Body) -> Call:
        scope = self._scope
        query = scope["query_string"].decode("latin-1")
        stored = self._route is not None and self._route.is_storage
        return Call(
            number=self._number,
            method=scope["method"],
            path=scope["path"],
            query=parse_qs(query, keep_blank_values=True),
            query_string=query,
            headers={
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            },
            body=b"" if stored else body.content(),
            file=body.file if stored else None,
            size=body.size,
            too_large=body.too_large,
            fault=self._fault,
        )

    def _refusal(self, call: Call) -> Answer | None:
        """Why the request as a whole is refused, before anyone looks at its body."""
        route = self._route
        if route is None:
            return failure(404)
        if call.method not in (route.method, route.also):
            return failure(405)
        if not route.is_storage and not self._knows(call.headers):
            return failure(401, self._account.settings.unauthorized_text)
        if not self._arrival.admitted:
            return failure(429)
        return failure(413) if call.too_large else None

    def _knows(self, headers: dict[str, str]) -> bool:
        """Whether the credentials are the account's (3P; that missing ones get 401: INF)."""
        settings = self._account.settings
        if is_elsewhere(headers.get("host", ""), settings.region):
            return False
        passcode = headers.get(PASSCODE_HEADER, "")
        return headers.get(ACCOUNT_HEADER) == settings.account_id and hmac.compare_digest(
            passcode.encode(), settings.passcode.encode()
        )

    def _process(self, call: Call, refused: Answer | None) -> Answer | None:
        """Answer and record the call; None if the connection is to be reset instead."""
        self._account.settle()
        try:
            return self._transact(call, refused)
        except RecursionError:  # guess: JSON nested deeper than Python follows is malformed
            return self._transact(call, failure(400))

    def _transact(self, call: Call, refused: Answer | None) -> Answer | None:
        account = self._account
        with account.store.transaction():
            answer = refused or self._answer(call)
            account.journal.add(self._entry(call, answer))
            account.bodies.keep(call, answer)
        return answer

    def _answer(self, call: Call) -> Answer | None:
        if isinstance(self._fault, ResetBefore):
            return None
        instead = self._fault.instead() if self._fault else None
        if instead is not None or self._route is None:
            return instead
        return self._route.endpoint(self._account, call)

    def _entry(self, call: Call, answer: Answer | None) -> Entry:
        lost = answer is None or isinstance(self._fault, ResetAfter)
        return Entry(
            number=call.number,
            method=call.method,
            path=f"{call.path}?{call.query_string}" if call.query_string else call.path,
            status=None if lost or answer is None else answer.status,
            records=answer.records if answer else 0,
            accepted=answer.accepted if answer else 0,
            codes=answer.codes if answer else (),
            dry_run=call.dry_run,
            body_bytes=call.size,
            header_names=tuple(call.headers),
            passcode_sent=PASSCODE_HEADER in call.headers,
            in_flight=self._arrival.in_flight,
            fault=self._fault.kind if self._fault else None,
            started=self._started,
            ended=self._account.clock.now(),
        )


async def _send(answer: Answer, send: Send, *, cut: bool = False, last: bool = False) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if last:
        headers.append((b"connection", b"Close"))  # REC 2018
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [(name.encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})
