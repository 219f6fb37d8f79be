"""Files into a local CleverTap, to see them there before a customer is touched.

`python -m examples.files.load` loads the sample files of this folder; with CSV files of your own it
guesses a mapping from their columns, which you can correct; the next time it is taken as it is.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from examples.files.tap import NoSuchFile, Tap, TapFailed, TapMissing, tap_for
from examples.files.trial import LoadFailed, NothingMapped, Trial
from examples.shop.project import ROOT
from examples.shop.sandbox import Sandbox, SandboxFailed, start_sandbox
from examples.shop.stopping import Stopped, stop_on_signals
from target_clevertap.errors import TargetCleverTapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE: Final = Path(__file__).parent
SAMPLES: Final = tuple(HERE / name for name in ("customers.csv", "orders.csv", "vip.csv"))
MAPPING: Final = HERE / "mapping.yml"
FOLDER: Final = ROOT / "output" / "files"
PORT: Final = 8080
LONGEST_NAME: Final = 100
PROBLEMS: Final = (
    *(NoSuchFile, TapMissing, TapFailed, NothingMapped, LoadFailed),
    TargetCleverTapError,
)


@click.command(help=__doc__)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--csv",
    "listed",
    default="",
    help="More files, in one text as a shell would split it; a name with spaces may stand alone.",
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The target's settings in YAML, if not to be guessed.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default="output/files",
    help="For what is left of it.",
)
@click.option("--port", default=PORT, show_default=True, help="Of the page; 0 takes any.")
@click.option("--once", is_flag=True, help="End at once instead of keeping the page up.")
def main(  # noqa: PLR0913 - the options of the command
    files: Sequence[Path],
    listed: str,
    mapping: Path | None,
    folder: Path,
    *,
    port: int,
    once: bool,
) -> None:
    """Load the files; exit code 1 if that was not possible."""
    stop_on_signals()
    try:
        _run((*files, *split_names(listed)), mapping, folder, port=port, once=once)
    except SandboxFailed as problem:
        print(f"{problem}\nAnother port would be `make try PORT=8081`.", file=sys.stderr)
        sys.exit(1)
    except PROBLEMS as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except Stopped:
        print("\nStopped; nothing is left running.", file=sys.stderr)


def split_names(text: str) -> tuple[Path, ...]:
    """The files that a text names: one with spaces in its name, or several between spaces."""
    if Path(text).is_file():
        return (Path(text),)
    try:
        return tuple(Path(name) for name in shlex.split(text))
    except ValueError:  # a quotation mark that is a part of a name
        return tuple(Path(name) for name in text.split())


def _run(
    files: Sequence[Path], mapping: Path | None, folder: Path, *, port: int, once: bool
) -> None:
    for old in ("work", "clevertap.sqlite", "clevertap.sqlite-wal", "clevertap.sqlite-shm"):
        _remove(folder / old)
    folder.mkdir(parents=True, exist_ok=True)
    tap = tap_for(files or SAMPLES, folder / "tap.json")
    trial = _trial(files, mapping, folder, tap)
    database = folder / "clevertap.sqlite"
    options = ("--db", str(database), "--port", str(port))
    with start_sandbox(folder / "sandbox.log", *options) as sandbox:
        trial.load(sandbox)
        _tell(trial, sandbox)
        if not once:
            _keep(sandbox)


def _trial(files: Sequence[Path], mapping: Path | None, folder: Path, tap: Tap) -> Trial:
    if mapping is None and not files:
        mapping = MAPPING
    if mapping is not None:
        return Trial(folder, tap, mapping)
    names = "-".join(file.stem for file in files)[:LONGEST_NAME]
    trial = Trial(folder, tap, folder / f"mapping-{names}.yml")
    if trial.guess_mapping():
        print(f"The mapping was guessed from the columns: correct it in {_shown(trial.mapping)},")
        print("and do the same again; it is then taken as it is.\n")
    else:
        print(f"The mapping is {_shown(trial.mapping)}; remove it to have it guessed again.\n")
    return trial


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _tell(trial: Trial, sandbox: Sandbox) -> None:
    print("\n".join(_story(trial, sandbox)), flush=True)


def _story(trial: Trial, sandbox: Sandbox) -> Iterable[str]:
    arrival = sandbox.arrived_after(0)
    yield "Arrived:"
    yield f"  {arrival.profiles:6,} x profile"
    for name, count in sorted(arrival.events.items(), key=lambda item: -item[1]):
        yield f"  {count:6,} x event “{name}”"
    for segment in sandbox.segments():
        yield (
            f"  segment “{segment['name']}”: {segment['members']} members, "
            f"{segment['unknown']} unknown"
        )
    rejected = trial.rejected()
    if rejected:
        yield "Rejected:"
        for (stream, reason), count in rejected.most_common():
            yield f"  {count:6,} x {stream}, {reason}"
        yield f"Each row is kept with its reason in {_shown(trial.rejected_files()[-1])}"


def _keep(sandbox: Sandbox) -> None:
    """Leave the page up until a signal comes."""
    print(f"\nSee them as CleverTap holds them: {sandbox.url} (Ctrl-C ends it)", flush=True)
    while True:
        signal.pause()


def _shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
