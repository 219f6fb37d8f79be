"""Many digests as one value, which the database itself takes apart.

Python's SQLite gives up the interpreter at each row it steps over, and beside a busy thread waits
to get it back: a thousand rows one by one cost up to seconds, one statement for all of them once.
"""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sqlalchemy import CTE, ColumnElement

MARK_BYTES: Final = 20
DIGEST_BYTES: Final = 16
STREAM_BYTES: Final = 4
NUMBER_DIGITS: Final = 18
PROFILE_BYTES: Final = MARK_BYTES + DIGEST_BYTES
"""The mark of a profile and the digest of its content."""

AT_ONCE: Final = 1000
"""Pieces that are split by one format: Python remembers a hundred of those."""


def count(packed: bytes, size: int = MARK_BYTES) -> int:
    """How many pieces of `size` bytes there are."""
    return len(packed) // size


def split(packed: bytes, size: int = MARK_BYTES) -> list[bytes]:
    """The pieces, each of `size` bytes."""
    pieces: list[bytes] = []
    for begin in range(0, len(packed), size * AT_ONCE):
        some = packed[begin : begin + size * AT_ONCE]
        pieces += unpack(f"{size}s" * count(some, size), some)
    return pieces


def some(packed: bytes, begin: int, end: int, size: int = MARK_BYTES) -> bytes:
    """The pieces at the positions from `begin` to before `end`, packed."""
    return packed[begin * size : end * size]


def positions() -> CTE:
    """The numbers from 0 to the parameter `n`, which is one more than the last of them."""
    first = select(literal_column("0", Integer).label("i")).cte("positions", recursive=True)
    following = select(first.c.i + literal_column("1", Integer))
    return first.union_all(following.where(first.c.i < bindparam("n", type_=Integer) - 1))


def piece(
    name: str, size: int, at: ColumnElement[int], *, of: int = 0, offset: int = 0
) -> ColumnElement[bytes]:
    """The piece at a position of the packed parameter `name`.

    Or a part of it, from an offset on, where each piece is `of` bytes long.
    """
    length, stride, start = (
        literal_column(str(number), Integer) for number in (size, of or size, offset + 1)
    )
    where = at * stride + start
    return func.substr(bindparam(name, type_=LargeBinary), where, length, type_=LargeBinary)


def number(name: str, at: ColumnElement[int]) -> ColumnElement[int]:
    """The number at a position of the parameter `name`, which `numbers` has packed."""
    digits = literal_column(str(NUMBER_DIGITS), Integer)
    start = at * digits + literal_column("1", Integer)
    text = func.substr(bindparam(name, type_=Text), start, digits, type_=Text)
    return cast(text, BigInteger)


def numbers(values: Iterable[int]) -> str:
    """Numbers as one text: unlike bytes, every database reads them."""
    return "".join([f"{value:0{NUMBER_DIGITS}d}" for value in values])


def marks(packed: bytes, **others: Any) -> dict[str, Any]:  # noqa: ANN401 - parameters of any type
    """The parameters of a statement about packed marks."""
    return {"marks": packed, "n": count(packed), **others}
