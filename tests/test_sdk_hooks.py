"""The private parts of the SDK that this target stands on are as they were, and so are the items.

When one of these fails with a new version of the SDK, look at the hook's override in target.py or
sinks.py before changing what is expected here.
"""

from __future__ import annotations

import inspect
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from singer_sdk import plugin_base
from singer_sdk.mapper import PluginMapper, SameRecordTransform
from singer_sdk.sinks import Sink
from singer_sdk.target_base import Target
from singer_sdk.testing import target_test_streams

from target_clevertap.target import TargetCleverTap
from tests.support.pipeline import Message, config, lines, load, record, rejected, schema
from tests.test_sdk import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.sandbox import Sandbox

HOOKS: dict[Any, list[str]] = {
    Target._process_schema_message: ["self", "message_dict"],
    Target._process_record_message: ["self", "message_dict"],
    Target._process_state_message: ["self", "message_dict"],
    Target._process_activate_version_message: ["self", "message_dict"],
    Target._process_batch_message: ["self", "message_dict"],
    Target._handle_termination: ["self", "signum", "frame"],
    Target._validate_config: ["self", "raise_errors"],
    Target._assert_line_requires: ["self", "message_dict", "requires"],
    Target.get_sink: ["self", "stream_name", "record", "schema", "key_properties"],
    Target.process_endofpipe: ["self"],
    Sink._remove_sdc_metadata_from_record: ["self", "record"],
    Sink._singer_validate_message: ["self", "record"],
    Sink._parse_timestamps_in_record: ["self", "record", "schema", "treatment"],
    Sink._after_process_record: ["self", "context"],
    Sink.tally_record_read: ["self", "count"],
    SameRecordTransform.transform: ["self", "record"],
    PluginMapper.register_raw_stream_schema: ["self", "stream_name", "schema", "key_properties"],
    plugin_base._ConfigInput.from_cli_args: ["args"],
}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__qualname__)
def test_a_hook_has_the_signature_that_its_override_relies_on(hook: Any) -> None:  # noqa: ANN401
    assert list(inspect.signature(hook).parameters) == HOOKS[hook]


def test_what_the_short_way_reads_of_the_sdk_is_there(tmp_path: Path) -> None:
    settings = {"account_id": "A", "passcode": "P", "work_dir": str(tmp_path), "streams": STREAMS}
    target = TargetCleverTap(config=settings)
    target._process_schema_message(schema("users", id="integer"))
    (stream_map,) = target.mapper.stream_maps["users"]
    assert type(stream_map) is SameRecordTransform
    assert stream_map.flattening_enabled is False
    assert target._sinks_active["users"].include_sdc_metadata_properties is False
    target.close()


def test_the_record_path_of_the_sdk_does_nothing_that_ours_leaves_out() -> None:
    # Each of these words is a step of the SDK's; a new one would have to be looked at.
    source = inspect.getsource(Target._process_record_message)
    steps = [
        "_assert_line_requires", "_assert_sink_exists", "transform(", "get_sink(", "_get_context",
        "_add_sdc_metadata_to_record", "_remove_sdc_metadata_from_record", "_validate_and_parse",
        "preprocess_record", "_singer_validate_message", "tally_record_read", "process_record(",
        "_after_process_record", "is_full", "drain_one", "_handle_max_record_age",
    ]  # fmt: skip
    assert [step for step in steps if step not in source] == []
    counts = source.count("record_counter_metric")  # up to 0.54
    assert source.count("sink.") == 13 + counts


