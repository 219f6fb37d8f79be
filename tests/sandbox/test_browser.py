"""The sandbox's pages in a browser: the ways through a loaded shop, and how everyone reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import pytest
from playwright.sync_api import expect

from examples.shop.rows import User
from tests.sandbox.api import profile, upload
from tests.sandbox.shop import load_shop
from tests.support.browser import sideways
from tests.support.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from examples.shop.rows import Shop

PATHS: Final = (
    *("/", "/profiles", "/profiles?q=nobody", "/profiles/1", "/events", "/events?name=Charged"),
    *("/segments", "/segments/1", "/calls", "/calls/1", "/calls?only=trouble", "/rejections"),
    *("/rejections/516", "/rejections/516/1"),
)
"""One of every kind of page."""
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
CONTRAST: Final = 4.5
"""Of text against what is behind it, as WCAG 2 asks at level AA."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Shop]]:
    """A sandbox into which the target has loaded the shop, and a hasty client some wrong rows."""
    with running_sandbox() as sandbox:
        shop = load_shop(sandbox, tmp_path_factory.mktemp("shop"))
        upload(sandbox, profile("late-1", Phone="+44+441234"), profile("late-2", Email="nobody"))
        yield sandbox, shop


@pytest.fixture
def shop_page(page: Page, loaded: tuple[Sandbox, Shop]) -> Page:
    """A page on the overview of the loaded sandbox."""
    page.goto(loaded[0].url)
    return page


def buyer(sandbox: Sandbox, shop: Shop) -> User:
    """A customer who has a phone and has ordered something."""
    owners = {each["identity"] for each in sandbox.events("Charged")}
    phones = {
        each["identifiers"]["identity"][0]: each["properties"].get("Phone")
        for each in sandbox.profiles()
    }
    return next(
        user
        for user in shop.of("users")
        if isinstance(user, User)
        and user.customer_id in owners
        and phones[user.customer_id]
        and user.mobile
        and user.full_name
    )


def test_a_profile_is_found_by_its_phone_with_its_order_among_its_events(
    shop_page: Page, loaded: tuple[Sandbox, Shop]
) -> None:
    user = buyer(*loaded)
    assert user.mobile is not None

    shop_page.get_by_role("link", name="Profiles", exact=True).click()
    shop_page.get_by_label("Identity, e-mail, phone or name").fill(user.mobile)
    shop_page.keyboard.press("Enter")
    shop_page.get_by_role("rowheader", name=str(user.full_name)).get_by_role("link").click()

    expect(shop_page.get_by_role("heading", level=1)).to_have_text(str(user.full_name))
    expect(shop_page.get_by_role("row", name=re.compile("^Email e-mail"))).to_be_visible()
    order = shop_page.get_by_role("listitem").filter(has_text="Charged").first
    order.locator("summary").click()
    expect(order.get_by_role("row", name=re.compile("^Amount number"))).to_be_visible()
    expect(order.get_by_role("row", name=re.compile("^Items items"))).to_be_visible()


def test_a_rejected_record_is_opened_and_says_why(shop_page: Page) -> None:
    shop_page.get_by_role("navigation").get_by_role("link", name="Rejections").click()
    shop_page.get_by_role("link", name="516").click()
    shop_page.get_by_role("link", name="open record 1").click()

    main = shop_page.get_by_role("main")
    expect(main).to_contain_text("The standard property Phone takes + and the country's code")
    expect(main).to_contain_text("+44+441234")
    shop_page.get_by_role("link", name=re.compile("^call")).click()
    expect(shop_page.get_by_role("row", name=re.compile("late-1 profile 516"))).to_be_visible()


def test_a_call_opens_to_its_body_and_its_answer(shop_page: Page) -> None:
    shop_page.get_by_role("link", name="1", exact=True).last.click()
    expect(shop_page.get_by_role("heading", level=1)).to_have_text("Call 1")

    shop_page.get_by_text("Body of the request").click()

    expect(shop_page.locator("#request-body pre")).to_contain_text('{"d":[{')
    expect(shop_page.locator("#answer-body pre")).to_contain_text('"processed"')


def test_a_segment_shows_its_members_and_the_mail_about_it(shop_page: Page) -> None:
    shop_page.get_by_role("navigation").get_by_role("link", name="Segments").click()
    shop_page.get_by_role("link", name="VIP customers").click()

    expect(shop_page.locator("#segment-status")).to_have_text("ready")
    expect(shop_page.locator(".mail")).to_contain_text("admin@example.com")
    shop_page.get_by_role("row").filter(has_text="open").first.get_by_role("link").click()
    expect(shop_page.get_by_role("link", name="VIP customers")).to_be_visible()


