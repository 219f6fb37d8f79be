"""Whatever a record holds, a page shows it as text.

A script that runs all the same is seen by the `page` fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests.sandbox.api import call, event, profile, upload, upload_list
from tests.support.browser import PHONE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.support.sandbox import Sandbox

ATTACKS: Final = (
    "</pre></title></textarea></style></script><script>alert(1)</script>{{ 7 * 7 }}{% raw %}",
    "<img src=x onerror=alert(2)><svg onload=alert(3)></svg><i>slanted</i>",
    "\" ' autofocus onfocus=alert(4) onmouseover='alert(5)' x=",
    "javascript:alert(6)",
    "\u202e<b>reversed</b>\u2066<style>*{display:none}</style><i>" + "W" * 900,
)


def send_everywhere(sandbox: Sandbox) -> None:
    """Send every attack in every field that a client can fill."""
    sandbox.settings(admin_emails=ATTACKS)
    upload(sandbox, *(record for attack in ATTACKS for record in records(attack)))
    for attack in ATTACKS:
        quoted = attack.replace('"', '""')
        fields = {"filename": attack, "creator": attack, "email": attack}
        upload_list(sandbox, f'Type,Identity\ni,"{quoted}"\ng,"{quoted}"\n', attack, **fields)
        call(sandbox, "POST", f"/{attack}", data=attack.encode())
        call(sandbox, "GET", "/1/profile.json", params={attack: attack})


def records(attack: str) -> list[object]:
    """Records that are an attack wherever they may be."""
    return [
        profile(
            attack,
            **{"Name": attack, attack: attack, "Tags": {"$set": [attack]}},
            Deep={attack: [attack, {attack: attack}]},
        ),
        event(attack, attack, **{attack: attack, "Items": [{attack: attack}]}),
        event("Charged", attack, Items=[attack, {attack: 1}]),
        {"type": "token", "objectId": "a", "tokenData": {"type": "fcm", "id": attack}},
        {"type": "profile", "objectId": "a", "GPID": attack, "FBID": attack},
        profile(attack, Email=attack),
        profile(attack, Phone=attack),
        {"type": attack, "identity": attack, attack: attack},
        {**event(attack, attack), "ts": attack},
        event("App Launched", attack, **{attack: attack}),
        attack,
    ]


def addresses(sandbox: Sandbox) -> Iterator[str]:
    """Every page on which something of all this is shown."""
    yield from ("/", "/profiles", "/segments", "/events", "/calls", "/calls?only=trouble")
    yield from ("/rejections", "/calls/1", "/calls/1?only=refused", "/events?name=Charged")
    yield from (f"/profiles/{each['id']}" for each in sandbox.profiles())
    yield from (f"/segments/{each['id']}" for each in sandbox.segments())
    yield from (f"/calls/{number}" for number in range(2, 8))
    refused = list(enumerate(sandbox.rejections(), start=1))
    yield from sorted({f"/rejections/{each['code']}" for _, each in refused})
    kinds = len(refused) // len(ATTACKS)
    for number, each in (*refused[:kinds], *refused[kinds::kinds]):
        yield f"/rejections/{each['code']}/{number}"


def test_no_page_runs_or_takes_for_markup_what_it_shows(page: Page, sandbox: Sandbox) -> None:
    send_everywhere(sandbox)
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 800})
    for path in addresses(sandbox):
        page.goto(sandbox.url + path)
        assert page.evaluate(OPEN_ALL) == 0, f"{path} has to be scrolled sideways"
        assert page.locator(FOREIGN).count() == 0, path
        assert page.locator("main").is_visible(), path


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_what_is_looked_for_is_shown_as_text_too(page: Page, sandbox: Sandbox, attack: str) -> None:
    upload(sandbox, event(attack, "1"))
    page.goto(sandbox.url + "/profiles")
    field = page.get_by_role("searchbox")
    field.fill(attack)
    field.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_contain_text(attack[:20])
    expect(page.get_by_role("searchbox")).to_have_value(attack)
    assert page.locator(FOREIGN).count() == 0

    page.goto(sandbox.url + "/events")
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(attack)


OPEN_ALL: Final = """() => {
  document.querySelectorAll("details").forEach(each => each.open = true);
  const page = document.documentElement;
  return Math.max(0, page.scrollWidth - page.clientWidth);
}"""
FOREIGN: Final = (
    "main script, main img, main style, main i, main svg[onload], main textarea, main iframe, "
    "[onerror], [onfocus], [onmouseover], [autofocus], a[href^='javascript:'], body script"
)
"""What no page of the sandbox has by itself."""
