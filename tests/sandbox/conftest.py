"""Fixtures for the tests of the sandbox: a browser that looks at its pages."""

from tests.support.browser import browser, page

__all__ = ["browser", "page"]