def test_events_over_time_are_drawn(shop_page: Page) -> None:
    shop_page.get_by_role("navigation").get_by_role("link", name="Events").click()
    shop_page.get_by_role("link", name="Charged").click()

    drawing = shop_page.get_by_role("img", name=re.compile(r"^\d+ events from 20\d\d-"))
    heights = [bar.bounding_box() for bar in drawing.locator("rect").all()]
    assert max(box["height"] for box in heights if box) > 100


def test_every_page_works_without_javascript(
    browser: Browser, loaded: tuple[Sandbox, Shop]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(loaded[0].url + "/profiles")
        page.get_by_label("Identity, e-mail, phone or name").fill("a")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text(re.compile("found|first 50"))).to_be_visible()
        page.goto(loaded[0].url + "/profiles")
        page.get_by_role("link", name="Next page").click()
        expect(page.get_by_role("link", name="First page")).to_be_visible()
        expect(page.locator("#live-state")).to_be_hidden()


class Reading(NamedTuple):
    """How well one page can be read; contrasts and lightnesses by color scheme."""

    path: str
    sideways: int
    contrasts: list[dict[str, object]]
    lightnesses: list[float]
    unnamed: int
    landmarks: int


@pytest.fixture(scope="module")
def readings(browser: Browser, loaded: tuple[Sandbox, Shop]) -> list[Reading]:
    """Every kind of page, opened once, on a phone, in the light and in the dark."""
    with browser.new_context() as context:
        page = context.new_page()
        return [_read(page, loaded[0].url, path) for path in PATHS]


def _read(page: Page, url: str, path: str) -> Reading:
    page.goto(url + path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    contrasts, lightnesses = [], []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        contrasts.append(page.evaluate(WORST_CONTRAST))
        lightnesses.append(page.evaluate(LIGHTNESS))
    return Reading(
        path=path,
        sideways=sideways(page),
        contrasts=contrasts,
        lightnesses=lightnesses,
        unnamed=page.locator("th:not([scope]), table:not(:has(caption))").count(),
        landmarks=page.locator("html[lang] h1, nav [aria-current=page], main").count(),
    )


def test_every_page_is_read_on_a_phone_without_scrolling_sideways(readings: list[Reading]) -> None:
    assert [(each.path, each.sideways) for each in readings if each.sideways] == []


def test_every_text_stands_out_from_what_is_behind_it(readings: list[Reading]) -> None:
    worst = min(
        (float(str(contrast["ratio"])), each.path, contrast["text"])
        for each in readings
        for contrast in each.contrasts
    )
    assert worst[0] >= CONTRAST, worst


def test_pages_are_dark_for_those_who_want_them_dark(readings: list[Reading]) -> None:
    for each in readings:
        light, dark = each.lightnesses
        assert light > 0.8
        assert dark < 0.2


def test_tables_and_pages_tell_what_is_what(readings: list[Reading]) -> None:
    assert [each.path for each in readings if each.unnamed or each.landmarks != 3] == []


def test_the_search_has_a_name(shop_page: Page, loaded: tuple[Sandbox, Shop]) -> None:
    shop_page.goto(loaded[0].url + "/profiles")
    field = shop_page.get_by_role("searchbox")
    expect(field).to_have_accessible_name("Identity, e-mail, phone or name")


def test_the_keyboard_is_enough(shop_page: Page) -> None:
    shop_page.keyboard.press("Tab")
    skip = shop_page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    shop_page.keyboard.press("Enter")
    shop_page.keyboard.press("Tab")
    assert shop_page.evaluate("document.getElementById('main').contains(document.activeElement)")

    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert shop_page.evaluate(outline) == "3px"
    shop_page.keyboard.press("Enter")
    expect(shop_page).to_have_url(re.compile("/profiles$"))


WORST_CONTRAST: Final = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const share = (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const lightness = ([r, g, b]) => 0.2126 * share(r) + 0.7152 * share(g) + 0.0722 * share(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = numbers(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21, text: "" };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [one, other] = [numbers(getComputedStyle(element).color), behind(element)];
    const [dark, light] = [lightness(one), lightness(other)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: walker.currentNode.data.trim().slice(0, 40) };
  }
  return worst;
}"""
LIGHTNESS: Final = """() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (r + g + b) / 765;
}"""
