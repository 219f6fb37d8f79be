"""Catalogs of real taps (`catalogs/README.md`), one of them asked live."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from examples.shop.postgres import start_postgres
from target_clevertap.suggest import read_catalog, suggest
from tests.suggest.block import CATALOGS, block, compiled, real
from tests.support.meltano import TAP, loader_config, tap_config
from tests.support.pipeline import config, load, record
from tests.support.postgres import shop_database, small_shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

TAPS = sorted(path.stem for path in CATALOGS.glob("*.json"))


@pytest.mark.parametrize("tap", TAPS)
def test_every_stream_of_a_real_tap_is_mapped_or_explained(tap: str) -> None:
    raw = real(tap)
    found = block(raw)
    assert compiled(raw, found).keys() == found.streams.keys()
    for entry in raw["streams"]:
        name = entry["stream"]
        assert name in found.streams or f"# {name} is left out: " in found.text


def test_the_shop_is_mapped_as_its_project_maps_it_by_hand() -> None:
    found, by_hand = block(real("tap_postgres")).streams, loader_config()["streams"]
    assert "public-vip" not in found  # a list, which is left to uncomment
    for name in ("public-users", "public-orders", "public-page_views"):
        for part in ("type", "identifier", "timestamp", "event_name", "event_name_column"):
            assert found[name].get(part) == by_hand[name].get(part), (name, part)
    own = ("Name", "Email", "Phone", "DOB", "Gender", "Education", "Employed", "MSG-email")
    for name in own:
        assert (
            found["public-users"]["properties"][name] == by_hand["public-users"]["properties"][name]
        )
    assert by_hand["public-orders"]["properties"].items() - {("Gift", "is_gift")} <= (
        found["public-orders"]["properties"].items()
    )


def test_stripe_has_customers_and_what_names_them() -> None:
    found = block(real("tap_stripe")).streams
    assert found["stripe_customers"]["type"] == "profile"
    assert found["stripe_customers"]["identifier"] == {"identity": "id"}
    assert found["stripe_subscriptions"]["identifier"] == {"identity": "customer"}
    assert found["stripe_subscriptions"]["timestamp"] == "created"
    assert "stripe_balance_transactions" not in found


def test_shopify_names_the_customer_by_the_address_in_an_object() -> None:
    found = block(real("tap_shopify")).streams["shopify_orders"]
    assert found["identifier"] == {"identity": "customer.email"}
    assert (found["event_name"], found["timestamp"]) == ("Shopify order", "createdAt")


def test_a_file_with_names_for_people_is_read_as_people_would() -> None:
    found = block(real("tap_jsonl")).streams["customers"]
    assert found["identifier"] == {"identity": "Customer ID"}
    assert found["properties"] == {
        "Name": {"template": "{First Name} {Last Name}"},
        "Email": "E-Mail",
        "Phone": "Mobile Number",
        "DOB": "Date of Birth",
        "Address": "Address",
        "yes": "yes",
        "1e3": "1e3",
        "Plan Name": "Plan.Name",
    }


def test_the_block_loads_the_rows_of_its_tap(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = real("tap_jsonl")
    (entry,) = raw["streams"]
    customer = {
        "Customer ID": "c1",
        "E-Mail": "ada@shop.de",
        "Mobile Number": "+49 30 901820",
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Date of Birth": "1990-01-01",
        "Password Hash": "marker",
        "Plan.Name": "gold",
        "yes": True,
    }
    messages = [
        {
            "type": "SCHEMA",
            **{part: entry[part] for part in ("stream", "schema", "key_properties")},
        },
        record(entry["stream"], **customer),
    ]

    load(config(sandbox, tmp_path, streams=block(raw).streams), messages, capsys)

    profile = sandbox.profile("c1")
    assert profile is not None
    assert profile["properties"] == {
        "Name": "Ada Lovelace",
        "Email": "ada@shop.de",
        "Phone": 4930901820,
        "DOB": "$D_631152000",
        "Plan Name": "gold",
        "yes": True,
    }


def test_a_live_database_gives_the_block_that_is_kept_here(tmp_path: Path) -> None:
    with start_postgres() as server, shop_database(server, small_shop()) as database:
        settings = tmp_path / "tap.json"
        settings.write_text(json.dumps(tap_config(database)), encoding="utf-8")
        catalog = tmp_path / "catalog.json"
        with catalog.open("wb") as file:
            subprocess.run([TAP, "--config", settings, "--discover"], stdout=file, check=True)  # noqa: S603 - the tap that make setup installed
    live = yaml.safe_load(suggest(read_catalog(catalog)).text)
    assert live["streams"] == block(real("tap_postgres")).streams
