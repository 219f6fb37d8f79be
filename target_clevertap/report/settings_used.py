"""The settings of a run as its report may show them: complete, and without a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_clevertap.settings import shown_url

if TYPE_CHECKING:
    from target_clevertap.settings import Settings


def settings_used(settings: Settings) -> dict[str, Any]:
    """Every setting with the value that was used, in the order of the documentation.

    The passcode is left out. URLs come without user, password and query, which may hold one too.
    """
    shown: dict[str, Any] = msgspec.to_builtins(settings)
    del shown["passcode"]
    for name in ("api_url", "ledger_url"):
        shown[name] = shown_url(shown[name]) if shown[name] else None
    return {name: _stripped(value) for name, value in shown.items()}


def _stripped(value: object) -> object:
    """Mappings without the options that were not given."""
    if isinstance(value, dict):
        return {name: _stripped(item) for name, item in value.items() if item is not None}
    return list(value) if isinstance(value, tuple) else value
