"""Names that CleverTap takes, for properties and for events.

CleverTap: platform considerations, 2026 (characters, lengths, reserved names); error 513.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from target_clevertap.mapping.limits import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

PROHIBITED_IN_EVENTS: Final = frozenset("%><!|&.:;$'\"\\")
PROHIBITED_IN_PROFILES: Final = PROHIBITED_IN_EVENTS | {"#"}

_SYSTEM_EVENTS = """
    Notification Sent, Notification Viewed, Notification Clicked, Notification Delivered,
    Notification Replied, UTM Visited, App Launched, App Uninstalled, App Version Changed, Stayed,
    Reply Sent, Experiment Rendered, Reachable By, Identity Reset, Identity Set, Identity Error,
    App Installed, App Upgraded, Web Session Started, Notification Failed, Push Impressions,
    Push Unregistered, State Transitioned, Session Concluded, Geocluster Entered,
    Geocluster Exited, Channel Unsubscribed, Channel Subscribed, AB Test Enter, AB Test Exit,
    AB Experiment Rendered, AB Experiment Rolled Out, AB Experiment Stopped,
    AB Experiment Disqualified, Partner Sync, CT Coupon Rewarded, CT Coupon Redeemed,
    CT Coupon Reverted, CT Points Credited, CT Points Debited, CT Partner Voucher Rewarded,
    Segment Membership Change, Web Page Viewed
"""
"""The list given for the API, the further system events, and the one seen refused in the wild."""


def folded(event_name: str) -> str:
    """The name as CleverTap tells events apart: without case and without spaces."""
    return "".join(event_name.split()).lower()


RESERVED_EVENTS: Final = frozenset(map(folded, _SYSTEM_EVENTS.split(",")))

EventNameCode = Literal[
    "event_name_missing", "event_name_invalid", "event_name_too_long", "event_name_reserved"
]


@lru_cache(maxsize=1024)
def event_name_fault(name: str) -> EventNameCode | None:
    """The code of what is wrong with an event's name, or None.

    Remembered, since a stream has few names and many rows: an account may have 512 in all.
    """
    if not name.strip():
        return "event_name_missing"
    if not PROHIBITED_IN_EVENTS.isdisjoint(name):
        return "event_name_invalid"
    if len(name) > MAX_NAME:
        return "event_name_too_long"
    return "event_name_reserved" if folded(name) in RESERVED_EVENTS else None


@lru_cache(maxsize=1024)
def is_charged(name: str) -> bool:
    """Whether this is the purchase event, the only one whose `Items` is a list."""
    return folded(name) == "charged"


def property_name_fault(name: str, prohibited: frozenset[str]) -> str | None:
    """What is wrong with a property's name, as the end of a sentence, or None."""
    if not name.strip():
        return "a property needs a name"
    if found := prohibited.intersection(name):
        return f"CleverTap does not take {_listed(found)} in a property's name"
    if len(name) > MAX_NAME:
        return f"CleverTap takes names of at most {MAX_NAME} characters"
    if not name.isascii() and not _encodable(name):
        return "the name is not valid Unicode"
    return None


def event_name_mistake(name: str) -> str | None:
    """What is wrong with an event's name that stands in the settings, or None."""
    code = event_name_fault(name)
    if code == "event_name_invalid":
        found = PROHIBITED_IN_EVENTS.intersection(name)
        return f"CleverTap does not take {_listed(found)} in an event's name"
    return None if code is None else _MISTAKES[code]


_MISTAKES: dict[EventNameCode, str] = {
    "event_name_missing": "must not be empty",
    "event_name_too_long": f"must have at most {MAX_NAME} characters",
    "event_name_reserved": "is the name of a system event of CleverTap; choose another",
}


def _listed(characters: Iterable[str]) -> str:
    return " ".join(sorted(characters))


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
