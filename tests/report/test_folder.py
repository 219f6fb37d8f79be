"""The folder of a run: its owner's alone, whole files only, and never in the way of the run."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec
import pytest

from target_clevertap.delivery.spool import Spool
from target_clevertap.errors import InputError, WorkDirError
from target_clevertap.folders import hold
from target_clevertap.rejects import UNCERTAIN, Rejects, Row, Stream
from target_clevertap.report.folder import FOLDERS_KEPT, RunFolder, run_id
from target_clevertap.report.model import Report
from target_clevertap.report.page import render
from tests.report.samples import clean, nasty, small
from tests.support.disks import full_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_clevertap.report.folder import RunFolder as Folder

NOW = datetime(2026, 3, 1, 4, 0, 7, tzinfo=timezone.utc)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Where the folders of runs are."""
    return tmp_path / "state" / "ACCOUNT" / "runs"


@pytest.fixture
def folder(runs: Path) -> RunFolder:
    return RunFolder(runs / run_id(NOW))


@pytest.fixture(scope="module")
def ended() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def old_runs(runs: Path, process: int, count: int) -> list[Path]:
    """Folders of runs on the days of a month long ago, each with something in it."""
    found = [runs / f"202501{day:02}T000000Z-{process}" for day in range(1, count + 1)]
    for path in found:
        (path / "deeper").mkdir(parents=True)
        (path / "deeper" / "report.json").write_text("{}")
    return found


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_runs_are_named_by_their_start_and_differ_in_the_same_second() -> None:
    later = NOW.replace(microsecond=42)
    assert [run_id(NOW), run_id(later)] == ["20260301T040007Z-000000", "20260301T040007Z-000042"]


def test_both_forms_of_the_report_are_kept(folder: Folder) -> None:
    folder.keep(small())
    written = (folder.path / "report.json").read_bytes()
    assert msgspec.json.decode(written, type=Report) == small()
    assert (folder.path / "report.html").read_text(encoding="utf-8") == render(small())
    assert {path.name for path in folder.path.iterdir()} == {"report.json", "report.html"}


def test_nobody_else_can_read_it_whatever_the_umask(folder: Folder, tmp_path: Path) -> None:
    with umask(0):
        folder.keep(clean())
    made = [folder.path, *folder.path.parents]
    for path in made[: made.index(tmp_path)]:
        assert mode(path) == 0o700, path
    for path in folder.path.iterdir():
        assert mode(path) == 0o600, path


