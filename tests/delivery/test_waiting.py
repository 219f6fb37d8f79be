"""Rejected rows wait for another try: the newest version of each, for its own stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pipeline import Message, config, load, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

USERS = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"Name": "name", "Phone": "phone"},
}
CITIES = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"City": "city"},
}
USERS_SCHEMA = schema("users", "id", id="integer", user="string", name="string", phone="string")
CITIES_SCHEMA = schema("cities", "id", id="integer", user="string", city="string")
DROP = {"invalid_properties": "drop"}
"""With it, a phone number that is none no longer rejects its row."""


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams={"users": USERS, "cities": CITIES})
    del settings["ledger_url"]
    return settings


def user(name: str, phone: str = "") -> Message:
    return record("users", id=1, user="u1", name=name, phone=phone)


def name_of(sandbox: Sandbox, identity: str = "u1") -> str | None:
    profile = sandbox.profile(identity)
    return None if profile is None else str(profile["properties"].get("Name"))


# Rows of several streams in one record


def test_a_newer_version_ends_the_waiting_also_when_another_streams_row_is_merged_into_it(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    city = record("cities", id=7, user="u1", city="Bonn")
    rows = [user("Old", phone="12"), user("New"), city]
    load(settings, [USERS_SCHEMA, CITIES_SCHEMA, *rows], capsys)
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "New"


def test_a_row_of_another_stream_with_the_same_key_ends_no_waiting(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    city = record("cities", id=1, user="u1", city="Bonn")
    other = record("users", id=2, user="u1", name="Ada", phone="")
    load(settings, [USERS_SCHEMA, CITIES_SCHEMA, user("Grace", phone="12"), city, other], capsys)
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "Grace", "of its stream it is the only one with this key"
