"""Where an account's API is, and which URLs the client agrees to call."""

from __future__ import annotations

import re
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

Region = Literal["eu1", "in1", "sg1", "us1", "aps3", "mec1", "sk1", "global"]

REGIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "eu1": "https://api.clevertap.com",
        "in1": "https://in1.api.clevertap.com",
        "sg1": "https://sg1.api.clevertap.com",
        "us1": "https://us1.api.clevertap.com",
        "aps3": "https://aps3.api.clevertap.com",
        "mec1": "https://mec1.api.clevertap.com",
        # An old or private region that CleverTap's own upload tool knows and P-COM does not list.
        "sk1": "https://sk1.api.clevertap.com",
        # What dashboards of European accounts call their region.
        "global": "https://api.clevertap.com",
    }
)
"""Region to the base URL of its API (CleverTap: common API components, 2026)."""

_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\\\x7f]")


def api_url(region: str) -> str:
    """The base URL of a region's API, without a slash at the end.

    Raises:
        ValueError: for a region that CleverTap does not have.
    """
    try:
        return REGIONS[region]
    except KeyError:
        raise ValueError(f"the region must be one of {', '.join(REGIONS)}") from None


def check_url(url: str) -> None:
    """Returns if a passcode or a list of customers may be sent to this URL.

    That is `https` anywhere, and `http` only to this machine itself. The URL is read by the parser
    that will also be used to call it, so that both mean the same host.

    Raises:
        ValueError: with one sentence that says what would be right; it does not repeat the URL,
            which may be a secret (a pre-signed one is).
    """
    parts = _parse(url)
    if parts.scheme == "http" and not _is_loopback(parts.host or ""):
        raise ValueError("the URL must begin with https:// (http:// only to localhost)")
    if parts.scheme not in ("https", "http") or not parts.host:
        raise ValueError("the URL must begin with https:// and name a host")
    if parts.auth is not None:
        raise ValueError("the URL must not hold a user name or a password")


def is_local(url: str) -> bool:
    """Whether the URL leads to this machine itself, where a proxy has no place."""
    return _is_loopback(parse_url(url).host or "")


def host_of(url: str) -> str:
    """Host and port of a URL, for messages: nothing in them is secret."""
    return parse_url(url).netloc or ""


def _parse(url: str) -> Url:
    if _NEVER_IN_A_URL.search(url):
        raise ValueError("the URL must not hold spaces, backslashes or control characters")
    try:
        return parse_url(url)
    except LocationParseError:
        raise ValueError("the URL cannot be read: it must be like https://host/path") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
