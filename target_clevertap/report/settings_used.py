"""The settings of a run as its report may show them: complete, and without a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from target_clevertap.settings import LEDGER_OFF

if TYPE_CHECKING:
    from target_clevertap.settings import Settings

HIDDEN: Final = "***"
"""Stands for what was left out of a URL."""


def settings_used(settings: Settings) -> dict[str, Any]:
    """Every setting with the value that was used, in the order of the documentation.

    The passcode is left out. URLs come without user, password and query, which may hold one too.
    """
    shown: dict[str, Any] = msgspec.to_builtins(settings)
    del shown["passcode"]
    shown["api_url"] = _masked(settings.api_url)
    shown["ledger_url"] = _masked(settings.ledger_url)
    return {name: _stripped(value) for name, value in shown.items()}


def _masked(url: str | None) -> str | None:
    """A URL without what may be a secret in it."""
    if url is None or url == LEDGER_OFF:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    query = f"?{HIDDEN}" if parts.query else ""
    return f"{parts.scheme}://{HIDDEN if user else ''}{at}{host}{parts.path}{query}"


def _stripped(value: object) -> object:
    """Mappings without the options that were not given."""
    if isinstance(value, dict):
        return {name: _stripped(item) for name, item in value.items() if item is not None}
    return list(value) if isinstance(value, tuple) else value
