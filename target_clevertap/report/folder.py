"""The folder of a run: made for its owner alone, its report kept, folders of old runs removed."""

from __future__ import annotations

import logging
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from target_clevertap.errors import WorkDirError
from target_clevertap.folders import is_held, make_private, sync_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from target_clevertap.report.model import Report

log = logging.getLogger(__name__)

FOLDERS_KEPT: Final = 30
"""Of the newest runs, the current one among them."""

REPORT: Final = "report.json"
OWNER_ONLY_FILE: Final = 0o600

_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-\d{1,10}")


def run_id(started: datetime) -> str:
    """The name of a run's folder, by which runs are in the order of their starts.

    The last six digits are microseconds: in containers, ids of processes may all be the same.
    `started` is in UTC.
    """
    return f"{started:%Y%m%dT%H%M%SZ-%f}"


class RunFolder:
    """The folder of one run, among those of other runs of its account."""

    def __init__(self, path: Path) -> None:
        """Nothing is made yet; the name of `path` is the id of the run."""
        self.path = path

    def create(self) -> None:
        """Make the folder and those above it that are missing, for their owner alone.

        Raises:
            WorkDirError: when it cannot be made.
        """
        try:
            make_private(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def keep(self, report: Report, *, after: BaseException | None = None) -> bool:
        """Keep a report as `report.json` and `report.html`, each there as a whole or not at all.

        Returns whether it is kept. Folders of old runs are removed first: that may be the room
        which is missing.

        Args:
            report: of the run.
            after: what ended the run. It is more important than a report that cannot be kept,
                which is then no more than logged.

        Raises:
            WorkDirError: when the report cannot be kept, and nothing else went wrong.
        """
        # A run that has not ended need not wait for Jinja2, which takes as long as all the rest.
        from target_clevertap.report.page import render  # noqa: PLC0415

        self.prune()
        try:
            self.create()
            content = msgspec.json.format(msgspec.json.encode(report), indent=2)
            self._write(REPORT, content + b"\n")
            self._write("report.html", render(report).encode())
        except WorkDirError as error:
            if after is None:
                raise
            log.warning("%s", error)
            return False
        return True

    def prune(self) -> None:
        """Remove the folders of runs that are neither among the newest nor still under way.

        Only folders that are named like a run are ever removed, and no link is followed.
        """
        runs = sorted(self._runs(), key=lambda path: path.name, reverse=True)
        for path in runs[FOLDERS_KEPT:]:
            if path != self.path and not _is_under_way(path):
                try:
                    shutil.rmtree(path)
                except OSError as error:
                    log.warning("An old run folder stays, %s: %s", path, error.strerror)

    def _runs(self) -> Iterator[Path]:
        """The folders of all runs; this run's own counts even before it is made."""
        yield self.path
        with suppress(FileNotFoundError), os.scandir(self.path.parent) as entries:
            for entry in entries:
                if _RUN_ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    found = self.path.parent / entry.name
                    if found != self.path:
                        yield found

    def _write(self, name: str, content: bytes) -> None:
        path, part = self.path / name, self.path / f".{name}.part"
        try:
            _write_durably(part, content)
            part.replace(path)
            sync_names(self.path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise _unwritable(path, error) from error


def _write_durably(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, OWNER_ONLY_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _is_under_way(run: Path) -> bool:
    """Whether the run of a folder goes on, which one that has left its report does not."""
    return not (run / REPORT).exists() and is_held(run)


def _unwritable(path: Path, error: OSError) -> WorkDirError:
    return WorkDirError(
        f"The report of the run cannot be kept in {path}: {error.strerror}. "
        "Make room, or set work_dir to a folder that can be written."
    )
