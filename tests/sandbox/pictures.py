"""Paints the pictures of the sandbox's pages that the documentation shows.

`python -m tests.sandbox.pictures` writes docs/screenshots/sandbox-*.png.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from tests.sandbox.api import profile, upload
from tests.sandbox.shop import load_shop
from tests.support.browser import PHONE_WIDTH, picture, running_browser
from tests.support.sandbox import Sandbox, running_sandbox

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
WIDE: Final = (1100, 760)
NARROW: Final = (PHONE_WIDTH, 760)
Scheme = Literal["light", "dark"]


def main() -> None:
    """Load the shop, look around, and paint."""
    with running_sandbox() as sandbox, TemporaryDirectory() as folder:
        load_shop(sandbox, Path(folder))
        upload(sandbox, profile("late-1", Phone="+44+441234"), profile("late-2", Email="nobody"))
        buyer = _buyer(sandbox)
        shots: dict[str, tuple[str, tuple[int, int], Scheme]] = {
            "overview": ("/", WIDE, "light"),
            "profile": (buyer, WIDE, "light"),
            "events": ("/events?name=Charged", WIDE, "dark"),
            "segment": ("/segments/1", WIDE, "light"),
            "rejection": ("/rejections/516/1", WIDE, "light"),
            "phone": (buyer, NARROW, "dark"),
        }
        _paint(sandbox, shots)


def _buyer(sandbox: Sandbox) -> str:
    """The page of the customer with the most events."""
    owners = [each["profile"] for each in sandbox.events()]
    return f"/profiles/{max(sorted(set(owners)), key=owners.count)}"


def _paint(sandbox: Sandbox, shots: dict[str, tuple[str, tuple[int, int], Scheme]]) -> None:
    with running_browser() as browser:
        for name, (path, (width, height), scheme) in shots.items():
            size = {"width": width, "height": height}
            with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type] # a size is what it is
                page = context.new_page()
                page.goto(sandbox.url + path)
                picture(page, FOLDER / f"sandbox-{name}.png")


if __name__ == "__main__":
    main()
