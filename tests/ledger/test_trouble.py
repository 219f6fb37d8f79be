"""When a ledger cannot be used, one sentence says why and what to do."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from target_clevertap.errors import LedgerError
from target_clevertap.ledger.tables import version
from tests.ledger.conftest import url_of
from tests.ledger.places import Place, digests, events, sqlite_rows

if TYPE_CHECKING:
    from pathlib import Path

    from examples.shop.postgres import Database
    from target_clevertap.ledger import Ledger

PASSWORD = "s3cret@of:mine/x"


def refusal(place: Place) -> str:
    """What is said when the ledger is opened."""
    with pytest.raises(LedgerError) as error:
        place.open()
    said = str(error.value)
    assert error.value.exit_code == 1
    assert "\n" not in said
    assert "secret" not in said
    assert "s3cret" not in said
    return said


def test_a_file_that_is_no_database_is_left_as_it_is(sqlite: Place) -> None:
    sqlite.folder.mkdir()
    file = sqlite.folder / "ledger.sqlite"
    file.write_bytes(b"not a database at all, but long enough to look at. " * 40)
    said = refusal(sqlite)
    assert f"The ledger {file} cannot be read, it is damaged or no ledger" in said
    assert "Put back a copy of it, or move it away" in said
    assert file.read_bytes().startswith(b"not a database")


def test_a_damaged_file_is_told(sqlite: Place) -> None:
    with sqlite.open() as ledger:
        for key in range(5):
            ledger.settle(None, events=events(1, range(key * 1000, key * 1000 + 1000)))
    file = sqlite.folder / "ledger.sqlite"
    with file.open("r+b") as damaged:
        damaged.seek(16_384)
        damaged.write(b"\xff" * (file.stat().st_size - 16_384))
    assert "it is damaged or no ledger" in refusal(sqlite)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(Place(None, tmp_path / "file" / "account"))
    assert "cannot be written: Not a directory" in said
    assert "Make the file and its folder writable for this user" in said


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    assert "cannot be written: Is a directory" in refusal(Place(f"sqlite:///{tmp_path}", tmp_path))


def test_a_disk_without_room_is_told_and_nothing_settled_is_lost(sqlite: Place) -> None:
    with sqlite.open() as ledger:
        ledger.settle(None, events=events(1, ["before"]))
    said, settled = fill_up(sqlite)
    assert "cannot be read or written" in said
    assert "Make room on its disk" in said
    with sqlite.open() as ledger:
        assert ledger.known_events(events(1, ["before"])) == [(0, False)]
        assert len(ledger.known_events(events(1, range(settled)))) == settled


def fill_up(place: Place) -> tuple[str, int]:
    """Settles events, in a process whose files must stay small, until it cannot be done.

    Returns what was said, and how many events had been settled.
    """
    script = f"""
        import resource, sys
        from pathlib import Path
        from target_clevertap.errors import LedgerError
        from tests.ledger.places import Place, events

        ledger = Place(None, Path({str(place.folder)!r})).open()
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        settled = 0
        try:
            while settled < 1_000_000:
                marks = events(1, range(settled, settled + 1000))
                ledger.settle(ledger.note(marks, b""), events=marks)
                settled += 1000
        except LedgerError as error:
            print(settled, error)
        ledger.close()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    said = subprocess.check_output(command, text=True)  # noqa: S603 - the script above
    settled, _, sentence = said.strip().partition(" ")
    return sentence, int(settled)


def test_a_ledger_of_a_newer_program_is_left_alone(place: Place) -> None:
    with place.open() as ledger:
        set_version(ledger, 99)
    said = refusal(place)
    assert "was written by a newer target-clevertap (its version is 99" in said
    assert "update this one" in said


def set_version(ledger: Ledger, number: int) -> None:
    with ledger._database.writing() as connection:  # noqa: SLF001 - as a newer program would
        connection.execute(version.update().values(version=number))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"postgresql://me:{PASSWORD}@host/x", "ledger_url is not a URL; in a password, write @"),
        ("mysql://me:s3cret@host/x", "ledger_url must begin with sqlite:/// or postgresql://"),
        ("sqlite://", "ledger_url must name a file after sqlite:///"),
        ("sqlite:///:memory:", "ledger_url must name a file after sqlite:///"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(url: str, expected: str, tmp_path: Path) -> None:
    assert refusal(Place(url, tmp_path)).startswith(expected)


def test_a_file_can_be_named_by_a_url(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path}/kept/here.db", tmp_path)
    with place.open() as ledger:
        ledger.settle(None, events=events(1, "a"))
    assert (tmp_path / "kept" / "here.db").exists()


def test_without_psycopg_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as if it were not there
    said = refusal(Place(f"postgresql://me:{digests('x').hex()}@127.0.0.1:1/x", tmp_path))
    assert "pip install 'target-clevertap[postgres]'" in said


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = refusal(Place("postgresql://me:s3cret@127.0.0.1:1/sales", tmp_path))
    assert said.startswith("The ledger 127.0.0.1:1/sales cannot be reached: ")
    assert "onnection refused" in said
    assert "Look whether its server is running" in said


def test_a_wrong_password_is_told(database: Database, tmp_path: Path) -> None:
    url = url_of(database).replace(database.password, "s3cret")
    said = refusal(Place(url, tmp_path))
    assert "password authentication failed" in said


def test_a_server_that_fails_in_the_middle_ends_the_run(
    postgres: Place, database: Database
) -> None:
    ledger = postgres.open()
    number = ledger.claim("orders").number
    ledger.settle(None, events=events(number, "a"))
    with database.connect() as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(LedgerError, match="terminating connection"):
        ledger.note(events(number, "b"), b"")
    # The locks are gone with their session: it must not go on as if it had them.
    with pytest.raises(LedgerError, match="terminating connection"):
        ledger.known_events(events(number, "a"))
    with pytest.raises(LedgerError, match="was lost"):
        ledger.known_events(events(number, "a"))
    ledger.close()
    with postgres.open() as ledger:
        assert ledger.known_events(events(number, "a")) == [(0, False)]


def test_a_server_that_lets_nobody_make_tables_is_told(database: Database, tmp_path: Path) -> None:
    with database.connect() as admin:
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'x'")
        try:
            url = url_of(database).replace(database.password, "x")
            said = refusal(Place(url.replace(f"//{database.user}:", "//reader:"), tmp_path))
        finally:
            admin.execute("DROP ROLE reader")
    assert "permission denied for schema public" in said
    assert "Ask who runs the database" in said


def test_the_notes_of_a_full_disk_are_decided_about_by_the_next_run(sqlite: Place) -> None:
    fill_up(sqlite)
    with sqlite_rows(sqlite) as rows:
        left = rows("SELECT run FROM clevertap_ledger_call")
    with sqlite.open(uncertain="hold") as ledger:
        assert ledger.recovered.events == 1000 * len(left)
        with sqlite_rows(sqlite) as rows:
            assert rows("SELECT run FROM clevertap_ledger_call") == []
