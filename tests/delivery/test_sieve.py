"""Nothing that came before gets through the sieve, and nearly all that did not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.delivery.batch import Entry
from target_clevertap.delivery.checkpoints import Span
from target_clevertap.delivery.marks import DIGESTS, event_mark, profile_mark, stream_mark
from target_clevertap.delivery.sieve import NUMBER_OF_EVENT, NUMBER_OF_PROFILE, Sieve
from target_clevertap.mapping import Item
from target_clevertap.rejects import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = DIGESTS["xxh3"]
ORDERS = Stream("orders", {}, (), lambda _row: ())


def event(key: int, stream: int = 1) -> Entry:
    item = Item("event", "identity:1", b"{}", key=b"%d" % key)
    entry = Entry(ORDERS, b"", key, Span(None), item)
    entry.mark = event_mark(DIGEST, stream_mark(stream), item.key)
    return entry


def profile(key: int) -> Entry:
    item = Item("profile", f"identity:{key}", b"{}")
    entry = Entry(ORDERS, b"", key, Span(None), item)
    entry.mark = profile_mark(DIGEST, stream_mark(1), item.identity)
    return entry


KINDS = pytest.mark.parametrize(
    ("made", "number_of"), [(event, NUMBER_OF_EVENT), (profile, NUMBER_OF_PROFILE)]
)


@KINDS
@given(blocks=st.lists(st.lists(st.integers(0, 50))))
def test_what_came_before_is_held_back(
    blocks: list[list[int]], made: Callable[[int], Entry], number_of: str
) -> None:
    sieve, known = Sieve(), set[int]()
    for block in blocks:
        held = [entry.number for entry in sieve.seen([made(key) for key in block], number_of)]
        again = [key for at, key in enumerate(block) if key in known or key in block[:at]]
        assert held == again
        known.update(block)


@KINDS
def test_what_is_new_gets_through_but_for_a_few(
    made: Callable[[int], Entry], number_of: str
) -> None:
    sieve = Sieve()
    keys = random.Random(1).sample(range(10**9), 100_000)  # noqa: S311 - no secret
    held = [
        len(sieve.seen([made(key) for key in keys[at : at + 1000]], number_of))
        for at in range(0, 100_000, 1000)
    ]
    assert sum(held) < 100
