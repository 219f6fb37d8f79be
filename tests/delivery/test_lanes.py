"""Open batches keep every customer's items in order without cutting calls short."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.delivery.batch import Entry, Limits
from target_clevertap.delivery.checkpoints import Span
from target_clevertap.delivery.lanes import MOST_LANES, Lane, Lanes
from target_clevertap.delivery.outcomes import Ticket
from target_clevertap.mapping import Item
from target_clevertap.rejects import Stream

ROWS = 4
STREAM = Stream("s", {}, (), lambda _record: ())
Step = tuple[str, int]

steps = st.lists(
    st.tuples(st.sampled_from(["plain", "counter", "delete", "event"]), st.integers(0, 5)),
    max_size=120,
)


def item(kind: str, customer: int, number: int) -> Item:
    body = {"type": "profile", "identity": str(customer), "profileData": {f"P{number}": number}}
    encoded = b"" if kind == "delete" else msgspec.json.encode(body)
    plain, replayable = kind == "plain", kind != "counter"
    name: Any = kind if kind in {"delete", "event"} else "profile"
    return Item(name, f"identity:{customer}", encoded, plain, replayable)


def ticket(number: int) -> Ticket:
    return Ticket(STREAM, b"", number, Span(None))


def numbers(entry: Entry) -> list[int]:
    return [row.number for row in entry.rows]


def lanes(rows: int = ROWS, size: int = 4000) -> Lanes:
    return Lanes(Limits(rows, size), lambda: 0.0)


def fill(sequence: list[Step]) -> list[Lane]:
    """All lanes in the order in which they are sent; the ticket of an item has its number."""
    open_lanes = lanes()
    sent: list[Lane] = []
    for number, (kind, customer) in enumerate(sequence):
        sent += open_lanes.add(Entry.of(item(kind, customer, number), ticket(number)))
    while rest := open_lanes.take():
        sent += rest
    return sent


def entries(lane: Lane) -> list[Entry]:
    return [*lane.uploads.entries, *lane.deletes.entries]


@given(steps)
def test_every_row_is_sent_exactly_once(sequence: list[Step]) -> None:
    sent = [n for lane in fill(sequence) for entry in entries(lane) for n in numbers(entry)]
    assert sorted(sent) == list(range(len(sequence)))


@given(steps)
def test_an_identity_is_at_most_once_in_a_lane_and_in_its_order(sequence: list[Step]) -> None:
    seen: dict[str, int] = defaultdict(lambda: -1)
    for lane in fill(sequence):
        changes = [entry for entry in entries(lane) if entry.item.kind != "event"]
        identities = [entry.item.identity for entry in changes]
        assert len(identities) == len(set(identities))
        for entry in changes:
            assert seen[entry.item.identity] < min(numbers(entry))
            seen[entry.item.identity] = max(numbers(entry))


@given(steps)
def test_calls_stay_within_their_rows(sequence: list[Step]) -> None:
    assert all(len(lane.uploads.entries) <= ROWS for lane in fill(sequence))


@given(steps)
def test_only_plain_versions_are_merged(sequence: list[Step]) -> None:
    for lane in fill(sequence):
        for entry in entries(lane):
            kinds = {sequence[number][0] for number in numbers(entry)}
            assert len(entry.rows) == 1 or kinds == {"plain"}


def test_customers_that_come_again_do_not_cut_calls_short() -> None:
    sequence = [("counter", customer) for _ in range(MOST_LANES) for customer in range(ROWS)]
    assert [len(lane.uploads.entries) for lane in fill(sequence)] == [ROWS] * MOST_LANES


def test_a_call_is_sent_before_it_would_be_larger_than_its_bytes() -> None:
    one = item("event", 1, 1)
    open_lanes = lanes(rows=1000, size=len(one.body) * 3)
    sent = [lane for number in range(7) for lane in open_lanes.add(Entry.of(one, ticket(number)))]
    assert {len(lane.uploads.entries) for lane in sent} == {2}


def test_lanes_know_since_when_their_oldest_item_waits() -> None:
    times = iter([5.0, 9.0])
    open_lanes = Lanes(Limits(10, 4000), lambda: next(times))
    assert open_lanes.began is None
    open_lanes.add(Entry.of(item("counter", 1, 1), ticket(1)))
    open_lanes.add(Entry.of(item("counter", 1, 2), ticket(2)))
    assert open_lanes.began == 5.0
    open_lanes.take(1)
    assert open_lanes.began == 9.0
