"""`clevertap-ledger`: looking at what was delivered, and forgetting some of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.ledger import cli, recent
from tests.ledger.other_run import kill, running
from tests.ledger.places import Place, digest, digests, events, make_older, profiles, rejected

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_790_000_000
DAY = 24 * 3600
USERS = {"users": {"type": "profile", "identifier": {"identity": "id"}}}

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def config(place: Place, tmp_path: Path) -> str:
    """A configuration file for the ledger."""
    return write_config(place, tmp_path)


def write_config(place: Place, tmp_path: Path, **others: object) -> str:
    settings = {
        "account_id": place.folder.name,
        "passcode": "s3cret",
        "work_dir": str(place.folder.parent),
        "flattening_enabled": False,
        "streams": {
            **USERS,
            "ord*": {"type": "event", "identifier": {"identity": "u"}, "event_name": "Order"},
            "vips": {
                "type": "segment",
                "identifier": {"identity": "id"},
                "segment_name": "VIP customers",
                "owner_email": "ada@example.com",
                "membership": "accumulate",
            },
        },
        **({"ledger_url": place.url} if place.url else {}),
        **others,
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    return str(file)


@pytest.fixture(autouse=True)
def _from_ten_rows_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, some rows of these tests are in their places, and some on their way."""
    monkeypatch.setattr(recent, "ROWS", 10)


def fill(place: Place, at: float = NOW) -> None:
    """A ledger with some of everything."""
    with place.open(place.folder.name, clock=lambda: at) as ledger:
        users, orders = ledger.claim("users").number, ledger.claim("orders").number
        ledger.claim("vips")
        for key in range(0, 25, 5):
            ledger.settle(None, events=events(orders, range(key, key + 5)))
        ledger.settle(None, held=events(orders, ["held", "later"]))
        ledger.settle(None, events=events(orders, ["later"]))
        ledger.settle(None, profiles=profiles(users, "abc"), contents=digests("xyz"))
        ledger.settle(None, forgotten=digests("c"))
        ledger.wait([rejected("users", "k")])
        ledger.segment_uploaded("VIP customers", 4, digest("x"))
        ledger.change_members("VIP customers", [("identity", "a"), ("identity", "b")], [])
        ledger.end_first_runs({"users", "orders"})
        ledger.finish_run()


def run(capture: Capture, *arguments: str, code: int = 0) -> str:
    """What the command says."""
    capture.readouterr()
    assert cli.run(arguments) == code
    said = capture.readouterr()
    if code:
        assert "Traceback" not in said.err
        assert "s3cret" not in said.err
        return said.err
    return said.out


def shown(capture: Capture, config: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capture, "show", "--config", config, "--json"))
    found["streams"] = {stream.pop("name"): stream for stream in found["streams"]}
    return found


def test_streams_and_segments_are_shown(place: Place, config: str, capsys: Capture) -> None:
    fill(place)
    lines = run(capsys, "show", "--config", config).splitlines()
    assert lines[0].startswith("Ledger of account account: ")
    assert lines[0].endswith(" MB")
    day = "2026-09-21 14:13:20 UTC"
    assert [line.split(maxsplit=6) for line in lines[2:6]] == [
        ["stream", "kind", "delivered", "held", "profiles", "waiting", "last run"],
        ["orders", "event", "26", "1", "0", "0", day],
        ["users", "profile", "0", "0", "2", "1", day],
        ["vips", "segment", "0", "0", "0", "0", day],
    ]
    assert lines[7].split() == ["segment", "members", "kept", "last", "upload"]
    assert lines[8].split(maxsplit=4) == ["VIP", "customers", "4", "2", day]


def test_programs_can_read_it(place: Place, config: str, capsys: Capture) -> None:
    fill(place)
    found = shown(capsys, config)
    assert found["bytes"] > 0
    assert found["streams"]["orders"] == {
        "kind": "event",
        "delivered": 26,
        "held": 1,
        "profiles": 0,
        "waiting": 0,
        "first_run_done_at": "2026-09-21T14:13:20+00:00",
        "last_run_at": "2026-09-21T14:13:20+00:00",
    }
    uploaded = {"uploaded_at": "2026-09-21T14:13:20+00:00"}
    assert found["segments"] == [{"name": "VIP customers", "members": 4, "kept": 2, **uploaded}]


