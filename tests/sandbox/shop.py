"""The shop of the examples, brought into a sandbox by the real target."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from examples.shop.rows import Member, Order, PageView, User
from tests.support.pipeline import Message, command, config, state
from tests.support.postgres import small_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.shop.rows import Row, Shop
    from tests.support.sandbox import Sandbox

TOO_MANY_REJECTED: Final = 3
"""Rows of the shop are wrong on purpose, in a small one a large share of them."""
PROJECT: Final = Path(__file__).parents[2] / "meltano.yml"
TABLES: Final[tuple[type[Row], ...]] = (User, Order, PageView, Member)
TYPES: Final[dict[str, dict[str, Any]]] = {
    "int": {"type": ["integer", "null"]},
    "float": {"type": ["number", "null"]},
    "Decimal": {"type": ["number", "null"]},
    "bool": {"type": ["boolean", "null"]},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "date": {"type": ["string", "null"], "format": "date"},
    "list": {"type": ["array", "null"]},
    "Mapping": {"type": ["object", "null"]},
}
"""By the Python type of a column; all others are strings."""

_encoder = msgspec.json.Encoder(decimal_format="number")


def load_shop(sandbox: Sandbox, folder: Path) -> Shop:
    """The shop that `target-clevertap` has just loaded into a sandbox, as `meltano.yml` maps it."""
    shop = small_shop()
    settings = config(sandbox, folder / "work", **_loader())
    done = command(settings, _messages(shop), folder)
    assert done.code in {0, TOO_MANY_REJECTED}, done.log
    return shop


def _loader() -> dict[str, Any]:
    """What the example's project tells the target."""
    (loader,) = yaml.safe_load(PROJECT.read_text())["plugins"]["loaders"]
    settings: dict[str, Any] = loader["config"]
    return settings


def _messages(shop: Shop) -> Iterator[Message | bytes]:
    for table in TABLES:
        stream = f"public-{table.table}"
        yield {
            "type": "SCHEMA",
            "stream": stream,
            "schema": {"type": "object", "properties": _columns(table)},
            "key_properties": ["id"],
        }
        for row in shop.of(table.table):
            message = {"type": "RECORD", "stream": stream, "record": row}
            yield _encoder.encode(message)
    yield state({"done": True})


def _columns(table: type[Row]) -> dict[str, Any]:
    kinds = {field.name: re.match(r"\w+", str(field.type)) for field in fields(table)}
    return {
        name: TYPES.get(kind[0] if kind else "", {"type": ["string", "null"]})
        for name, kind in kinds.items()
    }
