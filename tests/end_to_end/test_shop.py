"""The shop that the demo and the tests over real parts load from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import phonenumbers
import psycopg
import pytest

from examples.shop.oddities import ODDITIES
from examples.shop.postgres import Database, start_postgres
from examples.shop.rows import User
from examples.shop.shop import make_shop, next_day
from tests.support.postgres import SMALL, small_shop

if TYPE_CHECKING:
    from examples.shop.rows import Shop


def test_the_same_seed_makes_the_same_shop_and_another_seed_another() -> None:
    # NaN is not equal to itself, so the rows are compared as they are written.
    assert repr(make_shop(SMALL, seed=7)) == repr(make_shop(SMALL, seed=7))
    assert repr(make_shop(SMALL, seed=7)) != repr(make_shop(SMALL, seed=8))


def test_every_oddity_is_in_the_shop_with_each_of_its_changes(shop: Shop) -> None:
    for table, oddities in ODDITIES.items():
        for oddity in oddities:
            found = [odd for odd in shop.odd if odd.table == table and odd.oddity == oddity.name]
            assert len(found) == len(oddity.changes)


def test_the_last_row_of_every_table_is_sound(shop: Shop) -> None:
    odd = {(row.table, row.key) for row in shop.odd}

    assert all((table, str(shop.of(table)[-1].id)) not in odd for table in ODDITIES)


def test_a_sound_user_has_a_phone_number_that_exists(shop: Shop) -> None:
    odd = {row.key for row in shop.odd}
    numbers = [
        phonenumbers.parse(row.mobile, row.country_code)
        for row in shop.of("users")
        if isinstance(row, User) and row.mobile and str(row.id) not in odd
    ]

    assert len(numbers) > 50
    assert all(map(phonenumbers.is_valid_number, numbers))


def test_what_happens_on_the_next_day_comes_after_everything_before(shop: Shop) -> None:
    changes = next_day(shop)
    latest = max(row.updated_at for row in shop.of("users") if isinstance(row, User))

    assert all(user.updated_at > latest for user in (*changes.users, *changes.changed_users))


def test_a_database_has_as_many_rows_as_the_shop(database: Database) -> None:
    expected = small_shop()
    with database.connect() as connection:
        for table in ODDITIES:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our tables
            assert row == (len(expected.of(table)),)


def test_a_server_lets_nobody_in_without_its_password(postgres: Database) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        Database(postgres.host, postgres.port, postgres.user, "guess", "postgres").connect()


def test_a_server_runs_beside_another_and_is_gone_afterwards(postgres: Database) -> None:
    with start_postgres() as second:
        assert second.port != postgres.port
        with second.connect() as connection:
            (folder,) = connection.execute("SHOW data_directory").fetchall()[0]
        assert Path(folder).is_dir()

    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError):
        second.connect()
