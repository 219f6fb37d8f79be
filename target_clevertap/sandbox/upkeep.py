"""Work that waits until nobody calls: taking up for the search what the calls have written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from target_clevertap.sandbox.account import Account

QUIET_SECONDS = 0.5
"""When nothing has been written for so long, a run has paused or ended."""


class Upkeep:
    """Passes calls on, and brings the search up to date between them."""

    def __init__(self, account: Account, app: ASGIApp) -> None:
        self._account = account
        self._app = app
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on, and see to it that work begins once it has been quiet."""
        await self._app(scope, receive, send)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        store, search = self._account.store, self._account.search
        seen = None
        while search.is_behind:
            if seen != store.changes:
                seen = store.changes
                await asyncio.sleep(QUIET_SECONDS)
                continue
            with store.transaction():
                search.catch_up(calls=1)
            seen = store.changes
            await asyncio.sleep(0)  # a call that has arrived goes first
