"""The options of the command that load nothing: `--check`, `--suggest` and `--preview`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from target_clevertap.errors import NothingMapped, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.settings import Settings

OPTIONS: Final = (
    click.Option(
        ["--check"],
        is_flag=True,
        help="Say whether a run could begin, and what to do if not. Nothing is loaded.",
    ),
    click.Option(
        ["--suggest"],
        type=click.Path(path_type=Path),
        metavar="CATALOG.json",
        help="Print a mapping to begin with, for the streams of a tap's catalog.",
    ),
    click.Option(
        ["--preview"],
        type=click.IntRange(min=1),
        metavar="N",
        help="Read the input, and print what its first N rows of each stream would be sent as.",
    ),
)


def print_line(line: str) -> None:
    """Print a line on standard output; what its encoding cannot write is escaped.

    Raises:
        SettingsError: when there is no standard output.
    """
    _must_print()
    click.echo(line.encode(sys.stdout.encoding, "backslashreplace"))


def _must_print() -> None:
    if sys.stdout is None:  # click would print nothing, and say so to nobody
        raise SettingsError(["standard output is closed, where the answer is to be printed"])


def print_check(read_settings: Callable[[], Settings]) -> int:
    """The exit code of `--check`, after saying what it found."""
    from target_clevertap.check import ledger_of, run_check  # noqa: PLC0415 - a run needs neither

    return run_check(read_settings, ledger_of, print_line)


def print_suggestion(catalog: Path) -> int:
    """The exit code of `--suggest`, after printing a mapping for the catalog in a file.

    Raises:
        SettingsError: when the file is no catalog, or there is no standard output.
        NothingMapped: after printing why, when there is no mapping for any of its streams.
    """
    from target_clevertap.suggest import read_catalog, suggest  # noqa: PLC0415 - a run needs none

    _must_print()
    suggestion = suggest(read_catalog(catalog))
    # As bytes, since YAML is UTF-8 whatever the encoding of the terminal is.
    click.echo(suggestion.text.encode(), nl=False)
    if not suggestion.mapped:
        raise NothingMapped(
            f"--suggest {catalog}: no stream could be mapped for sure; what was printed says why, "
            "so take one of them and write what its rows are."
        )
    return 0
