"""One HTTP call, as the endpoints see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from target_clevertap.sandbox.faults import AnyFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose body has been read; `file` holds it for the storage route, else `body`."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    query_string: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes = b""
    file: BinaryIO | None = None
    size: int = 0
    """Bytes of the body."""
    too_large: bool = False
    fault: AnyFault | None = None

    @property
    def base_url(self) -> str:
        """The address that the client used, as `http://host:port`."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be stored (3P: `dryRun=1`; other values: guess)."""
        return self.query.get("dryRun", ["0"])[-1] == "1"

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None
