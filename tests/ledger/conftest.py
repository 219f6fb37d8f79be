"""Every kind of place that a ledger can be in, each empty for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from examples.shop.postgres import Database, start_postgres
from tests.ledger.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """A PostgreSQL server."""
    with start_postgres() as server:
        yield server


@pytest.fixture
def database(server: Database) -> Database:
    """An empty database on it, to which nobody is connected."""
    with server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    return server


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    """A file in a folder that is not there yet."""
    return Place(None, tmp_path / "account")


@pytest.fixture
def postgres(database: Database, tmp_path: Path) -> Place:
    """A database on a server."""
    return Place(url_of(database), tmp_path / "account")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Either of them."""
    found: Place = request.getfixturevalue(request.param)
    return found


def url_of(database: Database) -> str:
    """The URL of a database, as people write it."""
    password = quote(database.password, safe="")
    where = f"{database.host}:{database.port}/{database.name}"
    return f"postgresql://{database.user}:{password}@{where}"
