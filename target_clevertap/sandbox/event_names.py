"""Event names that CleverTap keeps for itself."""

from __future__ import annotations

RESERVED = (  # DOC, platform considerations 2026; the last one REC 2024
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Notification Delivered",
    "Notification Replied",
    "UTM Visited",
    "App Launched",
    "App Uninstalled",
    "App Version Changed",
    "Stayed",
    "Reply Sent",
    "Experiment Rendered",
    "Reachable By",
    "Identity Reset",
    "Identity Set",
    "Identity Error",
    "Web Page Viewed",
)

SYSTEM = (  # DOC as system events; that they get 513 is a guess
    "App Installed",
    "App Upgraded",
    "Web Session Started",
    "Notification Failed",
    "Push Impressions",
    "Push Unregistered",
    "State Transitioned",
    "Session Concluded",
    "Geocluster Entered",
    "Geocluster Exited",
    "Channel Unsubscribed",
    "Channel Subscribed",
    "AB Test Enter",
    "AB Test Exit",
    "AB Experiment Rendered",
    "AB Experiment Rolled Out",
    "AB Experiment Stopped",
    "AB Experiment Disqualified",
    "Partner Sync",
    "CT Coupon Rewarded",
    "CT Coupon Redeemed",
    "CT Coupon Reverted",
    "CT Points Credited",
    "CT Points Debited",
    "CT Partner Voucher Rewarded",
    "Segment Membership Change",
)


def folded(name: str) -> str:
    """`name` without case and spaces: names that differ only so are one event (DOC)."""
    return "".join(name.split()).casefold()
