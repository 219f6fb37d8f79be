"""The same mapping as a plain target: what the Singer SDK's template leads to, and no more.

The SDK's own reader, validation and timestamps, its BatchSink, and a requests.Session.
"""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any, ClassVar

import phonenumbers
import requests
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink
from singer_sdk.target_base import Target
from typing_extensions import override

from benchmarks import tap


class PlainSink(BatchSink):
    """Sends 1,000 rows of a stream at a time, and waits for the answer."""

    max_size = 1000

    @override
    def setup(self) -> None:
        super().setup()
        self.session = requests.Session()
        self.session.headers["X-CleverTap-Account-Id"] = self.config["account_id"]
        self.session.headers["X-CleverTap-Passcode"] = self.config["passcode"]

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        item = profile if self.stream_name == tap.USERS else event
        body = {"d": [item(record) for record in context["records"]]}
        response = self.session.post(self.config["api_url"] + "/1/upload", json=body, timeout=60)
        response.raise_for_status()
        if response.json()["unprocessed"]:
            raise RuntimeError("CleverTap has refused records")

    @override
    def clean_up(self) -> None:
        self.session.close()
        super().clean_up()


class PlainTarget(Target):
    """Loads profiles and events, one call at a time."""

    name = "target-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("account_id", th.StringType, required=True),
        th.Property("passcode", th.StringType, required=True, secret=True),
        th.Property("api_url", th.StringType, required=True),
    ).to_dict()
    default_sink_class = PlainSink


def profile(record: dict[str, Any]) -> dict[str, Any]:
    """A customer as CleverTap's profile."""
    properties = {
        "Name": record["full_name"],
        "Email": record["email"],
        "Phone": _phone(record["mobile"]),
        "DOB": _date(record["birth_date"]),
        "Last login": _date(record["last_login"]),
        "Plan": record["plan"],
        "City": record["city"],
        "Gender": record["gender"],
        "Balance": record["balance"],
        "Logins": record["logins"],
        "Newsletter": record["newsletter"],
        "Language": record["language"],
    }
    return {
        "type": "profile",
        "identity": str(record["id"]),
        "profileData": _without_nulls(properties),
    }


def event(record: dict[str, Any]) -> dict[str, Any]:
    """An order as CleverTap's event."""
    properties = {
        "Order": record["order_id"],
        "Amount": record["total"],
        "Quantity": record["quantity"],
        "Currency": record["currency"],
        "Product": record["product"],
        "Category": record["category"],
        "Coupon": record["coupon"],
        "Gift": record["gift"],
        "Contact": _phone(record["contact"]),
        "Paid": _date(record["paid_at"]),
        "Due": _date(record["due"]),
        "Method": record["method"],
    }
    return {
        "type": "event",
        "identity": str(record["user_id"]),
        "evtName": "Ordered",
        "ts": int(record["ordered_at"].timestamp()),
        "evtData": _without_nulls(properties),
    }


def _without_nulls(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def _phone(text: str) -> str:
    number = phonenumbers.parse(text)
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _date(value: date | datetime) -> str:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), timezone.utc)
    return f"$D_{int(value.timestamp())}"


if __name__ == "__main__":
    PlainTarget.cli()
