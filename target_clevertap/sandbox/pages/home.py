"""The first page: how much there is of everything, and what came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.sandbox.pages.calls import newest_calls
from target_clevertap.sandbox.pages.codes import code_of
from target_clevertap.sandbox.pages.events import event_names
from target_clevertap.sandbox.pages.paging import LARGEST
from target_clevertap.sandbox.pages.screen import Screen

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

LATEST_CALLS = 8
TOP = 6


def home(account: Account, request: Request) -> Screen:
    """Totals, the latest calls, the commonest events and codes."""
    tallies = account.tallies
    calls, records = tallies.of("calls"), tallies.of("records")
    refused = sorted(tallies.of("rejections").items(), key=lambda each: -each[1])
    values = {
        "profiles": tallies.of("profiles").get("", 0),
        "events": sum(tallies.of("events").values()),
        "segments": account.store.count("segments"),
        "calls": sum(calls.values()),
        "accepted": records.get("accepted", 0),
        "rejected": records.get("rejected", 0),
        "in_flight": sum(account.in_flight.counts().values()),
        "latest": newest_calls(account, LARGEST, LATEST_CALLS),
        "names": event_names(account, TOP),
        "codes": [(code_of(int(number)), count) for number, count in refused[:TOP]],
        "address": str(request.base_url).rstrip("/"),
    }
    return Screen("home.html", "Overview", values)
