"""The storage host behind custom lists: pre-signed URLs, the bytes put there, and their expiry."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from target_clevertap.sandbox.answers import Answer, empty, storage_failure

if TYPE_CHECKING:
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.clock import Clock

PREFIX = "/custom-list-uploads/"
LIFE_SECONDS = 24 * 3600  # DOC: a URL lives at most 24 hours


class Link(Struct):
    """A URL that was issued, and what has been put there since."""

    path: str
    query: str
    expires: float
    file: BinaryIO | None = None


class Storage:
    """Issues URLs and takes one file at each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._links: dict[str, Link] = {}

    def issue(self, base_url: str) -> tuple[str, float]:
        """A new URL and the time of its expiry, in seconds since the epoch."""
        expires = self._clock.now() + LIFE_SECONDS
        path = f"{PREFIX}{secrets.token_hex(16)}.csv"
        query = urlencode({"X-Amz-Expires": LIFE_SECONDS, "X-Amz-Signature": secrets.token_hex(32)})
        self._links[path] = Link(path, query, expires)
        return f"{base_url}{path}?{query}", expires

    def put(self, call: Call) -> Answer:
        """Take a file; 403 for a URL that is unknown, altered or expired (DOC; XML: INF)."""
        link = self._live(call.path, call.query_string)
        if link is None:
            return storage_failure(403, "AccessDenied", "Request has expired")
        if "content-length" not in call.headers:  # INF: S3 takes no chunked bodies
            return storage_failure(411, "MissingContentLength", "Content-Length is missing")
        if link.file is not None:
            link.file.close()
        link.file = call.file
        return empty(200)

    def take(self, url: str) -> BinaryIO | None:
        """The file that was put at `url`, handed out once; None if there is none."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        link = self._live(parts.path, parts.query)
        if link is None:
            return None
        file, link.file = link.file, None
        return file

    def holds(self, file: BinaryIO) -> bool:
        """Whether `file` was taken and waits for the last step."""
        return any(link.file is file for link in self._links.values())

    def clear(self) -> None:
        """Forget all URLs and files."""
        for link in self._links.values():
            if link.file is not None:
                link.file.close()
        self._links.clear()

    def _live(self, path: str, query: str) -> Link | None:
        link = self._links.get(path)
        if link is None or link.query != query or self._clock.now() >= link.expires:
            return None
        return link


def expiry_text(moment: float) -> str:
    """`moment` as the first step of a list upload gives it: `7 May, 01:29 PM` (DOC; UTC: guess)."""
    time = datetime.fromtimestamp(moment, timezone.utc)
    return f"{time.day} {time:%b, %I:%M %p}"
