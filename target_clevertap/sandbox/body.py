"""Reading the body of a request: into memory, or onto the disk for the storage route."""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from starlette.types import Receive
    from typing_extensions import Self


class Body:
    """A body, kept up to a limit and read to its end beyond it.

    Reading on lets a client that only listens after sending hear the 413.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.file = file
        self.size = 0
        self._limit = limit
        self._kept = False

    @classmethod
    def in_memory(cls, limit: int) -> Self:
        """A body for the API."""
        return cls(io.BytesIO(), limit)

    @classmethod
    def on_disk(cls, limit: int) -> Self:
        """A body for the storage route; its file vanishes when it is closed."""
        return cls(cast("BinaryIO", tempfile.TemporaryFile()), limit)

    @property
    def too_large(self) -> bool:
        """Whether more came than may be kept."""
        return self.size > self._limit

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
        if not self.too_large:
            self.file.write(chunk)

    def keep(self) -> None:
        """Leave the file open: someone else has it now."""
        self._kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            self.file.close()

    def content(self) -> bytes:
        """What was kept."""
        self.file.seek(0)
        return self.file.read()
