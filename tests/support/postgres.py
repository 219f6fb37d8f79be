"""Databases with a shop in them, for tests."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

from examples.shop.generator import Size
from examples.shop.shop import create, fill, make_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.shop.postgres import Database
    from examples.shop.rows import Shop

SMALL: Final = Size(users=150, orders=90, page_views=120, members=40)
"""A shop with room for every oddity, and not much more."""

_number = count(1)


def small_shop() -> Shop:
    """The rows of a small shop."""
    return make_shop(SMALL)


@contextmanager
def shop_database(server: Database, shop: Shop) -> Iterator[Database]:
    """A database of its own with a shop in it, dropped afterwards."""
    with server.scratch(f"shop_{next(_number)}") as database:
        with database.connect() as connection:
            create(connection)
            fill(connection, shop.rows)
        yield database
