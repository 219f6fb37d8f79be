"""The tap that Meltano installed, and its pipe into the target, without Meltano."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from examples.shop.project import PLUGINS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from examples.shop.postgres import Database

TAP: Final = PLUGINS / "extractors" / "tap-postgres" / "venv" / "bin" / "tap-postgres"
TARGET: Final = Path(sys.executable).with_name("target-clevertap")
TIMEOUT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Piped:
    """How a pipe ended: its exit codes, and the target's output."""

    tap_code: int
    target_code: int
    states: tuple[Any, ...]
    log: str


def loader_config() -> dict[str, Any]:
    """The target's configuration in the repository's meltano.yml."""
    config: dict[str, Any] = _plugin("loaders")["config"]
    return config


def tap_config(database: Database) -> dict[str, Any]:
    """A configuration of tap-postgres for a database."""
    return {
        "host": database.host,
        "port": database.port,
        "user": database.user,
        "password": database.password,
        "database": database.name,
        "filter_schemas": ["public"],
    }


def discovered(config: Path) -> dict[str, Any]:
    """The tap's catalog, with the selection and replication that meltano.yml asks for."""
    catalog = _discover(config)
    wanted = _plugin("extractors")["metadata"]
    for stream in catalog["streams"]:
        (metadata,) = (entry for entry in stream["metadata"] if entry["breadcrumb"] == [])
        replication = wanted[stream["tap_stream_id"]]
        metadata["metadata"] |= {"selected": True} | replication
        stream["replication_method"] = replication["replication-method"]
        if key := replication.get("replication-key"):
            stream["replication_key"] = key
    return catalog


def discovered_tables(config: Path, method: str, key: str) -> dict[str, Any]:
    """The tap's catalog with every table selected, replicated by one method."""
    catalog = _discover(config)
    for stream in catalog["streams"]:
        (metadata,) = (entry for entry in stream["metadata"] if entry["breadcrumb"] == [])
        metadata["metadata"] |= {"selected": True, "replication-method": method}
        stream["replication_method"] = method
        if method == "INCREMENTAL":
            metadata["metadata"]["replication-key"] = stream["replication_key"] = key
    return catalog


def _discover(config: Path) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - the tap that make setup installed
        [_tap(), "--config", config, "--discover"],
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    catalog: dict[str, Any] = json.loads(done.stdout)
    return catalog


def pipe(folder: Path, tap_options: Iterable[str | Path], config: Path) -> Piped:
    """`tap-postgres ... | target-clevertap --config ...`, with what both say in `folder`."""
    states, log = folder / "states.jsonl", folder / "target.log"
    with (
        states.open("wb") as state_file,
        log.open("wb") as log_file,
        (folder / "tap.log").open("wb") as tap_log,
        subprocess.Popen(  # noqa: S603 - the tap that make setup installed
            [_tap(), *tap_options], stdout=subprocess.PIPE, stderr=tap_log
        ) as tap,
        subprocess.Popen(  # noqa: S603 - our own command
            [TARGET, "--config", config], stdin=tap.stdout, stdout=state_file, stderr=log_file
        ) as target,
    ):
        assert tap.stdout is not None
        tap.stdout.close()
        target.wait(TIMEOUT_SECONDS)
        tap.wait(TIMEOUT_SECONDS)
    return Piped(
        tap.returncode,
        target.returncode,
        tuple(json.loads(line) for line in states.read_bytes().splitlines()),
        log.read_text(encoding="utf-8"),
    )


def _tap() -> Path:
    if not TAP.exists():
        raise FileNotFoundError(f"{TAP} is missing: run `make setup`.")
    return TAP


def _plugin(kind: str) -> dict[str, Any]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = project["plugins"][kind]
    found: dict[str, Any] = plugin
    return found