def outcome(
    messages: Sequence[Message | bytes], sandbox: Sandbox, work_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> tuple[Any, ...]:  # fmt: skip
    """Everything that a run leaves behind: profiles, events, rejected rows, states."""
    sandbox.reset()
    settings = config(sandbox, work_dir, streams=STREAMS, max_concurrency=1)
    states = load(settings, messages, capsys)
    profiles = [(each["identifiers"], each["properties"]) for each in sandbox.profiles()]
    refused = [(row["record"], row["rejected"]["code"]) for row in rejected(work_dir)]
    return profiles, refused, states[-1:]


SAMPLES = [
    path.name
    for path in files(target_test_streams).iterdir()
    if path.name.endswith(".singer")
    and path.name not in {
        "invalid_schema.singer", "record_before_schema.singer", "record_missing_key_property.singer"
    }
]  # fmt: skip


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_both_paths_end_alike_for_the_samples_of_the_sdk(
    sample: str, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    text = (files(target_test_streams) / sample).read_bytes()
    messages: list[Message | bytes] = list(text.splitlines())
    ours = outcome(messages, sandbox, tmp_path / "ours", capsys)
    monkeypatch.setattr(TargetCleverTap, "_find_plain_sink", lambda _self, _stream: None)
    assert outcome(messages, sandbox, tmp_path / "stock", capsys) == ours


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("x" * 600)
rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(-1, 4)},
        optional={"name": values, "born": st.dates().map(str) | values, "_sdc_x": values},
    ),
    max_size=12,
)


@given(rows=rows)
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_paths_end_alike_for_any_rows(
    rows: list[dict[str, Any]], sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    born = {"type": ["null", "string"], "format": "date"}
    announced = schema("users", id="integer", name="string", born=born)
    messages = [announced, *(record("users", **row) for row in rows)]
    ours = outcome(messages, sandbox, tmp_path_factory.mktemp("ours"), capsys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TargetCleverTap, "_find_plain_sink", lambda _self, _stream: None)
        stock = outcome(messages, sandbox, tmp_path_factory.mktemp("stock"), capsys)
    assert stock == ours


def test_lines_that_begin_otherwise_end_alike(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    announced = schema("users", id="integer", name="string")
    parts: list[Message | bytes] = [
        b'{"type":"RECORD","stream":"users","record":{"id":1,"name":"a"}}',
        b'{"type":"RECORD","stream":"users","record":{"id":2,"name":"b"}}',
        b'{"stream": "users", "record": {"id": 3, "name": "c"}, "type": "RECORD"}',
        b'{"type":"RECORD","stream":"users","version":1,"record":{"id":4,"name":"d"}}',
        b'{"record":{"id":5,"name":"e"},"type":"RECORD","stream":"users"}',
        b'{"type":"RECORD","stream":"users","record":{"id":6,"name":"\\"record\\""}}',
    ]
    profiles, refused, _ = outcome([announced, *parts], sandbox, tmp_path, capsys)
    assert [properties["name"] for _, properties in profiles] == [
        "a",
        "b",
        "c",
        "d",
        "e",
        '"record"',
    ]
    assert refused == []


def test_a_new_schema_ends_the_short_way_of_the_old_one(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = b'{"type":"RECORD","stream":"users","record":{"id":%d,"name":"a"}}'
    older, newer = schema("users", id="integer", name="string"), schema("users", id="integer")
    newer["schema"]["properties"]["name"] = {"type": ["integer"]}
    rows = [row % number for number in range(1, 5)]
    messages: list[Message | bytes] = [older, *rows[:2], newer, *rows[2:]]
    profiles, refused, _ = outcome(messages, sandbox, tmp_path, capsys)
    assert len(profiles) == 2
    assert [code for _, code in refused] == ["schema_violation"] * 2


def test_every_way_is_counted_in_the_metrics(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    rows = [record("users", id=number, name="a") for number in range(1, 8)]
    messages = [schema("users", id="integer", name="string"), *rows]
    caplog.set_level("INFO")
    load(config(sandbox, tmp_path, streams=STREAMS), list(lines(messages).splitlines()), capsys)
    metrics = [
        json.loads(text.split("METRIC: ")[1]) for text in caplog.messages if "METRIC" in text
    ]
    counted = [metric["value"] for metric in metrics if metric["metric"] == "record_count"]
    assert sum(counted) == 7
