"""What a custom list costs: all of its members in one run, each of another row."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from benchmarks import tap
from benchmarks.runs import COMMAND, BenchFailed, Process, measured, null_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Membership = Literal["snapshot", "accumulate"]

MEMBERSHIPS: Final[tuple[Membership, ...]] = get_args(Membership)


@dataclass(frozen=True, slots=True)
class ListRun:
    """A load of so many members, with a ledger, and what its process used."""

    membership: Membership
    members: int
    process: Process


def loads_of_lists(sizes: Sequence[int], folder: Path) -> Iterator[ListRun]:
    """Load lists of some sizes, of each membership.

    Raises:
        BenchFailed: when not every member has arrived.
    """
    for members in sizes:
        file = folder / f"members-{members}.jsonl"
        tap.write_members(file, members)
        for membership in MEMBERSHIPS:
            yield ListRun(membership, members, _load(membership, members, file, folder))
        file.unlink()


def _load(membership: Membership, members: int, file: Path, folder: Path) -> Process:
    work_dir, config = folder / "lists", folder / "lists.json"
    with null_server() as server:
        settings = tap.config(server.url, work_dir) | {"streams": tap.list_mapping(membership)}
        del settings["ledger_url"]
        config.write_text(json.dumps(settings), encoding="utf-8")
        process = measured([COMMAND, "--config", config, "--input", file], folder / "lists.log")
    shutil.rmtree(work_dir)
    if server.seen.members != members:
        raise BenchFailed(f"{membership}: {server.seen.members} of {members} members have arrived")
    return process
