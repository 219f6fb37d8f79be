"""Pictures of a report for the documentation: `python -m tests.report.screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from target_clevertap.report.page import render
from tests.report.samples import small
from tests.support.browser import PHONE_WIDTH, picture, running_browser

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"

PICTURES: Final[dict[str, tuple[int, int, Literal["light", "dark"]]]] = {
    "report-wide.png": (1000, 1160, "light"),
    "report-narrow.png": (PHONE_WIDTH, 820, "light"),
    "report-dark.png": (1000, 1160, "dark"),
}
"""Width, height and scheme of each."""


def main() -> None:
    """Paint all of them anew; the dark one shows the lower part of the page."""
    with tempfile.TemporaryDirectory() as folder, running_browser() as browser:
        file = Path(folder) / "report.html"
        file.write_text(render(small()), encoding="utf-8")
        for name, (width, height, scheme) in PICTURES.items():
            size = {"width": width, "height": height}
            context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(file.as_uri())
            if scheme == "dark":
                page.locator("#calls").scroll_into_view_if_needed()
                page.locator("#calls").evaluate("heading => heading.scrollIntoView()")
            picture(page, FOLDER / name)
            sys.stdout.write(f"{FOLDER / name}\n")
            context.close()


if __name__ == "__main__":
    main()
