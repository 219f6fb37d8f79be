"""What a person sees on a page, asked of the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

CELLS = """
selector => [...document.querySelectorAll(selector)].map(table =>
  [...table.tBodies, ...(table.tFoot ? [table.tFoot] : [])].flatMap(body =>
    [...body.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))))
"""

# WCAG 2: contrast of each text with the nearest background behind it that is not transparent.
CONTRASTS = """
() => {
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('svg')) continue;
    const pair = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    found.push([ratio, walker.currentNode.data.trim()]);
  }
  return found;
}
"""

# What a screen reader would miss, in words.
UNHEARD = """
() => {
  const missing = [];
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  for (const table of all(document, 'table')) {
    const name = table.caption ? table.caption.innerText : 'a table without a caption';
    if (!table.caption) missing.push(name);
    if (all(table, 'thead th[scope=col]').length < 2) missing.push(`${name}: column headers`);
    if (all(table, 'th:not([scope])').length) missing.push(`${name}: scope of a header`);
    for (const body of [...table.tBodies, ...(table.tFoot ? [table.tFoot] : [])])
      for (const row of body.rows)
        if (row.cells[0].scope !== 'row') missing.push(`${name}: a row header`);
  }
  for (const picture of all(document, 'svg')) {
    const names = (picture.getAttribute('aria-labelledby') || '').split(' ');
    const texts = names.map(id => document.getElementById(id)?.textContent.trim());
    if (picture.getAttribute('role') !== 'img' || texts.length !== 2 || !texts.every(Boolean))
      missing.push('what a picture shows');
  }
  const ids = all(document, '[id]').map(element => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) missing.push(`id ${id} twice`);
  const levels = all(document, 'h1, h2, h3, h4, h5, h6').map(heading => +heading.tagName[1]);
  if (levels[0] !== 1 || levels.lastIndexOf(1) !== 0) missing.push('one h1, before all others');
  levels.forEach((level, i) => { if (level > (levels[i - 1] ?? 0) + 1) missing.push('a level'); });
  return missing;
}
"""


def unheard(page: Page) -> list[str]:
    """What somebody who listens to the page would miss: headers, captions, words for pictures."""
    found: list[str] = page.evaluate(UNHEARD)
    return found


def open_folds(page: Page) -> None:
    """Show what is behind all folds."""
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")


def rows(page: Page, selector: str) -> list[list[str]]:
    """The texts of all cells, row by row, of all tables that match."""
    tables: list[list[list[str]]] = page.evaluate(CELLS, selector)
    return [row for table in tables for row in table]


def columns(page: Page, selector: str) -> list[str]:
    """The column headers of a table."""
    found: list[str] = page.locator(f"{selector} thead th").all_inner_texts()
    return found


def values(page: Page, selector: str) -> list[float]:
    """What stands behind times that are written for people."""
    found: list[str] = page.locator(f"{selector} data").evaluate_all("all => all.map(d => d.value)")
    return [float(value) for value in found]


def weakest_contrast(page: Page) -> tuple[float, str]:
    """The lowest contrast of any text with what is behind it, and the text."""
    found: list[Any] = page.evaluate(CONTRASTS)
    ratio, text = min(found)
    return ratio, text


def count(text: str) -> int:
    """A count as it is written for people."""
    return int(text.replace(",", ""))
