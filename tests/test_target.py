"""Messages of a tap in, what CleverTap holds afterwards out: the whole way, over HTTP."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import (
    CredentialsRefused,
    InputError,
    ListRefused,
    SegmentIncomplete,
    SegmentRefused,
    ServerFailed,
    SettingsError,
)
from target_clevertap.target import TargetCleverTap
from tests.support.pipeline import config, lines, load, record, rejected, schema, state, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

USERS = {"type": "profile", "identifier": {"identity": "id"}, "properties": {"Name": "name"}}
VISITS = {
    "type": "event",
    "identifier": {"identity": "user_id"},
    "event_name": "Visited",
    "timestamp": "at",
    "properties": {"Page": "page"},
}
VIP = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
USERS_SCHEMA = schema("users", id="integer", name="string")
VISITS_SCHEMA = schema("visits", id="integer", user_id="integer", page="string", at="integer")
VIP_SCHEMA = schema("vip", id="string")


def user(number: int, name: str | None = "Ada") -> dict[str, Any]:
    return record("users", id=number, name=name)


def visit(number: int, user_id: int) -> dict[str, Any]:
    return record("visits", id=number, user_id=user_id, page="/", at=1_700_000_000 + number)


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path, streams={"users": USERS, "visits": VISITS, "vip": VIP})


def names(sandbox: Sandbox) -> dict[str, Any]:
    return {identity(profile): profile["properties"].get("Name") for profile in sandbox.profiles()}


def identity(profile: dict[str, Any]) -> str:
    (value,) = profile["identifiers"]["identity"]
    return str(value)


# What arrives


def test_profiles_events_and_a_segment_arrive(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    states = load(
        settings,
        [
            USERS_SCHEMA, user(1), user(2, "Bob"),
            VISITS_SCHEMA, visit(7, 1),
            VIP_SCHEMA, record("vip", id="1"), record("vip", id="1"), record("vip", id="9"),
            state({"done": True}),
        ],
        capsys,
    )  # fmt: skip
    assert names(sandbox) == {"1": "Ada", "2": "Bob"}
    (event,) = sandbox.events()
    assert (event["identity"], event["evtName"], event["ts"]) == ("1", "Visited", 1_700_000_007)
    assert event["evtData"] == {"Page": "/"}
    (segment,) = sandbox.segments()
    assert (segment["name"], segment["members"], segment["unknown"]) == ("VIP", 1, 1)
    assert states == [{"done": True}]


def test_a_call_holds_at_most_batch_size_rows(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    rows = [user(number) for number in range(1, 26)]
    load(settings | {"batch_size_rows": 10}, [USERS_SCHEMA, *rows], capsys)
    assert sorted(call["records"] for call in sandbox.calls("/1/upload")) == [5, 10, 10]


def test_a_call_holds_at_most_batch_max_bytes(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    rows = [user(number, "x" * 400) for number in range(1, 26)]
    load(settings | {"batch_max_bytes": 2000}, [USERS_SCHEMA, *rows], capsys)
    calls = sandbox.calls("/1/upload")
    assert len(sandbox.profiles()) == 25
    assert max(call["body_bytes"] for call in calls) <= 2000


def test_a_row_larger_than_a_call_is_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    streams = {"users": USERS | {"properties": {f"P{n}": "name" for n in range(9)}}}
    rows = [user(1, "x" * 400), user(2)]
    load(settings | {"batch_max_bytes": 2000, "streams": streams}, [USERS_SCHEMA, *rows], capsys)
    assert list(names(sandbox)) == ["2"]
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["too_large"]


def test_the_later_version_of_a_profile_wins_within_a_call(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"users": USERS | {"properties": {"Name": "name", "City": "city"}}}
    both = schema("users", id="integer", name="string", city="string")
    first = record("users", id=1, name="Ada", city="London")
    second = record("users", id=1, name="Ada L.", city=None)
    load(settings | {"streams": streams}, [both, first, second], capsys)
    assert [call["records"] for call in sandbox.calls("/1/upload")] == [1]
    (profile,) = sandbox.profiles()
    assert profile["properties"] == {"Name": "Ada L.", "City": "London"}


def test_counters_are_never_merged(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    visits = {"Visits": {"column": "id", "operator": "increment"}}
    streams = {"users": {**USERS, "identifier": {"identity": "name"}, "properties": visits}}
    rows = [user(2, "ada"), user(3, "ada"), user(4, "ada")]
    load(settings | {"streams": streams}, [USERS_SCHEMA, *rows], capsys)
    (profile,) = sandbox.profiles()
    assert profile["properties"]["Visits"] == 9


def test_two_streams_that_feed_one_profile_keep_their_order(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"users": USERS, "more": USERS}
    rows = [user(1, "old"), user(2), record("more", id=1, name="new"), user(1, "newest")]
    more = schema("more", id="integer", name="string")
    load(settings | {"streams": streams}, [USERS_SCHEMA, more, *rows], capsys)
    assert names(sandbox)["1"] == "newest"


def test_a_deleted_row_deletes_its_profile_in_order(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"users": USERS | {"on_delete": "delete"}}
    gone = record("users", id=1, name="Ada", _sdc_deleted_at="2026-01-01T00:00:00Z")
    rows = [user(1), user(2), gone, gone | {"record": gone["record"] | {"id": 2}}, user(2, "back")]
    load(settings | {"streams": streams}, [USERS_SCHEMA, *rows], capsys)
    assert names(sandbox) == {"2": "back"}


def test_a_deleted_row_is_ignored_unless_the_mapping_says_otherwise(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    gone = record("users", id=1, name="Ada", _sdc_deleted_at="2026-01-01T00:00:00Z")
    with caplog.at_level(logging.INFO):
        load(settings, [USERS_SCHEMA, gone], capsys)
    assert sandbox.profiles() == []
    assert "users: 1 read: 0 accepted, 0 rejected, 1 ignored" in caplog.text


def test_a_key_that_is_no_unicode_is_one_rejected_row_and_no_more(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    del settings["ledger_url"]
    half = record("users", id="\ud800", name="Ada")
    messages = [schema("users", id={}, name="string"), half, user(1), state(1)]
    assert load(settings, messages, capsys) == [1]
    assert [row["record"]["id"] for row in rejected(tmp_path)] == ["\ud800"]
    assert names(sandbox) == {"1": "Ada"}


def test_stream_maps_and_flattening_come_before_the_mapping(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"people": {"type": "profile", "identifier": {"identity": "id"}, "properties": {
        "Name": "upper", "City": "address__city"}}}  # fmt: skip
    maps = {"users": {"__alias__": "people", "upper": "name.upper()"}}
    address = {"type": "object", "properties": {"city": {"type": "string"}}}
    load(
        settings | {"streams": streams, "stream_maps": maps}
        | {"flattening_enabled": True, "flattening_max_depth": 1},
        [
            schema("users", id="integer", name="string", address=address),
            record("users", id=1, name="Ada", address={"city": "London"}),
        ],
        capsys,
    )  # fmt: skip
    (profile,) = sandbox.profiles()
    assert profile["properties"] == {"Name": "ADA", "City": "London"}


def test_a_dry_run_checks_everything_and_leaves_nothing(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    messages = [USERS_SCHEMA, user(1), VIP_SCHEMA, record("vip", id="1"), state({"a": 1})]
    assert load(settings | {"dry_run": True}, messages, capsys) == []
    assert sandbox.profiles() == sandbox.segments() == []
    (call,) = sandbox.calls()
    assert (call["path"], call["dry_run"]) == ("/1/upload?dryRun=1", True)


def test_an_unmapped_stream_stops_the_run_before_its_first_record(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    with pytest.raises(SettingsError, match="no mapping covers stream orders"):
        load(settings, [schema("orders", id="integer"), record("orders", id=1)], capsys)
    assert sandbox.calls() == []


def test_an_unmapped_stream_may_be_skipped_with_one_warning_and_a_count(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [record("orders", id=1), record("orders", id=2), user(1)]
    messages = [schema("orders", id="integer"), USERS_SCHEMA, *rows, state(1)]
    with caplog.at_level(logging.INFO):
        assert load(settings | {"unmapped_streams": "ignore"}, messages, capsys) == [1]
    assert list(names(sandbox)) == ["1"]
    assert caplog.text.count("Stream orders has no mapping") == 1
    assert "orders: 2 read: 0 accepted, 0 rejected, 2 ignored" in caplog.text


# What does not arrive


def test_a_bad_row_is_kept_and_told_while_the_rest_arrives(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    streams = {"users": USERS | {"properties": {"Email": "name"}}}
    rows = [user(1, "ada@example.com"), user(2, "nonsense"), user(3, "rubbish"), state(3)]
    assert load(settings | {"streams": streams}, [USERS_SCHEMA, *rows], capsys) == [3]
    assert [identity(profile) for profile in sandbox.profiles()] == ["1"]
    kept = rejected(tmp_path)
    assert [row["record"] for row in kept] == [
        {"id": 2, "name": "nonsense"}, {"id": 3, "name": "rubbish"}
    ]  # fmt: skip
    assert kept[0]["rejected"]["code"] == "email_invalid"
    assert "users: 2 rejected, email_invalid: Email is not a valid e-mail address" in caplog.text


@pytest.mark.parametrize(
    ("mapping", "named"),
    [({}, ["7", "8"]), ({"event_key": ["page", "user_id"]}, ["/x/1", "/y/2"])],
    ids=["key properties", "event key"],
)
def test_a_rejected_event_is_named_by_its_event_key_else_by_its_key_properties(
    mapping: dict[str, Any], named: list[str], sandbox: Sandbox, settings: dict[str, Any],
    tmp_path: Path, capsys: Capture,
) -> None:  # fmt: skip
    streams = {"visits": VISITS | mapping}
    rows = [
        record("visits", id=7, user_id=1, page="/x", at=0),
        record("visits", id=8, user_id=2, page="/y", at=0),
    ]
    load(settings | {"streams": streams}, [VISITS_SCHEMA, *rows], capsys)
    (report,) = (json.loads(file.read_text()) for file in tmp_path.rglob("report.json"))
    assert report["streams"][0]["rejections"][0]["first_keys"] == named
    assert sandbox.events() == []


def test_a_rejected_file_is_input_again(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    streams = {"users": USERS | {"properties": {"Email": "name"}}}
    load(settings | {"streams": streams}, [USERS_SCHEMA, user(2, "nonsense")], capsys)
    (path,) = tmp_path.rglob("rejected.jsonl")
    mended = path.read_text().replace("nonsense", "ada@example.com")
    load(settings | {"streams": streams}, [mended.encode().rstrip()], capsys)
    (profile,) = sandbox.profiles()
    assert profile["properties"]["Email"] == "ada@example.com"


def test_a_record_that_clevertap_refuses_is_kept_with_its_code(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    # The target cannot know which events an account has discarded.
    sandbox.settings(discarded_events=["Visited"])
    load(settings, [VISITS_SCHEMA, visit(1, 1), visit(2, 2), state(5)], capsys)
    assert written.states == [5]
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["clevertap_528"] * 2


def test_a_row_that_does_not_fit_its_schema_is_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    rows = [record("users", id=1, name=5), user(2)]
    load(settings, [USERS_SCHEMA, *rows], capsys)
    assert list(names(sandbox)) == ["2"]
    assert rejected(tmp_path)[0]["rejected"]["reason"].startswith("name does not fit the SCHEMA")


def test_validation_can_be_turned_off(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    row = record("users", id=1, name="Ada", extra=5)
    load(settings | {"validate_records": False}, [USERS_SCHEMA, row], capsys)
    assert names(sandbox) == {"1": "Ada"}


def test_a_nan_in_a_column_that_is_not_sent_does_not_matter(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    nan = b'{"type":"RECORD","stream":"users","record":{"id":1,"name":"Ada","score":NaN}}'
    load(settings, [schema("users", id="integer", name="string", score="number"), nan], capsys)
    assert names(sandbox) == {"1": "Ada"}


def test_a_call_refused_as_a_whole_is_halved_down_to_the_guilty_row(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    # Refused are 1-8, 1-4 (the call after it has 5-8), 1-2 (after it 3-4), and 1 alone.
    sandbox.fault(kind="malformed", calls=[1, 2, 4, 6])
    load(
        settings | {"max_concurrency": 1},
        [USERS_SCHEMA, *(user(number) for number in range(1, 9))],
        capsys,
    )
    assert sorted(names(sandbox)) == [str(number) for number in range(2, 9)]
    (row,) = rejected(tmp_path)
    assert (row["record"]["id"], row["rejected"]["code"]) == (1, "call_refused")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (record("orders", id=1), "RECORD that came before its SCHEMA"),
        (record("users", name="marker"), "record without a key property"),
        (b'{"type":"RECORD","record":{marker}}', "is not valid JSON"),
        ({"type": "RECORD", "stream": "users", "record": "marker"}, "record that is no object"),
        ({"type": "RECORD", "stream": "users"}, "lacks record"),
        ({"type": "BATCH", "stream": "users", "manifest": ["marker"]}, "lacks encoding"),
        ({"type": "SCHEMA", "stream": "u", "schema": {"type": "marker"}}, "lacks properties"),
        ({"type": "SCHEMA", "stream": "u", "schema": ["marker"]}, "schema that is no object"),
        ({"type": "STATE"}, "lacks value"),
        ({"type": "RECORD", "stream": ["marker"], "record": {}}, "whose name is no text"),
        ({"type": "ACTIVATE_VERSION", "stream": ["marker"]}, "whose name is no text"),
        (
            {"type": "SCHEMA", "stream": "u", "schema": {"properties": ["marker"]}},
            "schema that is no object",
        ),
        (b'{"type":"STATE","value":{"marker":NaN}}', "a STATE that is not valid JSON"),
    ],
    ids=[
        "unknown",
        "key",
        "json",
        "record",
        "member",
        "batch",
        "schema",
        "list",
        "state",
        "name",
        "activated",
        "properties",
        "nan",
    ],
)
def test_a_broken_contract_stops_the_run_with_the_place_and_without_content(
    message: dict[str, Any] | bytes, sentence: str, settings: dict[str, Any], capsys: Capture
) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        load(settings, [USERS_SCHEMA, user(1), message], capsys)
    assert "Line 3 of the input" in str(error.value)
    assert "marker" not in str(error.value)


# State


def test_a_state_is_handed_on_to_the_byte(settings: dict[str, Any], capsys: Capture) -> None:
    value = (
        b'{"bookmarks": {"a": {"at": 1.10, "n": [1e3, {"x": null}], "big": 12345678901234567890}}}'
    )
    line = b'{"type": "STATE", "value": ' + value + b"}"
    target = TargetCleverTap(config=settings)
    capsys.readouterr()
    target.listen(io.BytesIO(lines([line])))  # type: ignore[arg-type] # our reader takes bytes
    assert capsys.readouterr().out.encode() == value + b"\n"


def test_no_state_covers_a_row_that_was_not_delivered(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"max_concurrency": 1}
    sandbox.fault(kind="status", status=503, calls=[2])
    rows = [user(1), user(2), state("first two"), user(3), user(4), state("all four")]
    with pytest.raises(ServerFailed):
        load(settings | {"batch_size_rows": 2}, [USERS_SCHEMA, *rows], capsys)
    assert written.states == ["first two"]
    assert sorted(names(sandbox)) == ["1", "2"]


def test_rejected_rows_do_not_hold_a_state_back(settings: dict[str, Any], capsys: Capture) -> None:
    assert load(settings, [USERS_SCHEMA, record("users", id=1, name=5), state(1)], capsys) == [1]


def test_rows_read_before_a_schema_change_are_delivered_before_those_after_it(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    wider = schema("users", id="integer", name="string", city="string")
    messages = [USERS_SCHEMA, user(1, "old"), user(2), wider, user(1, "new"), state(1)]
    assert load(settings, messages, capsys) == [1]
    assert names(sandbox) == {"1": "new", "2": "Ada"}


def test_wrong_credentials_stop_the_run_without_a_state(
    settings: dict[str, Any], capsys: Capture
) -> None:
    messages = [USERS_SCHEMA, user(1), state(1)]
    with pytest.raises(CredentialsRefused, match=r"account id.*passcode.*region") as error:
        load(settings | {"passcode": "marker"}, messages, capsys)
    assert written.states == []
    assert "marker" not in str(error.value)


# Segments


def test_a_segment_without_a_state_after_its_last_row_is_not_uploaded(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    messages = [VIP_SCHEMA, state(0), record("vip", id="1")]
    with pytest.raises(SegmentIncomplete, match="no STATE after"):
        load(settings, messages, capsys)
    assert sandbox.segments() == []
    assert written.states == [0]


def test_a_segment_may_be_uploaded_without_a_state_if_the_mapping_says_so(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"vip": VIP | {"without_final_state": "upload"}}
    load(settings | {"streams": streams}, [VIP_SCHEMA, record("vip", id="1")], capsys)
    assert [segment["name"] for segment in sandbox.segments()] == ["VIP"]


def test_activate_version_is_a_sign_that_a_segment_is_whole(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "vip", "version": 1}
    load(settings, [VIP_SCHEMA, record("vip", id="1"), version], capsys)
    assert len(sandbox.segments()) == 1


def test_activate_version_of_another_stream_is_no_such_sign(
    settings: dict[str, Any], capsys: Capture
) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "users", "version": 1}
    with pytest.raises(SegmentIncomplete):
        load(settings, [USERS_SCHEMA, VIP_SCHEMA, record("vip", id="1"), version], capsys)


def test_an_empty_segment_is_not_uploaded(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    with pytest.raises(SegmentRefused, match="max_shrink_percent: 100"):
        load(settings, [VIP_SCHEMA, state(1)], capsys)
    assert sandbox.segments() == []


def test_an_empty_segment_is_uploaded_when_that_is_meant(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"vip": VIP | {"max_shrink_percent": 100}}
    load(settings | {"streams": streams}, [VIP_SCHEMA, state(1)], capsys)
    assert len(sandbox.segments()) == 1


def test_a_state_after_segment_rows_waits_for_the_upload(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    streams = {"vip": VIP | {"owner_email": "nobody@example.com"}, "users": USERS}
    messages = [USERS_SCHEMA, user(1), state(1), VIP_SCHEMA, record("vip", id="1"), state(2)]
    with pytest.raises(ListRefused, match="admin"):
        load(settings | {"streams": streams}, messages, capsys)
    assert written.states == [1]
    assert list(names(sandbox)) == ["1"]


@pytest.mark.parametrize(
    ("kind", "read_as", "warnings"),
    [
        ("identity", "identity", 0),
        ("objectId", "objectId", 0),
        ("FBID", "identity", 1),
        ("GPID", "identity", 1),
    ],
)
def test_members_are_listed_by_identity_or_clevertap_id(
    kind: str, read_as: str, warnings: int, sandbox: Sandbox, settings: dict[str, Any],
    capsys: Capture, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    streams = {"vip": VIP | {"identifier": {kind: "id"}}}
    load(settings | {"streams": streams}, [VIP_SCHEMA, record("vip", id="a1"), state(1)], capsys)
    (segment,) = sandbox.segments()
    assert [(row["kind"], row["value"]) for row in segment["rows"]] == [(read_as, "a1")]
    assert caplog.text.count("CleverTap documents lists of identities") == warnings


def test_segment_rows_with_a_bad_identifier_are_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    rows = [record("vip", id="n/a"), record("vip", id="1"), state(1)]
    assert load(settings, [VIP_SCHEMA, *rows], capsys) == [1]
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["identity_forbidden"]
    (segment,) = sandbox.segments()
    assert [row["value"] for row in segment["rows"]] == ["1"]
