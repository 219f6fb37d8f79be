"""A rejected row, mended in its file and piped back, arrives: for every reason there is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.delivery.waiting import MOST_TRIES
from target_clevertap.errors import CredentialsRefused, InputError
from target_clevertap.mapping import REASONS
from tests.support.pipeline import command, config, load, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Record = dict[str, Any]
PHONE = "+4915123456789"
COLUMNS: Record = {key: {} for key in ("id", "value", "at", "kind", "no")}


@dataclass(frozen=True)
class Case:
    """A mapping, what a row lacks or has wrong, and what mends it."""

    bad: Record
    good: Record
    mapping: Record = field(default_factory=dict)
    columns: Record = field(default_factory=dict)
    settings: Record = field(default_factory=dict)
    fault: Record = field(default_factory=dict)


def identity(bad: object, kind: str = "identity") -> Case:
    return Case({"id": bad}, {"id": "u1"}, {"identifier": {kind: "id"}})


def event(bad: Record, good: Record, **mapping: object) -> Case:
    return Case(bad, good, {"type": "event", "event_name": "Bought", **mapping})


def named(bad: object) -> Case:
    return event({"kind": bad}, {"kind": "Bought"}, event_name=None, event_name_column="kind")


def timed(bad: object) -> Case:
    return event({"at": bad}, {"at": 1_700_000_000}, timestamp="at")


def own(name: str, bad: object, good: object, **source: object) -> Case:
    properties = {name: {"column": "value", **source}}
    return Case({"value": bad}, {"value": good}, {"properties": properties})


def items(bad: object) -> Case:
    properties = {"Items": "value"}
    good = [{"name": "tea"}]
    return event({"value": bad}, {"value": good}, event_name="Charged", properties=properties)


def called(**fault: object) -> Case:
    return Case({}, {"value": "mended"}, fault={"calls": [1], **fault})


CASES = {
    "schema_violation": Case({"value": 5}, {"value": "x"}, columns={"value": {"type": "string"}}),
    "identity_missing": identity(None),
    "identity_invalid": identity([1]),
    "identity_too_long": identity("x" * 1025),
    "identity_forbidden": identity("null"),
    "object_id_invalid": identity("a b", "objectId"),
    "timestamp_missing": timed(None),
    "timestamp_invalid": timed("yesterday"),
    "timestamp_milliseconds": timed(1_700_000_000_000),
    "event_name_missing": named(None),
    "event_name_invalid": named(5),
    "event_name_reserved": named("App Launched"),
    "event_name_too_long": named("x" * 121),
    "event_key_missing": event({"no": None}, {"no": 7}, event_key=["no"]),
    "text_invalid": own("Note", "\ud800", "fine"),
    "number_invalid": own("Sum", "many", 5, type="number"),
    "integer_invalid": own("Count", 1.5, 2, type="integer"),
    "boolean_invalid": own("Flag", "perhaps", True, type="boolean"),  # noqa: FBT003 - a value
    "date_invalid": own("Day", "never", "2026-01-02", type="date"),
    "phone_invalid": own("Phone", "+12", PHONE),
    "phone_country_missing": own("Phone", "0151 23456789", PHONE),
    "email_invalid": own("Email", "nobody", "a@example.com"),
    "list_invalid": own("Tags", {"a": 1}, ["a"], type="list"),
    "counter_invalid": own("Visits", "x", 2, operator="increment"),
    "value_too_long": own("Note", "x" * 600, "x", on_long="reject"),
    "list_too_long": own("Tags", [f"x{n}" for n in range(101)], ["x"], on_long="reject"),
    "gender_invalid": own("Gender", "x", "M"),
    "employed_invalid": own("Employed", "x", "Y"),
    "married_invalid": own("Married", "x", "N"),
    "education_invalid": own("Education", "x", "School"),
    "age_invalid": own("Age", -1, 41),
    "tz_invalid": own("Tz", "?", "Asia/Kolkata"),
    "category_invalid": own("category-unsubscribe", [1], {"email": ["News"]}),
    "items_invalid": items("Tea"),
    "items_too_many": items([{"name": "tea"}] * 257),
    "clevertap_512": called(kind="record_error", code=512, positions=[1]),
    "call_refused": called(kind="malformed"),
    "answer_unclear": called(kind="nothing_processed", calls=[1, 2, 3, 4, 5]),
    "too_large": Case(
        {"value": "x" * 500}, {"value": "x"},
        {"properties": {"A": "value", "B": "value", "C": "value"}},
        settings={"batch_max_bytes": 1000},
    ),
    "uncertain": Case(
        {}, {}, {"type": "event", "event_name": "Bought"},
        settings={"uncertain_events": "hold"}, fault={"kind": "reset_before", "calls": [1]},
    ),
}  # fmt: skip

NO_LINE_HAS = {"value_truncated", "list_truncated", "json_invalid"}
"""The first two are told of properties that were cut, and only a stream map can make the last."""


def test_every_reason_has_its_case() -> None:
    assert REASONS.keys() - NO_LINE_HAS <= CASES.keys()


@pytest.mark.parametrize("code", sorted(CASES))
def test_a_mended_row_arrives_when_its_file_is_piped_back(
    code: str, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[code]
    base = {"type": "profile", "identifier": {"identity": "id"}}
    mapping = {name: part for name, part in (base | case.mapping).items() if part is not None}
    settings = config(sandbox, tmp_path / "work", streams={"rows": mapping}) | case.settings
    del settings["ledger_url"]
    announced = schema("rows", "no", **COLUMNS | case.columns)
    row = {"id": "u1", "value": "x", "at": 1, "kind": "Bought", "no": 1}
    message = {"type": "RECORD", "stream": "rows", "record": row | case.bad}
    if case.fault:
        sandbox.fault(**case.fault)
    load(settings, [announced, message], capsys)

    (file,) = (tmp_path / "work").rglob("rejected.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["SCHEMA", "RECORD"]
    assert lines[1]["rejected"]["code"] == code
    assert sandbox.events() == []
    file.unlink()

    lines[1]["record"] |= case.good
    load(settings | {"retry_rejected": False}, lines, capsys)

    assert not list((tmp_path / "work").rglob("rejected.jsonl"))
    arrived = sandbox.events() if mapping["type"] == "event" else sandbox.profiles()
    assert len(arrived) == 1


def test_a_rejected_row_without_its_schema_is_told_to_bring_it(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config(sandbox, tmp_path / "work", streams={"users": USERS})
    load(settings, [ANNOUNCED, user(1, "Ada")], capsys)
    (file,) = (tmp_path / "work").rglob("rejected.jsonl")
    (row,) = [line for line in file.read_bytes().splitlines() if b'"RECORD"' in line]
    with pytest.raises(InputError, match="Put back the SCHEMA line that stands before it"):
        load(settings, [row], capsys)


# Rows that wait in the ledger, while their mended versions are piped in

USERS = {
    "type": "profile",
    "identifier": {"identity": "id"},
    "properties": {"Name": "name", "Phone": "phone"},
}
ANNOUNCED = schema("users", id="integer", name="string", phone="string")
FORGIVING = {"invalid_properties": "drop"}


def user(number: int, name: str, phone: str = "+12") -> Record:
    return record("users", id=number, name=name, phone=phone)


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Record:
    """Of runs with a ledger, in which rejected rows wait."""
    settings = config(sandbox, tmp_path / "work", streams={"users": USERS})
    del settings["ledger_url"]
    return settings


def taken(folder: Path) -> list[Record]:
    """What is in the one file of rejected rows, which is taken away."""
    (file,) = folder.rglob("rejected.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.unlink()
    return lines


def name_of(sandbox: Sandbox, identity: str) -> object:
    profile = sandbox.profile(identity)
    return profile and profile["properties"]["Name"]


def test_while_mended_rows_are_replayed_their_former_versions_are_not_tried_again(
    settings: Record, sandbox: Sandbox, tmp_path: Path
) -> None:
    command(settings, [ANNOUNCED, user(1, "Ada"), user(2, "Bob")], tmp_path)
    lines = taken(tmp_path)
    for line in lines[1:]:
        line["record"]["phone"] = PHONE
    ended = command(settings | {"max_rejected_percent": 0}, lines, tmp_path)

    assert (ended.code, len(sandbox.profiles())) == (0, 2)
    assert "users: 2 read: 2 accepted, 0 rejected" in ended.log
    assert "tried again" not in ended.log
    assert not list(tmp_path.rglob("rejected.jsonl"))


def test_a_row_that_is_not_in_the_mended_file_waits_for_the_next_run_of_the_tap(
    settings: Record, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings, [ANNOUNCED, user(1, "Ada"), user(2, "Bob")], capsys)
    announced, ada, _ = taken(tmp_path)
    ada["record"]["phone"] = PHONE
    load(settings, [announced, ada], capsys)
    assert sandbox.profile("2") is None

    load(settings | FORGIVING, [state(1)], capsys)
    assert name_of(sandbox, "2") == "Bob"


def test_a_row_that_was_mended_is_never_sent_as_it_was(
    settings: Record, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings, [ANNOUNCED, user(1, "Old")], capsys)
    announced, row = taken(tmp_path)
    row["record"] |= {"name": "New", "phone": PHONE}
    load(settings, [announced, row], capsys)

    load(settings | FORGIVING, [state(1)], capsys)
    assert name_of(sandbox, "1") == "New"
    assert len(sandbox.calls("/1/upload")) == 1


def test_a_row_that_was_not_mended_enough_waits_as_it_is_in_the_file(
    settings: Record, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings, [ANNOUNCED, user(1, "Old")], capsys)
    announced, row = taken(tmp_path)
    row["record"] |= {"name": "New"}
    load(settings, [announced, row], capsys)
    assert taken(tmp_path)[1]["record"]["name"] == "New"

    load(settings | FORGIVING, [state(1)], capsys)
    assert name_of(sandbox, "1") == "New"


def test_a_replay_is_not_one_of_the_tries_after_which_a_row_is_given_up(
    settings: Record, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings, [ANNOUNCED, user(1, "Ada"), user(2, "Bob")], capsys)
    announced, ada, _ = taken(tmp_path)
    for _ in range(MOST_TRIES):
        load(settings, [announced, ada], capsys)

    load(settings | FORGIVING, [state(1)], capsys)
    assert (name_of(sandbox, "1"), name_of(sandbox, "2")) == ("Ada", "Bob")


def test_a_replay_that_dies_leaves_what_waited_as_it_was(
    settings: Record, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings, [ANNOUNCED, user(1, "Ada")], capsys)
    announced, ada = taken(tmp_path)
    ada["record"]["phone"] = PHONE
    sandbox.fault(kind="status", status=401, calls=[1])
    with pytest.raises(CredentialsRefused):
        load(settings, [announced, ada], capsys)

    load(settings | FORGIVING, [state(1)], capsys)
    assert name_of(sandbox, "1") == "Ada"
