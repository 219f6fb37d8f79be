"""What a published schema drops behind a success, and what the Error Stream tells of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from target_clevertap.sandbox.schema import Kind, Schema, SchemaFilter, fits
from tests.sandbox.api import call, event, profile, upload

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

ORDER = {"Charged": {"properties": {"Amount": "number"}, "mandatory": ["Amount"]}}


def told(record: dict[str, Any], **schema: Any) -> list[tuple[str, str | None]]:  # noqa: ANN401 - JSON
    """Errors and properties of the Error Stream for one record."""
    _, violations = SchemaFilter(msgspec.convert(schema, Schema)).run([record])
    return [(each.error, each.property) for each in violations]


def kept(record: dict[str, Any], **schema: Any) -> dict[str, Any] | None:  # noqa: ANN401 - JSON
    """The record as it is stored, or None."""
    records, _ = SchemaFilter(msgspec.convert(schema, Schema)).run([record])
    return records[0] if records else None


def test_a_property_of_another_type_is_dropped_or_accepted_by_choice() -> None:
    record = profile(Visits="many")
    defined = {"profile": {"Visits": "number"}}

    assert kept(record, **defined) == profile()
    assert kept(record, **defined, mismatched="accept") == record
    assert told(record, **defined) == [
        ("Mismatched and user property data type found and dropped", "Visits")
    ]
    assert told(record, **defined, mismatched="accept") == [
        ("Mismatched and user property data type found and accepted", "Visits")
    ]


def test_a_property_that_clevertap_defines_needs_no_definition() -> None:
    record = profile(**{"Email": "a@example.com", "MSG-email": True, "category-unsubscribe": {}})

    assert kept(record, profile={}) == record


def test_an_undefined_event_is_dropped_or_accepted_by_choice() -> None:
    assert kept(event("Viewed"), events=ORDER) is None
    assert kept(event("Viewed"), events=ORDER, undefined_events="accept") == event("Viewed")
    assert told(event("Viewed"), events=ORDER) == [("Undefined event found and dropped", None)]


def test_an_event_is_found_in_the_schema_in_any_case_and_spacing() -> None:
    assert kept(event("CHARGED", Amount=1), events=ORDER) == event("CHARGED", Amount=1)


def test_an_event_without_a_mandatory_property_is_dropped() -> None:
    error = "Mandatory event property not passed; violation handler dropped event"

    assert kept(event("Charged"), events=ORDER) is None
    assert told(event("Charged", Amount=None), events=ORDER) == [(error, "Amount")]


@pytest.mark.parametrize(
    ("choice", "stored", "ending"),
    [
        ("drop", {"Amount": 1}, "property dropped"),
        ("drop_event", None, "event dropped"),
        ("accept", {"Amount": 1, "Gift": True}, "accepted"),
    ],
)
def test_an_undefined_event_property_costs_itself_its_event_or_nothing(
    choice: str, stored: dict[str, Any] | None, ending: str
) -> None:
    record = event("Charged", Amount=1, Gift=True)
    found = kept(record, events=ORDER, undefined=choice)

    assert (found and found["evtData"]) == stored
    assert told(record, events=ORDER, undefined=choice) == [
        (f"Undefined event property found and {ending}", "Gift")
    ]


def test_a_mismatched_event_property_can_cost_the_event() -> None:
    record = event("Charged", Amount="1")

    assert kept(record, events=ORDER, mismatched="drop_event") is None
    assert told(record, events=ORDER, mismatched="drop_event") == [
        ("Mismatched event property data type found and event dropped", "Amount")
    ]


def test_without_a_part_of_the_schema_anything_fits_there() -> None:
    assert kept(profile(Nick="A"), events=ORDER) == profile(Nick="A")
    assert kept(event("Viewed", A=1), profile={}) == event("Viewed", A=1)


@pytest.mark.parametrize(
    ("value", "kind", "fit"),
    [
        ("x", "string", True),
        ("$D_1", "string", False),
        ("$D_1", "date", True),
        ("2024-01-01", "date", False),
        (1, "number", True),
        (Decimal("1.5"), "number", True),
        (True, "number", False),
        ("1", "number", False),
        (True, "boolean", True),
        (1, "boolean", False),
        ([], "list", True),
        ("x", "list", False),
        (None, "number", True),
        ({"$incr": 1}, "number", True),
    ],
)
def test_a_value_fits_the_type_it_has(value: object, kind: Kind, fit: bool) -> None:  # noqa: FBT001 - expected
    assert fits(value, kind) is fit


def test_a_schema_can_be_published_while_the_sandbox_runs(sandbox: Sandbox) -> None:
    sandbox.settings(schema={"events": ORDER})
    answer = upload(sandbox, event("Viewed"), event("Charged", Amount=2, Gift=True), profile(A=1))
    lines = call(sandbox, "GET", "/_sandbox/error-stream").json()

    assert answer.json() == {"status": "success", "processed": 3, "unprocessed": []}
    assert [each["evtData"] for each in sandbox.events()] == [{"Amount": 2}]
    assert [(each["name"], each["property"]) for each in lines] == [
        ("Viewed", None),
        ("Charged", "Gift"),
    ]
    assert lines[0]["record"] == event("Viewed")


def test_a_dry_run_tells_the_error_stream_nothing(sandbox: Sandbox) -> None:
    sandbox.settings(schema={"events": ORDER})
    upload(sandbox, event("Viewed"), query="?dryRun=1")

    assert call(sandbox, "GET", "/_sandbox/error-stream").json() == []
