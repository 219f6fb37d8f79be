"""What a page shows, before it is HTML."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Screen(Struct, frozen=True):
    """A template, the title of the page, and what the template needs."""

    template: str
    title: str
    values: dict[str, Any]
