"""A page that is open while a run goes on follows it, and leaves its reader in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.sandbox.api import ADMIN, event, profile, upload, upload_list

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.sandbox import Sandbox

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def page(page: Page) -> Page:
    """A page whose time stands still but for `look_again`."""
    page.clock.install()
    return page


def look_again(page: Page) -> None:
    """Let so much time pass that the page asks whether anything is new."""
    with page.expect_response("**/version"):
        page.clock.run_for(3_000)


def test_a_segment_is_watched_while_it_is_processed(page: Page, sandbox: Sandbox) -> None:
    upload(sandbox, profile("1"), profile("2"))
    sandbox.settings(list_processing_seconds=60)
    upload_list(sandbox, "Type,Identity\ni,1\ni,2\ni,3\n", "VIP")
    page.goto(f"{sandbox.url}/segments/1")
    expect(page.locator("#segment-status")).to_have_text("processing")

    sandbox.advance(61)
    look_again(page)

    expect(page.locator("#segment-status")).to_have_text("ready")
    expect(page.locator(".mail")).to_contain_text("2 users, 1 unknown")
    expect(page.locator(".mail")).to_contain_text(ADMIN)
    expect(page.get_by_role("definition").nth(1)).to_have_text("2")


def test_a_new_call_appears_by_itself(page: Page, sandbox: Sandbox) -> None:
    page.goto(sandbox.url)
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing has been sent yet")

    upload(sandbox, profile("1"), event("Bought", "1"))
    look_again(page)

    expect(page.get_by_role("rowheader", name="Bought")).to_be_visible()
    expect(page.locator("#live-state")).to_have_text("Live")


def test_the_reader_keeps_place_focus_and_what_is_open(page: Page, sandbox: Sandbox) -> None:
    upload(sandbox, profile("1"))
    upload(sandbox, *({**event("E", "1", N=number), "ts": number + 1} for number in range(60)))
    page.set_viewport_size({"width": 800, "height": 400})
    page.goto(f"{sandbox.url}/profiles/1")
    opened = page.locator("#event-40")
    opened.locator("summary").click()
    opened.get_by_role("link", name="Call 2").focus()
    opened.locator("summary").focus()
    before = page.evaluate("window.scrollY")
    assert before > 0

    upload(sandbox, profile("1", City="Berlin"))
    look_again(page)

    expect(page.get_by_role("row", name="City string Berlin")).to_be_attached()
    expect(opened).to_have_attribute("open", "")
    expect(opened.locator("summary")).to_be_focused()
    assert page.evaluate("window.scrollY") == before


def test_what_is_being_typed_stays(page: Page, sandbox: Sandbox) -> None:
    page.goto(f"{sandbox.url}/profiles")
    field = page.get_by_role("searchbox")
    field.press_sequentially("Ad")

    upload(sandbox, profile("1", Name="Ada"))
    look_again(page)

    expect(page.get_by_role("rowheader", name="Ada")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.type("a")
    expect(field).to_have_value("Ada")


def test_marked_text_is_not_taken_away(page: Page, sandbox: Sandbox) -> None:
    upload(sandbox, profile("1", Name="Ada"))
    page.goto(f"{sandbox.url}/profiles/1")
    page.locator("td.kind").first.select_text()
    upload(sandbox, profile("1", City="Berlin"))
    look_again(page)
    look_again(page)

    expect(page.get_by_role("row", name="City string Berlin")).not_to_be_attached()
    page.evaluate("getSelection().removeAllRanges()")
    look_again(page)
    expect(page.get_by_role("row", name="City string Berlin")).to_be_attached()


def test_a_hidden_page_asks_for_nothing(page: Page, sandbox: Sandbox) -> None:
    asked: list[str] = []
    page.goto(sandbox.url)
    look_again(page)
    page.evaluate(HIDE, arg=True)
    page.on("request", lambda request: asked.append(request.url))

    page.clock.run_for(60_000)
    assert asked == []

    upload(sandbox, profile("1", Name="Ada"))
    page.evaluate(HIDE, arg=False)
    page.clock.run_for(10)
    expect(page.get_by_role("link", name="1 profile")).to_be_visible()
