"""The command line of `clevertap-sandbox`."""

from __future__ import annotations

import sqlite3
import sys
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from target_clevertap.sandbox.account import Account
from target_clevertap.sandbox.fault_spelling import parse_fault
from target_clevertap.sandbox.latency import Latency, parse_latency
from target_clevertap.sandbox.options import setting_options, settings_of
from target_clevertap.sandbox.store import OtherVersionError, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_clevertap.sandbox.faults import AnyFault

NEEDED = ("starlette", "uvicorn")
HELP = """A local CleverTap for trying things out: nothing that is sent here leaves this machine.

Options that begin with "guess:" decide what CleverTap's documentation leaves open."""


def _latency(context: click.Context, __: click.Parameter, text: str) -> Latency:
    try:
        return parse_latency(text, context.params["seed"])
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _faults(context: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> list[AnyFault]:
    try:
        return [parse_fault(text, context.params["seed"]) for text in texts]
    except ValueError as error:  # msgspec's own are among them
        raise click.BadParameter(str(error)) from error


@click.command("clevertap-sandbox", help=HELP)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--allow-remote", is_flag=True, help="Allow a host that is not loopback.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes any that is free.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file for what is sent; by default it is kept in memory.",
)
@click.option("--reset", is_flag=True, help="Empty the database first.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    is_eager=True,
    help="Seed of what is drawn: which calls a rate strikes, and how latency spreads.",
)
@click.option(
    "--latency",
    metavar="TIME",
    callback=_latency,
    default="0ms",
    show_default=True,
    help="Time that each call takes, such as 200ms or 200ms±50ms.",
)
@click.option(
    "--fault",
    "faults",
    metavar="FAULT",
    callback=_faults,
    multiple=True,
    help="What goes wrong, such as '429 calls=5-9' or 'reset_after rate=0.01': see "
    "docs/sandbox.md; repeatable.",
)
def command(  # noqa: PLR0913 - one parameter an option
    *,
    host: str,
    allow_remote: bool,
    port: int,
    db: Path | None,
    reset: bool,
    seed: int,  # noqa: ARG001 - latency and faults have it already
    latency: Latency,
    faults: list[AnyFault],
    **settings: object,
) -> None:
    """Serve an emulated account until a signal comes."""
    from target_clevertap.sandbox.server import serve  # noqa: PLC0415 - it needs the extra

    if not allow_remote and not _is_loopback(host):
        raise click.UsageError(f"{host} is not a loopback address; --allow-remote permits it.")
    try:
        account = Account(Store(db), settings_of(settings), latency, faults)
        if reset:
            account.reset()
        serve(account, host, port)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error
    except (OtherVersionError, sqlite3.Error):
        _give_up(f"{db} is not a database of this version of clevertap-sandbox.")
    except OSError as error:
        _give_up(f"Cannot listen on {host} port {port}: {error.strerror}.")


command.params += setting_options()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `clevertap-sandbox` and end the process: 0 stopped, 1 could not start, 2 wrong usage."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        _give_up(
            f"clevertap-sandbox needs {' and '.join(missing)}: install target-clevertap[sandbox]."
        )
    command.main(arguments)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _give_up(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)
