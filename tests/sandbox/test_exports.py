"""Reading events and profiles back in two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.sandbox.api import call, event, profile, upload

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

NOON = 1_700_049_600
"""12:00 on the day 20231115, UTC."""
DAY = {"event_name": "E", "from": 20231115, "to": 20231115}


def first(sandbox: Sandbox, what: str = "events", /, **query: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The answer to the first step."""
    answer: dict[str, Any] = call(
        sandbox, "POST", f"/1/{what}.json?batch_size=2", json={**DAY, **query}
    ).json()
    return answer


def page(sandbox: Sandbox, cursor: str, what: str = "events") -> dict[str, Any]:
    """The answer to a further step; a cursor is encoded already."""
    answer: dict[str, Any] = call(sandbox, "GET", f"/1/{what}.json?cursor={cursor}").json()
    return answer


def moments(sandbox: Sandbox, **query: Any) -> list[int]:  # noqa: ANN401 - JSON
    """The times of all events of a query."""
    cursor, found = first(sandbox, **query).get("cursor"), []
    while cursor:
        answer = page(sandbox, cursor)
        found += [record["ts"] for record in answer["records"]]
        cursor = answer.get("next_cursor")
    return found


def send(sandbox: Sandbox, *moments: int) -> None:
    """Upload events with these times."""
    upload(sandbox, profile("1", Name="A"), *[{**event("E"), "ts": each} for each in moments])


def test_an_export_is_read_page_by_page_until_no_cursor_comes(sandbox: Sandbox) -> None:
    send(sandbox, NOON, NOON + 1, NOON + 2)
    started = first(sandbox)
    one = page(sandbox, started["cursor"])
    two = page(sandbox, one["next_cursor"])

    assert started["status"] == one["status"] == "success"
    assert [record["ts"] for record in one["records"]] == [20231115120000, 20231115120001]
    assert [record["ts"] for record in two["records"]] == [20231115120002]
    assert "next_cursor" not in two


def test_a_cursor_comes_encoded_for_a_url(sandbox: Sandbox) -> None:
    send(sandbox, NOON)
    cursor = first(sandbox)["cursor"]

    assert cursor == quote(cursor, safe="%")


def test_both_days_of_an_export_are_in_it(sandbox: Sandbox) -> None:
    midnight = NOON - 12 * 3600
    send(sandbox, midnight - 1, midnight, midnight + 86_399, midnight + 86_400)

    assert moments(sandbox) == [20231115000000, 20231115235959]
    assert len(moments(sandbox, **{"from": 20231114, "to": 20231116})) == 4


def test_profiles_are_those_with_the_event(sandbox: Sandbox) -> None:
    send(sandbox, NOON, NOON)
    upload(sandbox, profile("2", Name="B"))
    cursor = first(sandbox, "profiles")["cursor"]

    assert [record["name"] for record in page(sandbox, cursor, "profiles")["records"]] == ["A"]


def test_an_event_of_a_deleted_profile_still_names_its_identity(sandbox: Sandbox) -> None:
    send(sandbox, NOON)
    call(sandbox, "POST", "/1/delete/profiles.json", json={"identity": "1"})
    [record] = page(sandbox, first(sandbox)["cursor"])["records"]

    assert record["profile"] == {"identity": "1"}


def test_an_event_that_never_was_is_named(sandbox: Sandbox) -> None:
    answer = first(sandbox, event_name="e")

    assert (answer["code"], answer["error"]) == (400, '["Invalid event : e"]')


@pytest.mark.parametrize(("start", "end"), [(20231131, 20231201), (20231202, 20231201)])
def test_days_that_are_none_fail_with_their_code(sandbox: Sandbox, start: int, end: int) -> None:
    send(sandbox, NOON)

    assert first(sandbox, **{"from": start, "to": end})["code"] == 4002


def test_a_cursor_grows_old(sandbox: Sandbox) -> None:
    send(sandbox, NOON)
    events, profiles = first(sandbox)["cursor"], first(sandbox, "profiles")["cursor"]
    sandbox.advance(4 * 3600)

    assert page(sandbox, events)["error"] == "CURSOR_INVALIDATED"
    assert page(sandbox, profiles, "profiles")["status"] == "success"


@pytest.mark.parametrize("cursor", ["", "x", "%ff", "e30=", "bnVsbA=="])
def test_a_cursor_that_was_never_handed_out_is_malformed(sandbox: Sandbox, cursor: str) -> None:
    assert page(sandbox, cursor)["code"] == 400


@pytest.mark.parametrize("size", ["0", "-1", "x"])
def test_a_batch_size_that_cannot_be_is_malformed(sandbox: Sandbox, size: str) -> None:
    answer = call(sandbox, "POST", f"/1/events.json?batch_size={size}", json=DAY)

    assert answer.status_code == 400


def test_a_cursor_is_good_for_what_it_was_asked_for_alone(sandbox: Sandbox) -> None:
    send(sandbox, NOON)

    assert page(sandbox, first(sandbox)["cursor"], "profiles")["code"] == 400


def test_a_page_has_five_thousand_records_at_most(sandbox: Sandbox) -> None:
    for _ in range(6):
        send(sandbox, *[NOON] * 999)
    asked = call(sandbox, "POST", "/1/events.json?batch_size=6000", json=DAY).json()
    one = page(sandbox, asked["cursor"])

    assert len(one["records"]) == 5000
    assert len(page(sandbox, one["next_cursor"])["records"]) == 994
