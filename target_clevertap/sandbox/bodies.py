"""The bodies of the newest calls and of their answers, kept byte for byte."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from target_clevertap.sandbox.answers import Answer
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.store import Store

KEPT_BYTES = 64 * 1024**2
"""Of all bodies together; beyond it the oldest go."""
LONGEST_BYTES = 4 * 1024**2
"""Of one body; what comes after is not kept."""


class Bodies(Struct, frozen=True):
    """What a call and its answer said; `answer` is None where the connection was reset."""

    request: bytes
    answer: bytes | None


class BodyShelf:
    """Keeps bodies up to a limit, the newest ones."""

    def __init__(self, store: Store, kept_bytes: int = KEPT_BYTES) -> None:
        self._store = store
        self._limit = kept_bytes
        self._load()

    def _load(self) -> None:
        rows = self._store.execute(
            "SELECT call, LENGTH(request) + COALESCE(LENGTH(answer), 0) FROM bodies ORDER BY call"
        )
        self._sizes = deque[tuple[int, int]](rows)
        self._kept = sum(size for _, size in self._sizes)

    def keep(self, call: Call, answer: Answer | None) -> None:
        """Keep the bodies of a call, and let go of the oldest that no longer fit."""
        request = _content(call)
        answered = answer.body[:LONGEST_BYTES] if answer else None
        self._store.execute(
            "INSERT INTO bodies (call, request, answer) VALUES (?, ?, ?)",
            (call.number, request, answered),
        )
        self._sizes.append((call.number, size := len(request) + len(answered or b"")))
        self._kept += size
        while self._kept > self._limit:
            self._let_go()

    def _let_go(self) -> None:
        number, size = self._sizes.popleft()
        self._store.execute("DELETE FROM bodies WHERE call = ?", (number,))
        self._kept -= size

    def of(self, call: int) -> Bodies | None:
        """The bodies of one call; None if they are no longer kept."""
        row = self._store.execute(
            "SELECT request, answer FROM bodies WHERE call = ?", (call,)
        ).fetchone()
        return Bodies(*row) if row else None

    def clear(self) -> None:
        """Forget all of them, as the database already has."""
        self._load()


def _content(call: Call) -> bytes:
    """The beginning of a body, which for a list is in a file that others are going to read."""
    if call.file is None:
        return call.body[:LONGEST_BYTES]
    call.file.seek(0)
    return call.file.read(LONGEST_BYTES)
