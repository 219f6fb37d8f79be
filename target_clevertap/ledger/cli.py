"""The command line of `clevertap-ledger`: look at what was delivered, and forget some of it."""

from __future__ import annotations

import re
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import click

from target_clevertap.errors import LedgerError, SettingsError, TargetCleverTapError
from target_clevertap.ledger.configuration import read_settings
from target_clevertap.ledger.ledger import open_ledger
from target_clevertap.ledger.migrations import require_tables
from target_clevertap.ledger.overview import overview
from target_clevertap.ledger.place import open_database
from target_clevertap.ledger.run import moment
from target_clevertap.ledger.showing import as_json, as_text
from target_clevertap.settings import LEDGER_OFF, SegmentMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_clevertap.ledger.forgetting import Forgettable
    from target_clevertap.ledger.ledger import Ledger
    from target_clevertap.settings import Settings

FAILED = 1
MOST_DIGITS = 9
SECONDS = {"h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}

_config = click.option(
    "--config",
    "files",
    multiple=True,
    required=True,
    help="Configuration file of target-clevertap, or ENV for environment variables; repeatable.",
)


@click.group("clevertap-ledger")
def command() -> None:
    """Look at what target-clevertap has delivered, and forget some of it on purpose."""


@command.command()
@_config
@click.option("--json", "as_", flag_value=as_json, help="For programs.")
@click.option("--text", "as_", flag_value=as_text, default=True, hidden=True)
def show(files: tuple[str, ...], as_: Callable[..., str]) -> None:
    """Show streams and their rows, segments, size on disk and last runs."""
    settings = _settings(files)
    with closing(open_database(settings.ledger_url, settings.account_dir)) as database:
        require_tables(database)
        click.echo(as_(overview(database, settings.account_id), settings))


def _age(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """Seconds."""
    if text is None:
        return None
    matched = re.fullmatch(r"(\d+)([hdw])", text)
    if matched is None:
        raise click.BadParameter("must be a number with h, d or w behind it, such as 90d")
    number, unit = matched.groups()
    # Python reads no number of any length.
    if len(number) > MOST_DIGITS or (seconds := int(number) * SECONDS[unit]) > time.time():
        raise click.BadParameter("nothing can be that old; take a smaller number, such as 90d")
    return seconds


@command.command()
@_config
@click.option("--stream", required=True, help="Name of the stream.")
@click.option(
    "--older-than", "age", callback=_age, metavar="AGE", help="Only rows older than, say, 90d."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(files: tuple[str, ...], stream: str, age: int | None, *, yes: bool) -> None:
    """Forget what a stream has delivered: its rows are sent again when they come again."""
    settings = _settings(files)
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here: add --yes to forget without a question.")
    before = None if age is None else int(time.time()) - age
    with open_ledger(
        settings.ledger_url,
        account=settings.account_id,
        folder=settings.account_dir,
        uncertain=settings.uncertain_events,
    ) as ledger:
        _forget(ledger, settings, stream, before, asks=not yes)


def _forget(
    ledger: Ledger, settings: Settings, stream: str, before: int | None, *, asks: bool
) -> None:
    if not ledger.knows(stream):
        raise LedgerError(f"No run has had a stream {stream}: there is nothing to forget.")
    rows, segment = ledger.forgettable(stream, before), None
    if before is None:
        segment = _segment(ledger, settings, stream)
    what = f"{_counted(rows)}{'' if before is None else f' older than {moment(before)}'}"
    if segment is not None:
        what += f", and the list {segment} with {ledger.member_count(segment):,} kept members"
    if not rows and segment is None:
        click.echo(f"Nothing to forget of {stream}: {what}.")
        return
    if asks and not click.confirm(f"Forget of {stream}: {what}?"):
        click.echo("Nothing was forgotten.")
        raise click.exceptions.Exit(FAILED)
    ledger.forget(stream, before)
    if segment is not None:
        ledger.forget_segment(segment)
    click.echo(f"Forgotten of {stream}: {what}.")
    ledger.shrink()


def _segment(ledger: Ledger, settings: Settings, stream: str) -> str | None:
    """The list that is made of the stream, if anything is known of it."""
    if not settings.covers(stream):
        return None
    _, mapping = settings.mapping_for(stream)
    if not isinstance(mapping, SegmentMapping):
        return None
    name = mapping.segment_name
    return name if ledger.segment(name) or ledger.member_count(name) else None


def _counted(rows: Forgettable) -> str:
    counters = f", {rows.counters:,} held counters" if rows.counters else ""
    return (
        f"{rows.events:,} events, {rows.profiles:,} profiles{counters} "
        f"and {rows.waiting:,} waiting rows"
    )


def _settings(files: Sequence[str]) -> Settings:
    settings = read_settings(files)
    if settings.ledger_url == LEDGER_OFF:
        raise LedgerError("There is no ledger: ledger_url is off.")
    return settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `clevertap-ledger` and end the process.

    Exit codes: 0 done; 1 could not be done; 2 wrong usage or settings.
    """
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code after saying what was wrong, if anything."""
    try:
        code = command.main(arguments, prog_name="clevertap-ledger", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Nothing was forgotten.", err=True)
        return FAILED
    except TargetCleverTapError as error:
        lines = error.mistakes if isinstance(error, SettingsError) else (str(error),)
        for line in lines:
            click.echo(line, err=True)
        return error.exit_code
    return code if isinstance(code, int) else 0