def test_folders_that_were_there_keep_their_mode(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    folder.create()
    folder.create()
    assert mode(tmp_path / "state") == 0o755
    assert mode(folder.path) == 0o700


def test_it_stays_beside_the_rejected_rows_of_the_run(folder: Folder) -> None:
    folder.create()
    (folder.path / "rejected.jsonl").write_text("{}\n")
    folder.keep(clean())
    assert (folder.path / "rejected.jsonl").read_text() == "{}\n"


def test_text_that_utf8_cannot_write_is_no_obstacle(folder: Folder) -> None:
    folder.keep(nasty())
    assert "onerror" in (folder.path / "report.json").read_text(encoding="utf-8")


# old runs


def test_the_newest_thirty_runs_are_kept(runs: Path, folder: Folder, ended: int) -> None:
    old = old_runs(runs, ended, 31)
    folder.keep(clean())
    kept = FOLDERS_KEPT - 1
    assert [path.exists() for path in old] == [False] * (31 - kept) + [True] * kept
    assert folder.path.exists()


def reject_a_row(folder: Path) -> Rejects:
    rejects = Rejects(folder / "rejected.jsonl")
    users = Stream("users", {}, (), lambda _record: ())
    rejects.add(Row(users, b'{"type":"RECORD","stream":"users","record":{}}', 1), UNCERTAIN)
    return rejects


@pytest.mark.parametrize("use", [reject_a_row, Spool], ids=["rejected rows", "a list"])
def test_a_run_that_is_under_way_is_not_removed(
    use: Callable[[Path], Rejects | Spool], runs: Path, folder: Folder, ended: int
) -> None:
    alive = runs / f"20240101T000000Z-{ended}"
    part = use(alive)
    old_runs(runs, ended, 31)
    folder.prune()
    assert alive.exists()
    part.close()
    folder.prune()
    assert not alive.exists()


def test_a_killed_run_is_removed_also_when_a_process_has_its_id(
    runs: Path, folder: Folder, ended: int
) -> None:
    script = (
        "import os, sys; from pathlib import Path; from target_clevertap.folders import hold;"
        "hold(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    killed = runs / f"20240101T000000Z-{os.getpid()}"
    subprocess.run([sys.executable, "-c", script, killed], check=False)  # noqa: S603 - the script
    assert killed.exists()
    old_runs(runs, ended, 31)
    folder.prune()
    assert not killed.exists()


def test_a_run_that_has_left_its_report_has_ended(runs: Path, folder: Folder, ended: int) -> None:
    done = runs / f"20240101T000000Z-{os.getppid()}"
    descriptor = hold(done)
    (done / "report.json").write_text("{}")
    old_runs(runs, ended, 31)
    folder.prune()
    os.close(descriptor)
    assert not done.exists()


def test_the_own_folder_is_kept_also_when_the_clock_was_wrong(runs: Path, ended: int) -> None:
    own = RunFolder(runs / f"19990101T000000Z-{ended}")
    own.create()
    old_runs(runs, ended, 31)
    own.prune()
    assert own.path.exists()


def test_nothing_but_folders_of_runs_is_removed_or_counted(
    runs: Path, folder: Folder, ended: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outside = tmp_path / "outside"
    (outside / "precious").mkdir(parents=True)
    old = old_runs(runs, ended, 31)
    (old[0] / "link").symlink_to(outside)
    others = [runs / "notes", runs / "29990101T000000Z", runs / f"x20240101T000000Z-{ended}"]
    for path in others:
        path.mkdir()
    link, file = runs / f"29990102T000000Z-{ended}", runs / f"20240103T000000Z-{ended}"
    link.symlink_to(outside)
    file.write_text("")

    folder.prune()

    kept = FOLDERS_KEPT - 1
    assert [path.exists() for path in old] == [False] * (31 - kept) + [True] * kept
    assert all(path.exists() for path in (*others, link, file))
    assert caplog.text == ""
    assert (outside / "precious").exists()


def test_an_old_run_that_cannot_be_removed_is_only_logged(
    runs: Path, folder: Folder, ended: int, caplog: pytest.LogCaptureFixture
) -> None:
    old = old_runs(runs, ended, 31)
    with removal_refused(old[0] / "deeper"):
        folder.keep(clean())
    assert old[0].exists()
    assert not old[1].exists()
    assert "An old run folder stays" in caplog.text
    assert (folder.path / "report.json").exists()


@contextmanager
def removal_refused(path: Path) -> Iterator[None]:
    """Nobody removes what is in the folder: root neither, where folders can be immutable."""
    if os.geteuid():
        path.chmod(0o500)
        yield
        path.chmod(0o700)
        return
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", path], check=False).returncode:  # noqa: S603 - e2fsprogs
        pytest.skip("needs a file system with immutable folders, or another user than root")
    yield
    subprocess.run([chattr, "-i", path], check=True)  # noqa: S603 - the same


# a full disk


def test_a_full_disk_ends_in_one_sentence_and_leaves_no_half_file(folder: Folder) -> None:
    with full_disk(), pytest.raises(WorkDirError) as raised:
        folder.keep(small())
    sentence = str(raised.value)
    assert sentence.startswith(f"The report of the run cannot be kept in {folder.path}")
    assert os.strerror(errno.EFBIG) in sentence
    assert "Make room" in sentence
    assert list(folder.path.iterdir()) == []


def test_a_report_that_is_there_is_whole_or_the_former_one(folder: Folder) -> None:
    folder.keep(clean())
    with full_disk(), pytest.raises(WorkDirError):
        folder.keep(small())
    written = (folder.path / "report.json").read_bytes()
    assert msgspec.json.decode(written, type=Report) == clean()


def test_it_never_hides_what_ended_the_run(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    with full_disk(), caplog.at_level(logging.WARNING):
        folder.keep(small(), after=InputError("Line 7 is not JSON."))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "The report of the run cannot be kept" in caplog.text


def test_a_file_in_the_way_of_the_folder_is_named(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(WorkDirError, match="Not a directory"):
        folder.create()


def test_a_link_in_the_place_of_a_file_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    folder.create()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("report.json", ".report.html.part"):
        (folder.path / name).symlink_to(victim)
    with pytest.raises(WorkDirError):
        folder.keep(clean())
    folder.keep(clean())
    assert victim.read_text() == "precious"
