"""When the program itself crashes, or is killed, nothing of what it had in its hands is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.looking import assert_private
from tests.privacy.rows import SCHEMAS, bad_rows, bad_schemas, bookmark, good_rows

if TYPE_CHECKING:
    from tests.privacy.children import Children
    from tests.privacy.marks import Marks
    from tests.support.pipeline import Message

Settings = dict[str, Any]

KILLED = -9
FEW = 3

PLACES = [
    "target_clevertap.reader:LineReader.deserialize_json",
    "target_clevertap.sinks:ProfileSink.deliver",
    "target_clevertap.mapping.rules:EventRules.item",
    "target_clevertap.delivery.screening:Screening.add",
    "target_clevertap.delivery.lanes:Lanes.add",
    "target_clevertap.clevertap.client:Client.upload",
    "target_clevertap.clevertap.transport:Transport.send",
    "target_clevertap.ledger:Ledger.note",
    "target_clevertap.ledger:Ledger.settle",
    "target_clevertap.delivery.delivery:Delivery._settle",
    "target_clevertap.delivery.outcomes:Outcomes.rejected",
    "target_clevertap.rejects:Rejects.add",
    "target_clevertap.ledger:Ledger.wait",
    "target_clevertap.delivery.spool:Spool.add",
    "target_clevertap.delivery.spool:Spool.write",
    "target_clevertap.delivery.checkpoints:Checkpoints.state",
    "target_clevertap.report.compose:compose",
]
"""From the first touch of a row to the last, in the reading thread and in those of calls."""

ERRORS = [
    "builtins:RuntimeError",
    "builtins:KeyError",
    "builtins:OSError",
    "builtins:AssertionError",
    "requests.exceptions:RequestException",
    "sqlalchemy.exc:ArgumentError",
]
"""In turn; libraries make some of them of whatever they were given."""

KILLS = [
    "target_clevertap.clevertap.client:Client.upload",
    "target_clevertap.ledger:Ledger.settle",
    "target_clevertap.clevertap.client:Client.put_list",
    "target_clevertap.clevertap.client:Client.complete_list",
    "target_clevertap.report.compose:compose",
]
"""With rows on their way, lists gathered, and a list half uploaded."""


@pytest.fixture
def good(marks: Marks) -> list[Message]:
    """Rows of each stream that CleverTap takes."""
    return good_rows(marks)


@pytest.fixture
def bad(marks: Marks) -> list[Message]:
    """Some rows that are rejected."""
    return list(bad_rows(marks).values())[:FEW]


@pytest.fixture
def messages(good: list[Message], bad: list[Message], marks: Marks) -> list[Message]:
    """All of them, as a tap sends them."""
    return [*SCHEMAS, *bad_schemas()[:FEW], *good, *bad, bookmark(marks)]


def of_fans(rows: list[Message]) -> list[Message]:
    return [row for row in rows if row["stream"] == "fans"]


@pytest.mark.parametrize("place", PLACES)
def test_a_crash_is_told_by_its_place_and_kind_alone(
    place: str, children: Children, settings: Settings, marks: Marks,
    messages: list[Message], good: list[Message], bad: list[Message],
) -> None:  # fmt: skip
    error = ERRORS[PLACES.index(place) % len(ERRORS)]
    told = children.run(settings, messages, crash=place, error=error)
    assert_private(told, children, marks, rejected=bad, members=of_fans(good), states=messages[-1:])
    assert told.code == 1
    assert error.partition(":")[2] in told.log
    assert "Traceback" not in told.log


@pytest.mark.parametrize("place", KILLS)
def test_a_run_that_is_killed_and_the_next_one_tell_and_leave_nothing(
    place: str, children: Children, settings: Settings, marks: Marks, messages: list[Message],
    good: list[Message], bad: list[Message],
) -> None:  # fmt: skip
    kept = {"rejected": bad, "members": of_fans(good), "states": messages[-1:]}
    killed = children.run(settings, messages, crash=place)
    assert killed.code == KILLED
    assert_private(killed, children, marks, **kept)
    told = children.run(settings, messages)
    assert told.code == 0
    assert_private(told, children, marks, **kept)
