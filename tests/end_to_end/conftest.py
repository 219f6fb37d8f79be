"""What the tests over real parts stand on: one PostgreSQL for all, a shop for each module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.shop.postgres import Database, start_postgres
from tests.support.postgres import shop_database, small_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.shop.rows import Shop


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL server."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The rows of a small shop, every oddity among them."""
    return small_shop()


@pytest.fixture(scope="module")
def database(postgres: Database, shop: Shop) -> Iterator[Database]:
    """A database with the shop in it, for one module."""
    with shop_database(postgres, shop) as database:
        yield database
