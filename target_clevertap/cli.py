"""The command line: one sentence and an exit code for everything that can go wrong."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import click

from target_clevertap.errors import SettingsError, TargetCleverTapError
from target_clevertap.process import end, tune
from target_clevertap.target import TargetCleverTap

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("target-clevertap")

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `target-clevertap` and end the process.

    Exit codes: 0 done; 1 could not go on; 2 wrong usage or settings; 3 delivered, but too many
    rows were rejected, or a segment was refused by its guard; 128+n ended by signal n.
    """
    tune()
    end(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code after saying what was wrong, if anything."""
    try:
        code = TargetCleverTap.cli.main(
            arguments, prog_name=TargetCleverTap.name, standalone_mode=False
        )
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except TargetCleverTapError as error:
        _say(error)
        return error.exit_code
    except OSError as error:
        # Without a word of the system's it is a library's, whose text may hold anything.
        what = error.strerror or type(error).__name__
        log.critical("%s: %s", error.filename or "Input or output failed", what)
        return FAILED
    except Exception as error:  # noqa: BLE001 - the outermost edge: a bug is told without its values
        log.critical("%s", _without_values(error))
        return FAILED
    return code if isinstance(code, int) else 0


def _say(error: TargetCleverTapError) -> None:
    lines = error.mistakes if isinstance(error, SettingsError) else (str(error),)
    for line in lines:
        log.critical("%s", line, extra={"stream_name": error.stream})


def _without_values(error: Exception) -> str:
    """Where a bug struck. Its message is left out: it may hold a record's value."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames[::-1])
    return (
        f"Unforeseen {type(error).__name__}, which is a fault of this program; please report it "
        f"with these places: {where}"
    )
