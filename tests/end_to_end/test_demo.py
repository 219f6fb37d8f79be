"""The demo shows what it says, leaves nothing running, and touches only its own folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from examples.shop.demo import Demo, FolderTaken
from examples.shop.project import ROOT
from tests.support.postgres import SMALL
from tests.support.processes import MARK, ended, marked

DATA_FOLDER = re.compile(r"postgres -D (\S+)")


def test_the_demo_shows_both_days_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = Demo(tmp_path / "demo", SMALL)
    pages: list[requests.Response] = []

    as_expected = demo.run(lambda sandbox: pages.append(requests.get(sandbox.url, timeout=10)))

    shown = capsys.readouterr().out
    assert as_expected
    assert [page.status_code for page in pages] == [200]
    assert "exactly the rows that were made wrong on purpose" in shown
    assert "10 x profile" in shown
    assert "identity_forbidden: The identifier is a word" in shown
    assert str(min((tmp_path / "demo").rglob("rejected.jsonl"))) in shown


def test_the_demo_empties_a_folder_of_its_own_making_only(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()

    with pytest.raises(FolderTaken):
        Demo(tmp_path, SMALL).run()

    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_running(
    tmp_path: Path, signum: signal.Signals
) -> None:
    mark = uuid.uuid4().hex
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "examples.shop.demo", tmp_path / "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {MARK: mark},
        cwd=ROOT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        if not any(line.startswith("$ meltano run") for line in demo.stdout):
            pytest.fail(demo.communicate()[1])
        running = marked(mark)
        demo.send_signal(signum)
        demo.communicate(timeout=60)

    assert any("sandbox" in command for command in running.values())
    assert demo.returncode == 128 + signum
    assert marked(mark) == {}
    assert not _data_folder(running).parent.exists()


def test_what_a_killed_program_started_ends_by_itself(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    program = (
        "from pathlib import Path\n"
        "from examples.shop.postgres import start_postgres\n"
        "from examples.shop.sandbox import start_sandbox\n"
        f"with start_postgres(), start_sandbox(Path({str(tmp_path / 'log')!r})):\n"
        "    input(print('both are there'))\n"
    )
    with subprocess.Popen(  # noqa: S603 - the lines above
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {MARK: mark, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "both are there\n"
        running = marked(mark)
        started.kill()

    del running[started.pid]
    assert len(running) >= 2
    assert all(ended(process, within_seconds=20) for process in running)
    shutil.rmtree(_data_folder(running).parent)


def _data_folder(running: dict[int, str]) -> Path:
    """Where the PostgreSQL among some processes keeps its data."""
    (folder,) = {found[1] for line in running.values() if (found := DATA_FOLDER.search(line))}
    return Path(folder)


def test_a_page_that_is_kept_up_ends_with_a_signal(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from examples.shop.demo import keep_up\n"
        "from examples.shop.sandbox import start_sandbox\n"
        "from examples.shop.stopping import stop_on_signals\n"
        "stop_on_signals()\n"
        f"with start_sandbox(Path({str(tmp_path / 'log')!r})) as sandbox:\n"
        "    keep_up(sandbox)\n"
    )
    with subprocess.Popen(  # noqa: S603 - the lines above
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as kept:
        assert kept.stdout is not None
        assert kept.stdout.readline() == "\n"
        url = re.search(r"http://\S+", kept.stdout.readline())
        assert url is not None
        assert requests.get(url[0], timeout=10).status_code == 200
        kept.send_signal(signal.SIGINT)
        rest, _ = kept.communicate(timeout=30)

    assert (kept.returncode, rest) == (0, "\nEnded; nothing is left running.\n")
    with pytest.raises(requests.ConnectionError):
        requests.get(url[0], timeout=10)
