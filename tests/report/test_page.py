"""The page of a report, seen in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_clevertap.report.page import render
from tests.report.looking import columns, count, open_folds, rows, unheard, values, weakest_contrast
from tests.report.samples import ALL, NASTY
from tests.support.browser import PHONE_WIDTH, sideways

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from target_clevertap.report.model import Report

DESK_WIDTH = 1280
READABLE = 4.5
"""Contrast that WCAG 2 asks of text (AA)."""


def show(page: Page, report: Report, folder: Path) -> None:
    file = folder / "report.html"
    file.write_text(render(report), encoding="utf-8")
    page.goto(file.as_uri())


@pytest.mark.parametrize("name", ALL)
def test_it_fits_a_phone_and_a_desk_in_light_and_dark(
    page: Page, tmp_path: Path, name: str
) -> None:
    show(page, ALL[name](), tmp_path)
    for scheme, dark in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 24, 23)") == dark
        ratio, text = weakest_contrast(page)
        assert ratio >= READABLE, f"{text!r} is hard to read ({scheme})"
    for folds in ("closed", "open"):
        if folds == "open":
            open_folds(page)
        assert sideways(page, PHONE_WIDTH) == 0, f"folds {folds}"
        assert sideways(page, DESK_WIDTH) == 0, f"folds {folds}"


@pytest.mark.parametrize("name", ["small", "nine_hours", "many_reasons"])
def test_its_numbers_are_those_of_the_report(page: Page, tmp_path: Path, name: str) -> None:
    report = ALL[name]()
    show(page, report, tmp_path)
    open_folds(page)

    labels = [label.lower().replace(" ", "_") for label in columns(page, "#streams")[1:]]
    shown = [[count(cell) for cell in row[1:]] for row in rows(page, "#streams")]
    told = [[getattr(stream, label) for label in labels] for stream in report.streams]
    total = [[getattr(report.totals, label) for label in labels]] if len(told) > 1 else []
    assert {"read", "accepted", "rejected"} <= set(labels)
    assert shown == told + total

    reasons = sorted(
        (reason.count for stream in report.streams for reason in stream.rejections), reverse=True
    )
    assert [count(row[2]) for row in rows(page, ".reasons")] == reasons

    intervals = report.timeline.intervals
    assert numbers(page, "#row-intervals") == [[i.accepted, i.rejected] for i in intervals]
    assert numbers(page, "#call-intervals") == [[i.calls, i.most_in_flight] for i in intervals]
    assert values(page, "#row-intervals") == [i.at for i in intervals]
    if report.calls.throttled or report.calls.retries:
        trouble = [[i.throttled, i.retries] for i in intervals]
        assert numbers(page, "#trouble-intervals") == trouble
    else:
        assert page.locator("#no-trouble").is_visible()

    calls = report.calls
    told_calls = [
        calls.made,
        calls.records,
        calls.retries,
        calls.throttled,
        calls.lost,
        calls.failed,
    ]
    assert [count(text) for text in page.locator("#call-counts dd").all_inner_texts()] == told_calls
    assert [[count(c) for c in row[1:4]] for row in rows(page, "#kinds")] == [
        [kind.made, kind.records, kind.failed] for kind in calls.kinds
    ]
    latency = calls.kinds[0].latency
    assert values(page, "#kinds") == [latency.p50, latency.p90, latency.p99, latency.max]
    bands = rows(page, "#plot-latency-upload table")
    assert [count(row[2]) for row in bands] == [band.count for band in calls.kinds[0].bands]


def test_a_few_calls_are_told_without_a_plot(page: Page, tmp_path: Path) -> None:
    show(page, ALL["clean"](), tmp_path)
    assert page.locator("[id^=plot-latency]").count() == 0
    assert rows(page, "#kinds")[0][:2] == ["upload", "3"]


def numbers(page: Page, selector: str) -> list[list[int]]:
    return [[count(cell) for cell in row[1:]] for row in rows(page, selector)]


def test_segments_are_shown_before_and_after(page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    assert rows(page, "#segments") == [["VIP customers", "1,190", "1,250", "uploaded"]]


def test_rows_tried_again_are_shown(page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    assert columns(page, "#again")[1:] == [
        *("Tried", "Accepted", "Unchanged", "Rejected again", "Unsettled", "Given up")
    ]
    assert rows(page, "#again") == [["public-users", "18", "12", "3", "2", "1", "0"]]


def test_the_first_keys_lead_to_the_rows(page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    first = rows(page, ".reasons")[0]
    assert "phone_invalid · Phone" in first[0]
    assert first[3].split() == ["1042", "1077", "2210", "2318", "2650"]


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("clean", "Delivered exit code 0", "Delivered: all 3,000 rows are in CleverTap."),
        (
            "small",
            "Delivered, with rejections exit code 0",
            "199 were rejected; of 18 rows tried again 15 are in CleverTap, 2 were rejected,",
        ),
        ("many_reasons", "Delivered in part exit code 3", "but too many rows were rejected"),
        ("nine_hours", "Stopped exit code 1", "15,000 were left for the next run."),
        ("empty", "Delivered exit code 0", "Delivered: the tap sent no rows."),
    ],
)
def test_the_top_says_what_happened(
    page: Page, tmp_path: Path, name: str, status: str, sentence: str
) -> None:
    report = ALL[name]()
    show(page, report, tmp_path)
    assert page.locator(".status").inner_text() == status
    assert page.locator("h1").inner_text() == report.run.sentence
    assert sentence in report.run.sentence
    assert page.locator(".problem").all_inner_texts() == list(report.run.problems)


def test_what_to_do_next_can_be_copied(page: Page, tmp_path: Path) -> None:
    report = ALL["small"]()
    show(page, report, tmp_path)
    commands = page.locator(".steps code").all_inner_texts()
    assert f"target-clevertap --config config.json --input {report.rejected_file}" in commands
    show(page, ALL["clean"](), tmp_path)
    assert page.locator(".steps").count() == 0


@pytest.mark.parametrize("name", ALL)
def test_headings_tables_and_pictures_can_be_heard(page: Page, tmp_path: Path, name: str) -> None:
    show(page, ALL[name](), tmp_path)
    assert unheard(page) == []


def test_cards_on_a_phone_are_still_a_table_to_a_screen_reader(page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 800})
    table = page.get_by_role("table", name="What became of the rows of each stream")
    assert table.get_by_role("columnheader", name="Accepted", exact=True).count() == 1
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="public-orders"))
    assert row.get_by_role("cell").all_inner_texts()[:2] == ["61,020", "60,900"]


def test_it_says_the_same_without_javascript(browser: Browser, page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    show(without, ALL["small"](), tmp_path)
    fold = without.locator("#plot-rows details")
    fold.locator("summary").click()
    assert fold.locator("table").is_visible()
    assert without.locator("body").text_content() == page.locator("body").text_content()
    context.close()


@pytest.mark.parametrize("name", ALL)
def test_it_needs_nothing_but_itself(page: Page, tmp_path: Path, name: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, ALL[name](), tmp_path)
    assert [url for url in asked if not url.startswith("data:")] == [page.url]
    html = render(ALL[name]())
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_names_with_html_in_them_are_only_names(page: Page, tmp_path: Path) -> None:
    show(page, ALL["nasty"](), tmp_path)
    assert page.locator("script, img").count() == 0
    assert NASTY in page.locator("#streams tbody th").first.inner_text()
    assert NASTY in page.locator(".problem").first.inner_text()


def test_it_can_be_printed(page: Page, tmp_path: Path) -> None:
    show(page, ALL["small"](), tmp_path)
    page.emulate_media(media="print", color_scheme="dark")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(29, 35, 33)"
    )
    assert page.pdf().startswith(b"%PDF")
