"""BATCH messages: rows in files arrive as RECORD lines would, from wherever the files are."""

from __future__ import annotations

import gzip
import json
import logging
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from singer_sdk.batch import Batcher
from singer_sdk.helpers._batch import BatchConfig

from target_clevertap import batch_files
from target_clevertap.delivery import Run
from target_clevertap.errors import InputError, ServerFailed, SettingsError
from target_clevertap.reader import decode
from target_clevertap.target import TargetCleverTap
from tests.support.pipeline import (
    command,
    config,
    lines,
    load,
    record,
    rejected,
    schema,
    state,
    written,
)
from tests.support.s3 import Bucket, running_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]
Record = dict[str, Any]
Write = Callable[["Path", list[Record]], None]

USERS: Final = {"type": "profile", "identifier": {"identity": "id"}, "properties": {"Name": "name"}}
USERS_SCHEMA: Final = schema("users", id="integer", name="string")
PEOPLE: Final[list[Record]] = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]


def batch(*urls: Path | str, encoding: str = "jsonl", **members: Any) -> Record:  # noqa: ANN401 - any JSON
    manifest = [str(url) for url in urls]
    compression = {"compression": members.pop("compression")} if "compression" in members else {}
    message = {"type": "BATCH", "stream": "users", "manifest": manifest}
    return message | {"encoding": {"format": encoding, **compression}} | members


