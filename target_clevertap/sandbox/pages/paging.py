"""Long lists a page at a time, each page found by the last row of the one before it.

Not by a count of rows to skip: that takes the longer the further one reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

SIZE = 50
LARGEST = 2**63 - 1
"""What an integer of the database holds."""

T = TypeVar("T")


class Stretch(Struct, Generic[T], frozen=True):
    """A part of a list, and the addresses of the next part and of the first."""

    rows: list[T]
    next: str | None
    first: str | None


def stretch(rows: list[T], request: Request, key: Callable[[T], object]) -> Stretch[T]:
    """The first `SIZE` of rows that were asked for with one more than that, as `LIMIT`."""
    query = dict(request.query_params)
    more = len(rows) > SIZE
    next_ = {**query, "after": str(key(rows[SIZE - 1]))} if more else None
    first = {name: value for name, value in query.items() if name != "after"}
    return Stretch(
        rows=rows[:SIZE],
        next=f"{request.url.path}?{urlencode(next_)}" if next_ else None,
        first=_address(request.url.path, first) if "after" in query else None,
    )


def _address(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def whole(text: Any) -> int | None:  # noqa: ANN401 - what a query or a path may hold
    """A number that the database can hold, or None."""
    try:
        number = int(text)
    except (TypeError, ValueError):
        return None
    return number if abs(number) <= LARGEST else None


def after(request: Request, otherwise: int = LARGEST) -> int:
    """The number behind which a page begins."""
    number = whole(request.query_params.get("after"))
    return otherwise if number is None else number
