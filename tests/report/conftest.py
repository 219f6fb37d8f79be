"""Fixtures for reports: a browser to look at their pages."""

from __future__ import annotations

from tests.support.browser import browser, page

__all__ = ["browser", "page"]