def json_lines(records: list[Record]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path / "work", streams={"users": USERS})


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[Bucket]:
    with running_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(bucket_server: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket, on a machine without any credentials of its own."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return bucket_server


def names(sandbox: Sandbox) -> dict[str, Any]:
    return {
        identity: profile["properties"].get("Name")
        for profile in sandbox.profiles()
        for identity in profile["identifiers"]["identity"]
    }


# What arrives


def test_clean_rows_take_the_short_way_of_record_lines(
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    decoded: list[bytes] = []

    def counting(raw: bytes) -> Any:  # noqa: ANN401 - any JSON value
        decoded.append(raw)
        return decode(raw)

    monkeypatch.setattr(batch_files, "decode", counting)
    plain(tmp_path / "1.jsonl", [{"id": number, "name": "Ada"} for number in range(1, 30)])
    load(settings, [USERS_SCHEMA, batch(tmp_path / "1.jsonl")], capsys)
    assert len(names(sandbox)) == 29
    assert len(decoded) == 1, "the first row shows what the lines look like"


def plain(path: Path, records: list[Record]) -> None:
    path.write_bytes(json_lines(records))


def packed(path: Path, records: list[Record]) -> None:
    path.write_bytes(gzip.compress(json_lines(records), compresslevel=1))


def parquet(path: Path, records: list[Record]) -> None:
    pq.write_table(pa.Table.from_pylist(records), path)


@pytest.mark.parametrize(
    ("write", "encoding", "compression"),
    [
        (plain, "jsonl", "none"),
        (plain, "jsonl", None),
        (packed, "jsonl", "gzip"),
        (packed, "jsonl", "none"),  # so the SDK's taps declare files that they pack all the same
        (parquet, "parquet", None),
        (parquet, "parquet", "gzip"),
    ],
    ids=["plain", "unsaid", "gzip", "gzip declared as plain", "parquet", "parquet gzip"],
)
def test_the_rows_of_all_files_arrive_in_order(
    write: Write, encoding: str, compression: str | None,
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture,
) -> None:  # fmt: skip
    write(tmp_path / "1", [*PEOPLE, {"id": 3, "name": "old"}])
    write(tmp_path / "2", [{"id": 3, "name": "new"}])
    files = tmp_path / "1", (tmp_path / "2").as_uri()
    message = batch(*files, encoding=encoding, compression=compression)
    assert load(settings, [USERS_SCHEMA, message, state(1)], capsys) == [1]
    assert names(sandbox) == {"1": "Ada", "2": "Grace", "3": "new"}


@pytest.mark.parametrize("encoding", ["jsonl", "parquet"])
@pytest.mark.parametrize("folder", ["files", "a folder", "100%20"])
@pytest.mark.parametrize("as_url", [True, False], ids=["url", "path"])
def test_what_the_sdk_writes_for_a_tap_is_read(
    encoding: str, folder: str, as_url: bool,  # noqa: FBT001 - a parameter of the test
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture,
) -> None:  # fmt: skip
    root = f"file://{tmp_path}/{folder}" if as_url else str(tmp_path / folder)
    tap = {
        "encoding": {"format": encoding, "compression": "gzip"},
        "storage": {"root": root, "prefix": "run-"},
        "batch_size": 1,
    }
    batcher = Batcher("tap-shop", "users", BatchConfig.from_dict(tap))
    batches = [
        {"type": "BATCH", "stream": "users", "encoding": tap["encoding"], "manifest": manifest}
        for manifest in batcher.get_batches(iter(PEOPLE))
    ]
    load(settings, [USERS_SCHEMA, *batches], capsys)
    assert (len(batches), names(sandbox)) == (2, {"1": "Ada", "2": "Grace"})


def test_records_and_batches_of_one_stream_keep_their_order(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    plain(tmp_path / "file", [{"id": 1, "name": "second"}, {"id": 2, "name": "first"}])
    messages = [
        record("users", id=1, name="first"), batch(tmp_path / "file"),
        record("users", id=2, name="second"),
    ]  # fmt: skip
    load(settings, [USERS_SCHEMA, *messages], capsys)
    assert names(sandbox) == {"1": "second", "2": "second"}


def test_stream_maps_flattening_and_deletions_hold_for_batches(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    properties = {"Name": "upper", "City": "address__city"}
    streams = {"people": USERS | {"properties": properties, "on_delete": "delete"}}
    maps = {"users": {"__alias__": "people", "upper": "name.upper()"}}
    address = {"type": "object", "properties": {"city": {"type": "string"}}}
    ada, grace = ({**person, "address": {"city": "London"}} for person in PEOPLE)
    plain(tmp_path / "file", [ada, grace, grace | {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}])
    load(
        settings | {"streams": streams, "stream_maps": maps}
        | {"flattening_enabled": True, "flattening_max_depth": 1},
        [schema("users", id="integer", name="string", address=address), batch(tmp_path / "file")],
        capsys,
    )  # fmt: skip
    (profile,) = sandbox.profiles()
    assert profile["properties"] == {"Name": "ADA", "City": "London"}


ROW: Final = {
    "id": 1,
    "spent": Decimal("12345678901234567.89"),
    "loyalty": 9_007_199_254_740_993,
    "born": date(1990, 5, 17),
    "seen": datetime(2026, 1, 2, 3, 4, 5, 678, timezone.utc),
    "tags": ["tea", "books"],
    "address": {"city": "London", "geo": [51.5, -0.1]},
    "nick": None,
}
WIDE_SCHEMA: Final = schema(
    "users", id="integer", spent="number", loyalty="integer", tags="array", address="object",
    nick="string", born={"type": ["null", "string"], "format": "date"},
    seen={"type": ["null", "string"], "format": "date-time"},
)  # fmt: skip


def test_a_parquet_row_becomes_the_very_profile_that_its_record_line_would(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"streams": {"users": {"type": "profile", "identifier": {"identity": "id"}}}}
    shown = ROW | {"spent": 0, "born": "1990-05-17", "seen": "2026-01-02T03:04:05.000678+00:00"}
    line = json.dumps({"type": "RECORD", "stream": "users", "record": shown}).encode()
    load(settings, [WIDE_SCHEMA, line.replace(b": 0,", b": 12345678901234567.89,", 1)], capsys)
    expected = sandbox.profiles()[0]["properties"]
    sandbox.reset()
    parquet(tmp_path / "file", [ROW])
    load(settings, [WIDE_SCHEMA, batch(tmp_path / "file", encoding="parquet")], capsys)
    assert [profile["properties"] for profile in sandbox.profiles()] == [expected]
    assert expected.keys() == ROW.keys() - {"id", "nick"}
    assert expected["loyalty"] == 9_007_199_254_740_993


# S3


@pytest.mark.parametrize("encoding", ["jsonl", "parquet"])
def test_files_in_s3_are_read_with_the_parameters_of_batch_config(
    encoding: str, bucket: Bucket,
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture,
) -> None:  # fmt: skip
    (packed if encoding == "jsonl" else parquet)(tmp_path / "file", PEOPLE)
    url = bucket.put("runs/2026 #1/users.gz", (tmp_path / "file").read_bytes())
    settings |= {"batch_config": bucket.storage()}
    load(settings, [USERS_SCHEMA, batch(url, encoding=encoding)], capsys)
    assert names(sandbox) == {"1": "Ada", "2": "Grace"}


def test_a_pre_signed_url_needs_no_credentials(
    bucket: Bucket, sandbox: Sandbox, settings: dict[str, Any], capsys: Capture
) -> None:
    bucket.put("users.jsonl", json_lines(PEOPLE))
    load(settings, [USERS_SCHEMA, batch(bucket.signed("users.jsonl"))], capsys)
    assert names(sandbox) == {"1": "Ada", "2": "Grace"}


def test_nothing_of_a_pre_signed_url_but_the_file_is_told(
    bucket: Bucket, settings: dict[str, Any], capsys: Capture
) -> None:
    url = bucket.signed("users.jsonl.gone")
    with pytest.raises(InputError, match=r"users.jsonl.gone cannot be read: there is no") as error:
        load(settings, [USERS_SCHEMA, batch(url)], capsys)
    assert "?" in url
    assert "Signature" not in str(error.value)


@pytest.mark.parametrize("url", ["http://u:marker@127.0.0.1:9", "http://127.0.0.1:9/f#marker"])
def test_neither_a_password_nor_a_fragment_of_a_url_is_told(
    url: str, settings: dict[str, Any], capsys: Capture
) -> None:
    with pytest.raises(InputError, match=r"The batch file \S+ cannot be read: ") as error:
        load(settings, [USERS_SCHEMA, batch(url)], capsys)
    assert "marker" not in str(error.value)


def test_a_file_that_s3_does_not_have_is_told(
    bucket: Bucket, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"batch_config": bucket.storage()}
    with pytest.raises(InputError, match=r"absent.jsonl cannot be read: there is no such file"):
        load(settings, [USERS_SCHEMA, batch("s3://customer-files/absent.jsonl")], capsys)


@pytest.mark.usefixtures("bucket")
def test_s3_without_credentials_is_told(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    params = {"client_kwargs": {"endpoint_url": "http://127.0.0.1:9"}}
    settings |= {"batch_config": {"storage": {"params": params}}}
    with pytest.raises(InputError, match=r"file.jsonl cannot be read: NoCredentialsError"):
        load(settings, [USERS_SCHEMA, batch("s3://customer-files/file.jsonl")], capsys)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("wrong", ["nope", {"region": "x"}])
def test_parameters_that_the_package_for_s3_does_not_take_are_told(
    wrong: object, settings: dict[str, Any], capsys: Capture
) -> None:
    settings |= {"batch_config": {"storage": {"params": {"client_kwargs": wrong}}}}
    with pytest.raises(InputError, match=r"file.jsonl cannot be opened .*batch_config.storage"):
        load(settings, [USERS_SCHEMA, batch("s3://customer-files/file.jsonl")], capsys)


# Where the files are


def test_a_root_says_where_the_files_are_from_here(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    plain(tmp_path / "file.jsonl", PEOPLE)
    settings |= {"batch_config": {"storage": {"root": str(tmp_path)}}}
    load(settings, [USERS_SCHEMA, batch("file:///elsewhere/of/the/tap/file.jsonl")], capsys)
    assert list(names(sandbox)) == ["1", "2"]


def test_a_file_below_the_root_is_found_in_its_folder(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "prefix").mkdir()
    plain(tmp_path / "prefix" / "file.jsonl", PEOPLE)
    settings |= {"batch_config": {"storage": {"root": f"file://{tmp_path}/"}}}
    load(settings, [USERS_SCHEMA, batch(tmp_path / "prefix" / "file.jsonl")], capsys)
    assert list(names(sandbox)) == ["1", "2"]


def test_the_files_stay_where_they_are(
    settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    plain(tmp_path / "file.jsonl", PEOPLE)
    load(settings, [USERS_SCHEMA, batch(tmp_path / "file.jsonl")], capsys)
    assert (tmp_path / "file.jsonl").read_bytes() == json_lines(PEOPLE)


def test_a_batch_config_that_is_wrong_is_refused_before_anything_is_read(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(SettingsError, match=r"batch_config.storage.params"):
        TargetCleverTap(config=settings | {"batch_config": {"storage": {"params": "secret"}}})


# Rejected rows and states


def test_a_rejected_row_of_a_batch_is_a_record_line_that_can_be_replayed(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    settings |= {"streams": {"users": USERS | {"properties": {"Email": "name"}}}}
    file = tmp_path / "users.jsonl"
    bad = b'{"id": 2, "name": "nonsense", "x": 1.10}'
    file.write_bytes(b'{"id": 1, "name": "ada@example.com"}\n' + bad + b"\n")
    message = batch(file, version=5, time_extracted="2026-01-01T00:00:00Z")
    assert command(settings, [USERS_SCHEMA, message, state(1)], tmp_path).states == [1]
    (path,) = tmp_path.rglob("rejected.jsonl")
    (row,) = rejected(tmp_path)
    assert row.pop("rejected")["code"] == "email_invalid"
    assert row == {
        "type": "RECORD", "stream": "users", "version": 5, "time_extracted": "2026-01-01T00:00:00Z",
        "record": {"id": 2, "name": "nonsense", "x": 1.1},
    }  # fmt: skip
    assert bad in path.read_bytes()
    path.write_text(path.read_text().replace("nonsense", "grace@example.com"))
    replayed = command(settings, [], tmp_path, "--input", str(path))
    assert replayed.code == 0
    assert [p["properties"]["Email"] for p in sandbox.profiles()] == [
        "ada@example.com", "grace@example.com"
    ]  # fmt: skip


def test_of_two_versions_in_one_file_the_later_one_waits_when_it_is_rejected(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"streams": {"users": USERS | {"properties": {"Email": "name"}}}}
    settings["ledger_url"] = f"sqlite:///{tmp_path}/ledger.sqlite"
    versions = [{"id": 1, "name": "old@example.com"}, {"id": 1, "name": "nonsense"}]
    plain(tmp_path / "file", versions)
    load(settings, [USERS_SCHEMA, batch(tmp_path / "file"), state(1)], capsys)
    settings["streams"] = {"users": USERS}
    load(settings, [state(2)], capsys)
    assert names(sandbox) == {"1": "nonsense"}


def test_rows_that_follow_a_batch_are_read_after_its_rows(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    settings |= {"streams": {"users": USERS | {"properties": {"Email": "name"}}}}
    settings["ledger_url"] = f"sqlite:///{tmp_path}/ledger.sqlite"
    others = [{"id": number, "name": "a@example.com"} for number in range(2, 12)]
    plain(tmp_path / "file", [*others, {"id": 1, "name": "nonsense"}])
    new = record("users", id=1, name="new@example.com")
    load(settings, [USERS_SCHEMA, batch(tmp_path / "file"), new, state(1)], capsys)
    settings["streams"] = {"users": USERS}
    load(settings, [state(2)], capsys)
    assert "1" not in names(sandbox) or names(sandbox)["1"] != "nonsense"


def test_a_state_waits_for_every_row_of_the_batch_before_it(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    plain(tmp_path / "1", [{"id": number, "name": "Ada"} for number in range(1, 5)])
    plain(tmp_path / "2", [{"id": number, "name": "Ada"} for number in range(5, 9)])
    sandbox.fault(kind="status", status=503, calls=[4])
    messages = [batch(tmp_path / "1"), state("first"), batch(tmp_path / "2"), state("second")]
    settings |= {"max_concurrency": 1, "batch_size_rows": 2}
    with pytest.raises(ServerFailed):
        load(settings, [USERS_SCHEMA, *messages], capsys)
    assert written.states == ["first"]
    assert sorted(names(sandbox)) == ["1", "2", "3", "4", "5", "6"]


def test_what_is_due_is_done_in_the_middle_of_a_file(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:  # fmt: skip
    ticks: list[int] = []

    def tick(_run: Run) -> None:
        ticks.append(len(sandbox.calls()))

    monkeypatch.setattr(Run, "tick", tick)
    plain(tmp_path / "file", [{"id": number, "name": "Ada"} for number in range(1, 1001)])
    load(settings | {"batch_size_rows": 100}, [USERS_SCHEMA, batch(tmp_path / "file")], capsys)
    assert len(ticks) > 3
    assert len(names(sandbox)) == 1000


def test_a_signal_ends_the_reading_in_the_middle_of_a_file(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    plain(tmp_path / "users.jsonl", [{"id": number} for number in range(1, 5001)])
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"batch_size_rows": 10, "max_concurrency": 1}))
    sandbox.latency(0.2)
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as target:  # fmt: skip
        assert target.stdin is not None
        messages = [state("before"), USERS_SCHEMA, batch(tmp_path / "users.jsonl"), state("after")]
        target.stdin.write(lines(messages))
        target.stdin.flush()
        while not sandbox.profiles():
            assert target.poll() is None
        target.send_signal(signal.SIGTERM)
        states, _ = target.communicate(timeout=60)
    assert target.returncode == 128 + signal.SIGTERM
    assert [json.loads(line) for line in states.splitlines()] == ["before"]
    assert 0 < len(sandbox.profiles()) < 5000


# What is wrong with a file


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (b'{"id":1}\n\n{"n":"marker', "jsonl", "Row 3 of the batch file users.x is not valid"),
        (b'["marker"]\n', "jsonl", "Row 1 of the batch file users.x is no record"),
        (b'{"id":1}},"x":{"marker":1}\n', "jsonl", "Row 1 of the batch file users.x is not valid"),
        (b'{"id":1}\n{"name":"marker"}', "jsonl", "Row 2 of the batch file users.x lacks a key"),
        (gzip.compress(json_lines(PEOPLE))[:-9], "jsonl", "users.x cannot be read: it ends too"),
        (b"\x1f\x8b" + b"marker" * 9, "jsonl", "users.x cannot be read: BadGzipFile"),
        (b"marker" * 10, "parquet", "users.x cannot be read: ArrowInvalid"),
        (json_lines(PEOPLE), "marker", "unknown format or compression"),
    ],
    ids=["json", "list", "two", "key", "cut off", "gzip", "parquet", "format"],
)  # fmt: skip
def test_a_broken_file_stops_the_run_with_the_place_and_without_content(
    content: bytes, encoding: str, sentence: str,
    settings: dict[str, Any], tmp_path: Path, capsys: Capture,
) -> None:  # fmt: skip
    (tmp_path / "users.x").write_bytes(content)
    messages = [state("before"), batch(tmp_path / "users.x", encoding=encoding), state("ahead")]
    with pytest.raises(InputError, match=sentence) as error:
        load(settings, [USERS_SCHEMA, *messages], capsys)
    assert "marker" not in str(error.value)
    assert written.states == ["before"]


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"compression": "marker"}, "unknown format or compression"),
        ({"encoding": {"compression": "gzip"}}, "not as the SDK defines it"),
        ({"manifest": "marker"}, "not as the SDK defines it"),
        ({"stream": "marker"}, "BATCH that came before its SCHEMA"),
        ({"manifest": ["foo://marker/users.jsonl"]}, "users.jsonl cannot be read: ValueError"),
        ({"manifest": ["gs://marker/users.jsonl"]}, "users.jsonl needs the package that fsspec"),
        ({"manifest": ["/marker/"]}, "without a name cannot be read"),
    ],
    ids=["compression", "no format", "manifest", "stream", "scheme", "package", "folder"],
)
def test_a_batch_that_cannot_be_understood_stops_the_run(
    members: dict[str, Any], sentence: str, settings: dict[str, Any], capsys: Capture
) -> None:
    encoding = {"format": "jsonl", "compression": members.pop("compression", None)}
    message = batch("/nowhere/users.jsonl") | {"encoding": encoding} | members
    with pytest.raises(InputError, match=sentence) as error:
        load(settings, [USERS_SCHEMA, message], capsys)
    assert "marker" not in str(error.value)


def test_a_missing_file_is_one_sentence_and_exit_1(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    plain(tmp_path / "there", PEOPLE)
    message = batch(tmp_path / "there", tmp_path / "users.jsonl")
    outcome = command(settings, [USERS_SCHEMA, message, state(1)], tmp_path)
    assert (outcome.code, outcome.states) == (1, [])
    assert "The batch file users.jsonl cannot be read: there is no such file." in outcome.log
    assert "Traceback" not in outcome.log


WITHOUT: Final = """
import sys
sys.modules[sys.argv.pop(1)] = None
from target_clevertap.cli import main
main()
"""


@pytest.mark.parametrize(
    ("package", "extra", "url", "encoding"),
    [
        ("pyarrow", "parquet", "{}/users.parquet", "parquet"),
        ("s3fs", "s3", "s3://bucket/users.jsonl", "jsonl"),
        ("aiohttp", "s3", "https://127.0.0.1:9/users.jsonl?signature=marker", "jsonl"),
    ],
)
def test_a_missing_extra_is_told_by_name(
    package: str, extra: str, url: str, encoding: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    parquet(tmp_path / "users.parquet", PEOPLE)
    (tmp_path / "config.json").write_text(json.dumps(settings))
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", WITHOUT, package, "--config", tmp_path / "config.json"],
        input=lines([USERS_SCHEMA, batch(url.format(tmp_path), encoding=encoding)]),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"pip install 'target-clevertap[{extra}]'".encode() in done.stderr
    assert b"marker" not in done.stderr


# Memory

PEAK: Final = r"""
import re, sys
from pathlib import Path
from target_clevertap.batch_files import Batch, Encoding, Storage, batch_rows
batch = Batch("users", Encoding(sys.argv[1]), [sys.argv[2]])
rows = sum(1 for row in batch_rows(batch, Storage()))
print(rows, re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def rows_and_peak(file: Path, encoding: str) -> tuple[int, int]:
    """How many rows a file has, and the most memory that reading them took, in KiB."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", PEAK, encoding, file], capture_output=True, timeout=120, check=True
    )
    rows, peak = map(int, done.stdout.split())
    return rows, peak


@pytest.mark.parametrize(("write", "encoding"), [(packed, "jsonl"), (parquet, "parquet")])
def test_memory_does_not_grow_with_a_file(write: Write, encoding: str, tmp_path: Path) -> None:
    noise = random.Random(1)  # noqa: S311 - text that does not pack well, the same every time
    peaks = []
    for count in (20_000, 200_000):
        people = [{"id": number, "name": noise.randbytes(100).hex()} for number in range(count)]
        write(tmp_path / "file", people)
        rows, peak = rows_and_peak(tmp_path / "file", encoding)
        assert rows == count
        peaks.append(peak)
    assert peaks[1] < 1.15 * peaks[0]


# ACTIVATE_VERSION


def test_activate_version_is_accepted_quietly(
    sandbox: Sandbox, settings: dict[str, Any], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "users", "version": 1}
    with caplog.at_level(logging.DEBUG):
        messages = [USERS_SCHEMA, version, record("users", id=1, name="Ada"), version, state(1)]
        assert load(settings, messages, capsys) == [1]
    assert list(names(sandbox)) == ["1"]
    assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []
