"""tap-spreadsheets: what it is told about files, and what it says of them."""

from __future__ import annotations

import csv
import glob
import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from examples.shop.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

TAP: Final = ROOT / ".tools" / "files" / "bin" / "tap-spreadsheets"
DELIMITERS: Final = ",;\t|"
QUOTE: Final = '"'
SAMPLE_ROWS: Final = 100_000
"""Rows that the tap looks at to learn the columns."""


class TapMissing(Exception):
    """tap-spreadsheets is not installed."""


class TapFailed(Exception):
    """The tap cannot read the files; the message has its own words."""


class NoSuchFile(Exception):
    """A file is not there, or has no header; the message names it."""


@dataclass(frozen=True, slots=True)
class Tap:
    """tap-spreadsheets with its configuration in a file."""

    config: Path

    @property
    def command(self) -> list[str]:
        """What runs it."""
        return [str(TAP), "--config", str(self.config)]

    def catalog(self) -> bytes:
        """What it discovers.

        Raises:
            TapFailed: when it does not.
        """
        found = subprocess.run([*self.command, "--discover"], capture_output=True, check=False)
        if found.returncode:
            raise TapFailed(found.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        return found.stdout


def tap_for(files: Iterable[Path], config: Path) -> Tap:
    """The tap for some CSV files, each a stream of its own named like the file.

    Raises:
        TapMissing: when `make setup` has not been run.
        NoSuchFile: when a file is not there, or is empty.
    """
    if not TAP.exists():
        raise TapMissing("tap-spreadsheets is not installed: run `make setup`.")
    settings = {"files": [_settings(file) for file in files]}
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return Tap(config)


def _settings(file: Path) -> dict[str, Any]:
    header, *rows = _cells(file)
    return {
        "path": glob.escape(str(file.resolve())),
        "format": "csv",
        "table_name": file.stem,
        "primary_keys": header[:1] if _tells_apart([row[0] for row in rows if row]) else [],
        "delimiter": _delimiter(file),
        "quotechar": QUOTE,
        "sample_rows": SAMPLE_ROWS,
    }


def _tells_apart(values: Sequence[str]) -> bool:
    """Whether a column can be the key of its file: no value is empty, and none comes twice."""
    return all(values) and len(set(values)) == len(values)


def _cells(file: Path) -> list[list[str]]:
    with _opened(file) as lines:
        rows = list(csv.reader(lines, delimiter=_delimiter(file), quotechar=QUOTE))
    if not rows or not rows[0]:
        raise NoSuchFile(f"{file} has no header.")
    return rows


def _delimiter(file: Path) -> str:
    """What stands most often in the header; a comma if it is a single column."""
    with _opened(file) as lines:
        return max(DELIMITERS, key=lines.readline().count)


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except OSError as error:
        raise NoSuchFile(f"{file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise NoSuchFile(f"{file} is not UTF-8 text.") from error
