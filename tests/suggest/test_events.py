"""Streams of what customers did: whose, when and what; and streams that are neither."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from target_clevertap.settings import Settings
from tests.suggest.block import (
    DATE,
    DATE_TIME,
    INTEGER,
    LIST,
    NUMBER,
    TEXT,
    Block,
    Json,
    block,
    catalog,
    stream,
    suggested,
)

VIEW: Json = {"id": INTEGER, "user_id": INTEGER, "viewed_at": DATE_TIME}
ORDER: Json = {"id": INTEGER, "customer_id": TEXT, "ordered_at": DATE_TIME, "total": NUMBER}


def event(columns: Json, name: str = "page_views") -> Json:
    found: Json = suggested(name, columns).streams[name]
    return found


def test_a_key_a_time_and_a_foreign_key_make_events() -> None:
    assert event(VIEW | {"page": TEXT}) == {
        "type": "event",
        "identifier": {"identity": "user_id"},
        "event_name": "Page view",
        "timestamp": "viewed_at",
        "properties": {"id": "id", "page": "page"},
    }


# whose


@pytest.mark.parametrize("column", ["userId", "CustomerID", "contact_uuid", "member_id", "client"])
def test_whose_they_are_is_told_by_names_in_any_style(column: str) -> None:
    columns = {"id": INTEGER, column: TEXT, "created_at": DATE_TIME}
    assert event(columns)["identifier"] == {"identity": column}


def test_a_customer_is_surer_than_a_user_who_may_work_there() -> None:
    columns = ORDER | {"user_id": INTEGER}
    assert event(columns, "orders")["identifier"] == {"identity": "customer_id"}


def test_the_customer_may_be_an_object_with_an_id_and_is_not_sent_once_more() -> None:
    customer = {"type": ["object", "null"], "properties": {"id": INTEGER, "email": TEXT}}
    found = suggested("visits", {"id": INTEGER, "customer": customer, "created_at": DATE_TIME})
    assert found.streams["visits"]["identifier"] == {"identity": "customer.id"}
    assert found.streams["visits"]["properties"] == {"id": "id"}
    assert found.line("# customer:").endswith("it holds the customer, who is known already")


def test_orders_with_nothing_but_an_address_are_events_of_that_address() -> None:
    columns = {"id": INTEGER, "email": TEXT, "created_at": DATE_TIME, "total": NUMBER}
    found = suggested("orders", columns)
    assert found.streams["orders"]["type"] == "event"
    assert found.streams["orders"]["identifier"] == {"identity": "email"}
    assert "profiles and events must agree on it" in found.line("identifier")


def test_what_has_an_amount_and_a_list_is_no_customer() -> None:
    columns = {"id": INTEGER, "email": TEXT, "created": INTEGER, "total": NUMBER, "items": LIST}
    assert event(columns, "export")["type"] == "event"


def test_the_customer_of_an_object_may_have_no_more_than_an_address() -> None:
    customer = {"type": "object", "properties": {"email": TEXT}}
    columns = {"id": INTEGER, "customer": customer, "created_at": DATE_TIME}
    assert event(columns, "enrolments")["identifier"] == {"identity": "customer.email"}


def test_a_stream_of_users_alone_is_nothing_that_users_did() -> None:
    columns = {"user_id": TEXT, "created_at": DATE_TIME}
    assert suggested("settings", columns, key=["user_id"]).streams == {}


def test_orders_with_the_contacts_of_the_customer_are_still_events() -> None:
    contacts = {"email": TEXT, "phone": TEXT, "first_name": TEXT, "last_name": TEXT}
    assert event(ORDER | contacts, "orders")["type"] == "event"


# when


@pytest.mark.parametrize(
    ("columns", "when"),
    [
        ({"created_at": DATE_TIME, "occurredAt": TEXT}, "occurredAt"),
        ({"created_at": DATE_TIME, "page_view_time": DATE_TIME, "updated_at": DATE_TIME}, None),
        ({"updated_at": DATE_TIME, "created": INTEGER}, "created"),
        ({"updated_at": DATE_TIME, "deleted_at": DATE_TIME, "day": DATE}, "day"),
    ],
)
def test_when_it_happened_is_the_surest_of_the_times(columns: Json, when: str | None) -> None:
    found = event({"id": INTEGER, "user_id": TEXT} | columns)
    assert found["timestamp"] == (when or "created_at")


def test_the_time_of_the_noun_is_the_time_of_the_event() -> None:
    columns = {"id": INTEGER, "user_id": TEXT, "created_at": DATE_TIME, "order_date": DATE_TIME}
    assert event(columns, "orders")["timestamp"] == "order_date"


def test_a_number_is_in_seconds_unless_its_name_says_milliseconds() -> None:
    columns = {"id": INTEGER, "user_id": TEXT}
    assert event(columns | {"happened_at": INTEGER})["timestamp"] == "happened_at"
    in_ms = event(columns | {"happened_at_ms": INTEGER})["timestamp"]
    assert in_ms == {"column": "happened_at_ms", "unit": "ms"}


def test_the_time_of_a_change_is_no_time_of_an_event() -> None:
    found = suggested("visits", {"id": INTEGER, "user_id": TEXT, "updated_at": DATE_TIME})
    assert found.streams == {}


# what


def test_orders_with_an_amount_are_charged() -> None:
    columns = ORDER | {"line_items": LIST, "currency": TEXT, "payment_method": TEXT, "note": TEXT}
    found = event(columns, "orders")
    assert found["event_name"] == "Charged"
    assert found["properties"] == {
        "Amount": "total",
        "Charged ID": "id",
        "Currency": "currency",
        "Payment mode": "payment_method",
        "Items": "line_items",
        "note": "note",
    }


def test_a_key_that_is_the_time_is_no_number_of_a_purchase() -> None:
    columns = {"customer_id": TEXT, "created_at": DATE_TIME, "total": NUMBER}
    found = suggested("orders", columns, key=["created_at"]).streams["orders"]
    assert found["properties"] == {"Amount": "total"}


def test_orders_without_an_amount_have_a_name_of_their_own() -> None:
    columns = {"id": INTEGER, "customer_id": TEXT, "ordered_at": DATE_TIME, "status": TEXT}
    assert event(columns, "orders")["event_name"] == "Order"


def test_an_amount_alone_makes_no_purchase() -> None:
    assert event(ORDER, "refunds")["event_name"] == "Refund"


def test_a_column_of_a_purchase_named_items_is_none_unless_it_is_a_list() -> None:
    found = event(ORDER | {"Items": INTEGER}, "orders")
    assert found["properties"]["Items 2"] == "Items"


def test_a_column_with_the_names_of_events_gives_each_row_its_own() -> None:
    found = event(VIEW | {"event": TEXT})
    assert found["event_name_column"] == "event"
    assert "event" not in found["properties"]
    assert "event_name" not in found


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("page_views", "Page view"),
        ("SupportTickets", "Support ticket"),
        ("activities", "Activity"),
        ("app_launched", "Imported App launched"),
        ("%$&", "Unnamed"),
    ],
)
def test_the_name_of_an_event_is_that_of_its_stream(table: str, name: str) -> None:
    assert event(VIEW, table)["event_name"] == name


def test_a_column_of_dates_has_no_names_of_events() -> None:
    found = event({"id": INTEGER, "user_id": TEXT, "event": DATE_TIME})
    assert (found["event_name"], found["timestamp"]) == ("Page view", "event")


def test_the_schema_of_a_database_is_no_part_of_the_name() -> None:
    table = stream("shop-page_views", VIEW, metadata={"schema-name": "shop"})
    assert block(catalog(table)).streams["shop-page_views"]["event_name"] == "Page view"


def test_without_a_key_the_row_is_known_by_who_and_when() -> None:
    found = suggested("visits", {"user_id": TEXT, "viewed_at": DATE_TIME}, key=[])
    assert found.streams["visits"]["event_key"] == ["user_id", "viewed_at"]
    assert "add what tells its rows apart" in found.line("event_key")


# neither


def left_out(found: Block) -> str:
    assert found.streams == {}
    return found.line("# visits is left out:")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, "its SCHEMA lists no columns"),
        ({"id": INTEGER, "label": TEXT}, "no column names or describes a customer"),
        ({"id": INTEGER, "created_at": DATE_TIME}, "(created_at), but no column names a customer"),
    ],
)
def test_a_stream_that_is_neither_is_left_out_with_the_reason(columns: Json, reason: str) -> None:
    found = suggested("visits", columns)
    assert reason in left_out(found)
    assert "say what it is" in found.text


def test_customers_without_a_time_may_be_a_list_whose_mapping_is_ready_to_uncomment() -> None:
    found = suggested("visits", {"id": INTEGER, "user_id": TEXT, "since": DATE})
    assert "no time, so it is no event" in left_out(found)
    uncommented = [line.replace("  # ", "  ", 1) for line in found.text.splitlines()]
    begin = uncommented.index("  visits:")
    streams: Any = yaml.safe_load("\n".join(["streams:", *uncommented[begin : begin + 5]]))
    settings = Settings.parse({"account_id": "A", "passcode": "P", **streams})
    assert settings.covers("visits")
