"""Rejected rows wait for another try: the newest version of each, for its own stream."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import count
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from target_clevertap.delivery.batch import Entry
from target_clevertap.delivery.checkpoints import Span
from target_clevertap.delivery.outcomes import Ticket
from target_clevertap.delivery.waiting import MOST_TRIES, Waiting
from target_clevertap.mapping import Item
from target_clevertap.rejects import Refused, Stream
from tests.ledger.places import Place
from tests.support.pipeline import Message, config, load, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_clevertap.ledger import Ledger
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


# What a row says


def rejected_lines(folder: Path) -> list[bytes]:
    lines = [
        line for file in folder.rglob("rejected.jsonl") for line in file.read_bytes().splitlines()
    ]
    return [line for line in lines if b'"RECORD"' in line]


def test_a_row_is_kept_byte_for_byte_however_often_it_is_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    line = (
        b'{"type": "RECORD", "stream": "users", "record": {"id": 1, "user": "u1", '
        b'"name": "rejected", "phone": "12", "a": 1.10, "b": NaN, "c": 12345678901234567890123, '
        b'"d": "\\ud800", "rejected": 1e5}'
    )
    load(settings, [USERS_SCHEMA, line + b"}"], capsys)
    kept = rejected_lines(tmp_path)
    load(settings, [state(1)], capsys)
    load(settings, [USERS_SCHEMA, *kept], capsys)
    load(settings, [state(1)], capsys)
    reason = b',"rejected":{"code":"phone_country_missing"'
    assert [each.startswith(line + reason) for each in rejected_lines(tmp_path)] == [True] * 4
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "rejected"


def test_a_row_waits_with_the_decimals_of_its_schema(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    announced = json.dumps(USERS_SCHEMA | {"schema": {"properties": {
        **USERS_SCHEMA["schema"]["properties"], "price": {"type": "number", "multipleOf": 0.01},
    }}})  # fmt: skip
    load(settings, [announced.encode(), user("Ada", phone="12")], capsys)
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "Ada"


def test_a_row_whose_schema_is_none_waits_on_and_stops_no_run(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    properties = USERS_SCHEMA["schema"]["properties"] | {"price": {"minimum": "much"}}
    announced = USERS_SCHEMA | {"schema": {"properties": properties}}
    unchecked = {"validate_records": False}
    load(settings | unchecked, [announced, user("Ada", phone="12")], capsys)
    assert load(settings | DROP, [state(1)], capsys) == [1]
    assert "users: rejected rows wait on: The SCHEMA of stream users is not a valid" in caplog.text
    load(settings | unchecked | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "Ada"


# Rows whose key is another one by now


def test_a_row_whose_key_a_stream_map_has_changed_ends_waiting_when_it_arrives(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(settings, [USERS_SCHEMA, user("Old", phone="12"), state(1)], capsys)
    changed = settings | DROP | {"stream_maps": {"users": {"id": "id + 100"}}}
    load(changed, [USERS_SCHEMA, user("New"), state(2)], capsys)
    load(changed, [USERS_SCHEMA, state(3)], capsys)
    assert name_of(sandbox) == "New", "the old version is not tried any more"


def test_an_event_with_another_event_key_ends_waiting_when_it_arrives(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    orders = {"type": "event", "identifier": {"identity": "user"}, "event_name": "Ordered"}
    announced = schema("orders", "id", id="integer", user="string", day="string")
    bad = record("orders", id=1, user="", day="Monday")
    load(settings | {"streams": {"orders": orders}}, [announced, bad, state(1)], capsys)
    by_number = orders | {"identifier": {"identity": "id"}, "event_key": ["id", "day"]}
    changed = settings | {"streams": {"orders": by_number}}
    load(changed, [announced, state(2)], capsys)
    assert len(sandbox.events()) == 1
    caplog.clear()
    caplog.set_level("INFO")
    load(changed, [announced, state(3)], capsys)
    assert "tried again" not in caplog.text


# Rows that their tap repeats


def test_a_row_that_every_run_repeats_is_given_up_like_any_other(
    settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [USERS_SCHEMA, user("Ada", phone="12"), state(1)]
    for _ in range(1 + MOST_TRIES):
        assert " given up after " not in caplog.text
        load(settings, bad, capsys)
    assert "users: 1 given up after 10 tries" in caplog.text


# Versions of a row whose answers come in another order

KEYS = pytest.mark.parametrize("key", ["id", "user"])
"""By the second a row is always about one profile."""


@KEYS
def test_a_version_that_was_accepted_late_ends_no_waiting_of_a_later_one(
    key: str, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    load(
        settings,
        [USERS_SCHEMA | {"key_properties": [key]}, user("Old"), user("New", phone="12")],
        capsys,
    )
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "New"


@KEYS
def test_a_version_that_was_rejected_late_does_not_wait_in_place_of_a_later_one(
    key: str, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1])
    load(
        settings,
        [USERS_SCHEMA | {"key_properties": [key]}, user("Old"), user("New", phone="12")],
        capsys,
    )
    load(settings | DROP, [state(1)], capsys)
    assert name_of(sandbox) == "New"


def test_a_version_that_was_rejected_late_does_not_wait_when_a_later_one_has_arrived(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=555, positions=[1], calls=[1, 2, 3, 4, 5])
    moved = record("users", id=1, user="u2", name="New", phone="")
    load(settings, [USERS_SCHEMA, user("Old"), moved], capsys)
    load(settings, [state(1)], capsys)
    assert [name_of(sandbox, identity) for identity in ("u1", "u2")] == [None, "New"]


@KEYS
def test_a_row_that_is_gone_at_its_source_is_not_tried_as_it_was_on_its_way(
    key: str, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    sandbox.fault(kind="record_error", code=513, positions=[1], calls=[1])
    gone = record("users", id=1, user="u1", _sdc_deleted_at="2026-01-01T00:00:00Z")
    other = record("users", id=2, user="u2", name="Grace", phone="12")
    load(settings, [USERS_SCHEMA | {"key_properties": [key]}, other, user("Old"), gone], capsys)
    load(settings, [state(1)], capsys)
    assert name_of(sandbox) is None


OUTCOMES = "accepted", "rejected", "refused when read", "ignored when read"
REFUSED = Refused("clevertap_513", "CleverTap does not take it")
NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a row, its outcome, and how many rows are read before that is known."""

    key: int
    outcome: str
    delay: int


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Place(None, tmp_path_factory.mktemp("ledger")).open() as ledger:
        yield ledger


@hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    versions=st.lists(
        st.builds(
            Version,
            st.integers(0, 2),
            st.sampled_from(OUTCOMES),
            st.integers(0, 8),
        ),
        max_size=10,
    ),
    flush_every=st.sampled_from([1, 2, 100]),
    moving=st.booleans(),
)
def test_the_version_that_was_read_last_decides_what_waits(
    versions: list[Version], flush_every: int, ledger: Ledger, *, moving: bool
) -> None:
    if not moving:
        versions = [version for version in versions if version.outcome != "ignored when read"]
    name = f"rows-{next(NUMBERS)}"
    ledger.claim(name)
    waiting = Waiting(ledger)
    stream = Stream(name, {}, ("id",), lambda record: [record["id"]], retried=True, moving=moving)
    rows = []
    answered: Counter[int] = Counter()
    steps: list[tuple[int, int, Callable[[], None]]] = []
    for number, version in enumerate(versions, start=1):
        line = b'{"record": {"id": %d}, "number": %d}' % (version.key, number)
        ticket = Ticket(stream, line, number, Span(None))
        item = Item("profile", f"identity:{number}", b"", key=b"[%d]" % version.key)
        entry = Entry.of(item, ticket)
        rows.append(entry)
        outdate = partial(waiting.outdated, name, item.key, number)
        known_at = number + version.delay
        if not moving:  # all versions are about one profile: they are answered in their order
            known_at = answered[version.key] = max(known_at, answered[version.key])
        match version.outcome:
            case "refused when read":
                steps.append((number, 0, partial(waiting.keep, ticket, REFUSED)))
            case "ignored when read":
                steps.append((number, 0, outdate))
            case "accepted":
                steps.append((number, 0, partial(waiting.under_way, [entry])))
                steps.append((known_at, number, partial(waiting.superseded, [entry])))
            case "rejected":
                steps.append((number, 0, partial(waiting.under_way, [entry])))
                steps.append((known_at, number, partial(waiting.keep, entry, REFUSED)))
    for at, (_, _, step) in enumerate(sorted(steps, key=itemgetter(0, 1)), start=1):
        step()
        if at % flush_every == 0:
            waiting.flush()
    waiting.flush()
    last = {version.key: number for number, version in enumerate(versions)}
    expected = {
        rows[number].line
        for number in last.values()
        if versions[number].outcome in {"rejected", "refused when read"}
    }
    assert {row.line for row in ledger.waiting(name)} == expected
