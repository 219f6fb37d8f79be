"""From what a page shows to HTML; everything that came from outside is escaped on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from target_clevertap.sandbox.pages.values import moment, summary

if TYPE_CHECKING:
    from target_clevertap.sandbox.pages.screen import Screen

SECTIONS = (
    ("/", "Overview"),
    ("/profiles", "Profiles"),
    ("/events", "Events"),
    ("/segments", "Segments"),
    ("/calls", "Calls"),
    ("/rejections", "Rejections"),
)

_environment = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(screen: Screen, *, path: str, account_id: str, version: str) -> str:
    """The whole page."""
    return _environment.get_template(screen.template).render(
        screen.values,
        title=screen.title,
        sections=SECTIONS,
        section="/" + path.split("/")[1],
        account_id=account_id,
        version=version,
    )


def _number(value: float) -> str:
    """A count, with its thousands apart."""
    return f"{value:,}"


def _counted(count: int, noun: str) -> str:
    """A count of things, in the singular for one."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _size(count: int) -> str:
    """A number of bytes, for people."""
    if count < 1024:  # noqa: PLR2004 - a kilobyte
        return f"{count} B"
    return f"{count / 1024:,.0f} kB" if count < 1024**2 else f"{count / 1024**2:,.1f} MB"


def _milliseconds(seconds: float) -> str:
    """A short time."""
    return f"{seconds * 1000:,.0f} ms"


def _query(address: str, **values: object) -> str:
    """An address with a query, each value quoted."""
    return f"{address}?{urlencode(values)}"


_environment.filters.update(
    number=_number,
    counted=_counted,
    size=_size,
    milliseconds=_milliseconds,
    moment=moment,
    summary=summary,
)
_environment.globals.update(query=_query)
