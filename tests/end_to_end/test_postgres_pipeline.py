"""`tap-postgres | target-clevertap`: what stands in the database is what CleverTap holds.

What should arrive is computed by the database itself, in SQL that shares nothing with the target.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from examples.shop.sandbox import ACCOUNT_ID, PASSCODE, Sandbox, start_sandbox
from tests.support.meltano import Piped, discovered, loader_config, pipe, tap_config
from tests.support.pipeline import rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.shop.postgres import Database
    from examples.shop.rows import Shop

HERE = Path(__file__).parent
TABLES = ("orders", "page_views", "users", "vip")


@dataclass(frozen=True, repr=False)
class Loaded:
    """A shop that has been through the pipe, and both of its ends."""

    shop: Shop
    database: Database
    sandbox: Sandbox
    piped: Piped
    work_dir: Path

    def sql(self, file: str, **parameters: list[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query in a file beside this one."""
        query = (HERE / file).read_bytes()
        with self.database.connect() as connection:
            return connection.execute(query, parameters).fetchall()

    def rejected_keys(self, table: str) -> list[str]:
        """The primary keys of the rows that should have been rejected."""
        return [odd.key for odd in self.shop.rejected(table)]


@pytest.fixture(scope="module", params=["RECORD", "BATCH"])
def loaded(
    request: pytest.FixtureRequest,
    shop: Shop,
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Loaded]:
    """The same shop twice: its rows as messages, and in files that BATCH messages name."""
    folder = tmp_path_factory.mktemp("pipe")
    files = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": (folder / "files").as_uri()},
        "batch_size": 50,
    }
    as_wanted = {"batch_config": files} if request.param == "BATCH" else {}
    with start_sandbox(folder / "sandbox.log") as sandbox:
        tap = _file(folder / "tap.json", tap_config(database) | as_wanted)
        catalog = _file(folder / "catalog.json", discovered(tap))
        settings = {
            "account_id": ACCOUNT_ID,
            "passcode": PASSCODE,
            "api_url": sandbox.url,
            "work_dir": str(folder / "work"),
            "max_rejected_percent": 100,  # many rows of the small shop are wrong on purpose
        }
        target = _file(folder / "target.json", loader_config() | settings)
        piped = pipe(folder, ["--config", tap, "--catalog", catalog], target)
        assert (piped.tap_code, piped.target_code) == (0, 0), piped.log
        assert (folder / "files").exists() == bool(as_wanted)
        yield Loaded(shop, database, sandbox, piped, folder / "work")


def _file(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_every_sound_user_is_a_profile_property_by_property(loaded: Loaded) -> None:
    ids = [int(key) for key in loaded.rejected_keys("users")]
    expected = {
        customer: _exact(properties)
        for customer, properties in loaded.sql("expected_users.sql", rejected=ids)
    }

    held = _held(loaded)

    assert len(expected) == len(loaded.shop.of("users")) - len(ids)
    for customer, properties in expected.items():
        assert held[customer] == properties


def test_a_profile_without_a_sound_user_is_one_that_an_event_made(loaded: Loaded) -> None:
    ids = [int(key) for key in loaded.rejected_keys("users")]
    users = {row[0] for row in loaded.sql("expected_users.sql", rejected=ids)}
    actors = {row[0] for row in _expected_events(loaded)}

    held = _held(loaded)

    assert held.keys() == users | actors
    assert all(held[customer] == {} for customer in actors - users)


def test_every_sound_order_and_page_view_is_an_event_once(loaded: Loaded) -> None:
    expected = Counter(
        _event(customer, name, ts, _exact(properties))
        for customer, name, ts, properties in _expected_events(loaded)
    )

    arrived = Counter(
        _event(event["identity"], event["evtName"], event["ts"], event["evtData"])
        for event in loaded.sandbox.events()
    )

    assert arrived == expected


def test_numbers_keep_every_digit(loaded: Loaded) -> None:
    number = next(odd.key for odd in loaded.shop.odd if odd.oddity == "no tags")
    query = "SELECT customer_id, lifetime_spend, loyalty_number FROM users WHERE id = %s"
    with loaded.database.connect() as connection:
        customer, spend, loyalty = connection.execute(query, [number]).fetchall()[0]

    profile = loaded.sandbox.profile(customer)

    assert profile["Lifetime spend"] == spend
    assert float(spend) != spend
    assert profile["Loyalty number"] == loyalty > 2**53


def test_the_segment_is_the_vip_table_without_its_odd_rows(loaded: Loaded) -> None:
    gone = loaded.rejected_keys("vip")
    query = "SELECT DISTINCT customer_id FROM vip WHERE id::text <> ALL (%s)"
    with loaded.database.connect() as connection:
        expected = {row[0] for row in connection.execute(query, [gone])}

    (segment,) = loaded.sandbox.segments()
    members = {row["value"] for row in loaded.sandbox.members(segment["id"])}

    assert members == expected
    assert segment["name"] == "VIP customers"
    assert [mail["outcome"] for mail in loaded.sandbox.mails()] == ["success"]


@pytest.mark.parametrize("table", TABLES)
def test_every_odd_row_is_rejected_for_its_own_reason_and_no_other_row(
    loaded: Loaded, table: str
) -> None:
    expected = {odd.key: odd.code for odd in loaded.shop.rejected(table)}

    found = {
        str(row["record"]["id"]): row["rejected"]["code"]
        for row in rejected(loaded.work_dir)
        if row["stream"] == f"public-{table}"
    }

    assert found == expected


def test_clevertap_had_nothing_to_refuse(loaded: Loaded) -> None:
    assert loaded.sandbox.rejections() == []


def test_the_last_state_is_where_the_tables_end(loaded: Loaded) -> None:
    query = "SELECT max(updated_at), (SELECT max(ordered_at) FROM orders) FROM users"
    with loaded.database.connect() as connection:
        users, orders = connection.execute(query).fetchall()[0]

    bookmarks = loaded.piped.states[-1]["bookmarks"]

    assert bookmarks["public-users"]["replication_key_value"] == users.isoformat(
        "T", "microseconds"
    )
    assert bookmarks["public-orders"]["replication_key_value"] == orders.isoformat(
        "T", "microseconds"
    )


def test_nothing_that_stands_in_a_row_is_said_in_the_log(loaded: Loaded) -> None:
    query = "SELECT full_name, email, mobile, bio, loyalty_number::text FROM users"
    with loaded.database.connect() as connection:
        rows = connection.execute(query).fetchall()

    telling = {value for row in rows for value in row if value and len(value) > 12}

    assert len(telling) > len(rows)
    assert [value for value in telling if value in loaded.piped.log] == []


def _expected_events(loaded: Loaded) -> list[tuple[Any, ...]]:
    return loaded.sql(
        "expected_events.sql",
        rejected_orders=loaded.rejected_keys("orders"),
        rejected_page_views=loaded.rejected_keys("page_views"),
    )


def _held(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """The properties of every profile, by identity."""
    return {
        identity: profile["properties"]
        for profile in loaded.sandbox.profiles()
        for identity in profile["identifiers"]["identity"]
    }


def _exact(properties: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(properties, parse_float=Decimal)
    return found


def _event(customer: str, name: str, ts: int, properties: dict[str, Any]) -> str:
    """An event as text that is the same for equal events."""
    return json.dumps([customer, name, ts, properties], sort_keys=True, default=_normal)


def _normal(number: Decimal) -> int | str:
    return int(number) if number == int(number) else str(number.normalize())
