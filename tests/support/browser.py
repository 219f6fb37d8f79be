"""Chromium without a window, which looks at pages as a person would.

A folder of tests that wants it says in its `conftest.py`:

    from tests.support.browser import browser, page

    __all__ = ["browser", "page"]
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",)
"""Whatever a page may name, nothing but this machine is ever asked."""
TIMEOUT_MILLISECONDS = 10_000
PHONE_WIDTH = 380
"""Pixels of the narrowest screen on which a page is to be readable."""


def chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium, ended at the end."""
    # Chromium's own sandbox does not work for root, whom a container often runs as.
    options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=options)
        try:
            yield chrome
        finally:
            chrome.close()


# One a module: while it runs, playwright's event loop is this thread's, and no other may start.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a module; they are skipped on a machine without one."""
    if chromium() is None:
        pytest.skip(f"needs a Chromium: none of {', '.join(NAMES)} is on the PATH")
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page without cookies or memory.

    Its test fails if the page wrote to the console, raised an error, opened a dialog or asked for
    anything that is not on 127.0.0.1 or in a file.
    """
    context = browser.new_context()
    complaints = watch(context)
    yield context.new_page()
    context.close()
    if complaints:
        pytest.fail("\n".join(["The page did what it must not do:", *complaints]))


def watch(context: BrowserContext) -> list[str]:
    """What the pages of a context will have done that a good page does not, as it comes in."""
    complaints: list[str] = []

    def close_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note_request(url: str) -> None:
        if not is_local(url):
            complaints.append(f"request: {url}")

    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    context.on("console", lambda message: complaints.append(f"console: {message.text}"))
    context.on("weberror", lambda error: complaints.append(f"error: {error.error}"))
    context.on("dialog", close_dialog)
    context.on("request", lambda request: note_request(request.url))
    return complaints


def is_local(url: str) -> bool:
    """Whether an address leads to this machine: 127.0.0.1, a file, or bytes in the page itself."""
    parts = urlsplit(url)
    return parts.scheme in {"file", "data", "blob", "about"} or parts.hostname == "127.0.0.1"


def sideways(page: Page, width: int = PHONE_WIDTH) -> int:
    """By how many pixels the page must be scrolled sideways on a screen that wide; 0 is right."""
    size = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    beyond: int = page.evaluate(
        "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
    )
    if size is not None:
        page.set_viewport_size(size)
    return beyond


def picture(page: Page, file: Path) -> Path:
    """The file into which what is on the screen has been painted."""
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, animations="disabled")
    return file