def test_a_run_that_goes_on_is_looked_at_without_stopping_it(
    place: Place, config: str, capsys: Capture
) -> None:
    with place.open(place.folder.name) as ledger:
        orders, users = ledger.claim("orders").number, ledger.claim("users").number
        for key in range(30):
            ledger.settle(None, events=events(orders, [key]))
            ledger.settle(None, profiles=profiles(users, [key]), contents=digests("x"))
            if key == 20:
                ledger.settle(None, forgotten=digests([0, 20]))
        found = shown(capsys, config)["streams"]
        assert found["orders"]["delivered"] == 30
        assert found["users"]["profiles"] == 28
        assert found["orders"]["last_run_at"] is None
        ledger.settle(None, events=events(orders, ["one more"]))


def test_a_stream_without_a_mapping_is_shown_as_such(
    place: Place, config: str, capsys: Capture
) -> None:
    with place.open(place.folder.name) as ledger:
        ledger.claim("former")
    assert shown(capsys, config)["streams"]["former"]["kind"] == "unmapped"


def test_before_the_first_run_there_is_nothing_to_show(config: str, capsys: Capture) -> None:
    for _ in range(2):  # looking makes no ledger
        said = run(capsys, "show", "--config", config, code=1)
        assert "There is no ledger" in said
        assert "the first run makes it" in said


def test_a_ledger_of_an_older_program_is_not_taken_for_none(
    place: Place, config: str, capsys: Capture
) -> None:
    with place.open(place.folder.name):
        pass
    make_older(place)
    said = run(capsys, "show", "--config", config, code=1)
    assert "was written by an older target-clevertap: the next run brings it up to date" in said


def test_a_forgotten_stream_is_sent_again(place: Place, config: str, capsys: Capture) -> None:
    fill(place)
    said = run(capsys, "forget", "--config", config, "--stream", "orders", "--yes")
    assert said == "Forgotten of orders: 27 events, 0 profiles and 0 waiting rows.\n"
    found = shown(capsys, config)["streams"]
    assert (found["orders"]["delivered"], found["orders"]["held"]) == (0, 0)
    assert found["users"]["profiles"] == 2
    with place.open(place.folder.name) as ledger:
        orders = ledger.claim("orders")
        assert not orders.first_run
        assert ledger.known_events(events(orders.number, range(25))) == []


def test_profiles_and_waiting_rows_are_forgotten(
    place: Place, config: str, capsys: Capture
) -> None:
    fill(place)
    said = run(capsys, "forget", "--config", config, "--stream", "users", "--yes")
    assert said == "Forgotten of users: 0 events, 2 profiles and 1 waiting rows.\n"
    with place.open(place.folder.name) as ledger:
        users = ledger.claim("users").number
        assert ledger.unchanged_profiles(profiles(users, "ab"), digests("xy")) == []
        assert list(ledger.waiting()) == []


def test_counters_that_are_held_are_shown_and_forgotten(
    place: Place, config: str, capsys: Capture
) -> None:
    fill(place)
    with place.open(place.folder.name, uncertain="hold") as ledger:
        marks = profiles(ledger.claim("visits").number, "ab")
        ledger.note(b"", marks, marks[:20] + digest("x") + marks[20:] + digest("x"))
        assert shown(capsys, config)["streams"]["visits"]["held"] == 0
    with place.open(place.folder.name, uncertain="hold"):
        pass
    assert shown(capsys, config)["streams"]["visits"]["held"] == 2
    said = run(capsys, "forget", "--config", config, "--stream", "visits", "--yes")
    assert said.endswith(": 0 events, 0 profiles, 2 held counters and 0 waiting rows.\n")
    found = shown(capsys, config)["streams"]
    assert (found["visits"]["held"], found["orders"]["held"]) == (0, 1)


def test_a_list_is_forgotten_with_its_stream(place: Place, config: str, capsys: Capture) -> None:
    fill(place)
    said = run(capsys, "forget", "--config", config, "--stream", "vips", "--yes")
    assert said.endswith("and the list VIP customers with 2 kept members.\n")
    with place.open(place.folder.name) as ledger:
        assert ledger.segment("VIP customers") is None
        assert ledger.member_count("VIP customers") == 0


def test_only_what_is_old_is_forgotten_if_wanted(
    place: Place, config: str, capsys: Capture
) -> None:
    fill(place, at=time.time() - 91 * DAY)
    with place.open(place.folder.name, clock=lambda: time.time() - 89 * DAY) as ledger:
        orders = ledger.claim("orders").number
        ledger.settle(None, events=events(orders, ["young"]))
        ledger.settle(None, held=events(orders, ["young and held"]))
    where = ("--config", config, "--stream", "orders")
    said = run(capsys, "forget", *where, "--older-than", "90d", "--yes")
    assert said.startswith("Forgotten of orders: 27 events, 0 profiles and 0 waiting rows older ")
    found = shown(capsys, config)["streams"]["orders"]
    assert (found["delivered"], found["held"]) == (1, 1)
    assert run(capsys, "forget", *where, "--older-than", "14w", "--yes").startswith("Nothing to")


@pytest.mark.parametrize("age", ["9" * 6 + "d", "9" * 30 + "w", "9" * 5000 + "h"])
def test_an_age_that_nothing_can_have_is_told_in_a_sentence(
    age: str, sqlite: Place, tmp_path: Path, capsys: Capture
) -> None:
    config = write_config(sqlite, tmp_path)
    where = ("--config", config, "--stream", "orders")
    said = run(capsys, "forget", *where, "--older-than", age, "--yes", code=2)
    assert "nothing can be that old; take a smaller number, such as 90d" in said


def test_a_list_is_never_forgotten_by_age(place: Place, config: str, capsys: Capture) -> None:
    fill(place, at=time.time() - 91 * DAY)
    said = run(
        capsys, "forget", "--config", config, "--stream", "vips", "--older-than", "1h", "--yes"
    )
    assert said.startswith("Nothing to forget of vips")
    assert shown(capsys, config)["segments"][0]["kept"] == 2


def test_a_stream_that_no_run_has_had_cannot_be_forgotten(
    place: Place, config: str, capsys: Capture
) -> None:
    fill(place)
    said = run(capsys, "forget", "--config", config, "--stream", "oders", "--yes", code=1)
    assert said == "No run has had a stream oders: there is nothing to forget.\n"
    assert "oders" not in shown(capsys, config)["streams"]


def test_a_run_that_goes_on_is_not_disturbed(place: Place, tmp_path: Path, capsys: Capture) -> None:
    config = write_config(place, tmp_path, account_id="ACC-1", work_dir=str(place.folder.parent))
    here = Place(place.url, place.folder.parent / "ACC-1")
    with running(here) as process:
        said = run(capsys, "forget", "--config", config, "--stream", "rows", "--yes", code=1)
        assert f"process {process.pid} on " in said
        kill(process)


def ask(config: str, answer: bytes) -> tuple[int, str]:
    """The exit code, and what was said, on a terminal where someone answers."""
    terminal, other_end = pty.openpty()
    script = "from target_clevertap.ledger.cli import main; main()"
    command = [sys.executable, "-c", script, "forget", "--config", config, "--stream", "orders"]
    with subprocess.Popen(  # noqa: S603 - the command itself
        command, stdin=other_end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.write(terminal, answer)
        said = process.communicate()[0].decode()
    os.close(terminal)
    os.close(other_end)
    return process.returncode, said


def test_on_a_terminal_it_asks_first(sqlite: Place, tmp_path: Path, capsys: Capture) -> None:
    config = write_config(sqlite, tmp_path)
    fill(sqlite)
    code, said = ask(config, b"n\n")
    assert code == 1
    assert "Forget of orders: 27 events, 0 profiles and 0 waiting rows? [y/N]" in said
    assert "Nothing was forgotten." in said
    assert shown(capsys, config)["streams"]["orders"]["delivered"] == 26
    code, said = ask(config, b"y\n")
    assert code == 0
    assert "Forgotten of orders: 27 events" in said
    assert shown(capsys, config)["streams"]["orders"]["delivered"] == 0


def test_without_a_terminal_it_wants_to_be_told(
    sqlite: Place, tmp_path: Path, capsys: Capture
) -> None:
    config = write_config(sqlite, tmp_path)
    fill(sqlite)
    said = run(capsys, "forget", "--config", config, "--stream", "orders", code=2)
    assert "add --yes to forget without a question" in said
    assert shown(capsys, config)["streams"]["orders"]["delivered"] == 26


def test_a_file_gives_back_the_room_of_what_was_forgotten(
    sqlite: Place, tmp_path: Path, capsys: Capture
) -> None:
    config = write_config(sqlite, tmp_path)
    with sqlite.open(sqlite.folder.name) as ledger:
        orders = ledger.claim("orders").number
        ledger.settle(None, events=events(orders, range(20_000)))
    before = shown(capsys, config)["bytes"]
    run(capsys, "forget", "--config", config, "--stream", "orders", "--yes")
    assert shown(capsys, config)["bytes"] < before / 2


class TestOfSettings:
    """They are read as target-clevertap reads them."""

    def test_a_later_file_wins(self, sqlite: Place, tmp_path: Path, capsys: Capture) -> None:
        first = write_config(sqlite, tmp_path, streams=USERS)
        second = tmp_path / "second.json"
        second.write_text('{"ledger_url": "off"}')
        said = run(capsys, "show", "--config", first, "--config", str(second), code=1)
        assert said == "There is no ledger: ledger_url is off.\n"

    def test_the_environment_can_be_used(
        self, sqlite: Place, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = write_config(sqlite, tmp_path, streams=USERS)
        monkeypatch.setenv("TARGET_CLEVERTAP_LEDGER_URL", "off")
        assert "is off" in run(capsys, "show", "--config", file, "--config", "ENV", code=1)

    def test_an_unreadable_variable_is_named(
        self, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TARGET_CLEVERTAP_STREAMS", "{oops s3cret")
        said = run(capsys, "show", "--config", "ENV", code=2)
        assert said == "TARGET_CLEVERTAP_STREAMS: must be a JSON object\n"

    def test_every_mistake_is_a_line(self, tmp_path: Path, capsys: Capture) -> None:
        file = tmp_path / "config.json"
        file.write_text('{"account_id": 5, "region": "mars"}')
        said = run(capsys, "show", "--config", str(file), code=2).splitlines()
        assert sorted(line.split(":")[0] for line in said) == [
            "account_id",
            "passcode",
            "region",
            "streams",
        ]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("[]", "must hold an object of settings, not a list"),
            ("{", "is not valid JSON (line 1, column 2)"),
            (None, "cannot be read: No such file or directory"),
        ],
    )
    def test_a_file_that_is_no_configuration_is_named(
        self, tmp_path: Path, capsys: Capture, content: str | None, sentence: str
    ) -> None:
        file = tmp_path / "config.json"
        if content is not None:
            file.write_text(content)
        said = run(capsys, "show", "--config", str(file), code=2)
        assert said == f"--config {file}: {sentence}\n"

    def test_without_a_configuration_it_asks_for_one(self, capsys: Capture) -> None:
        assert "Missing option '--config'" in run(capsys, "show", code=2)

    def test_an_age_must_be_one(self, capsys: Capture) -> None:
        where = ("--config", "x", "--stream", "orders")
        said = run(capsys, "forget", *where, "--older-than", "soon", code=2)
        assert "such as 90d" in said
