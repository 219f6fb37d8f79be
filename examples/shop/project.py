"""The repository's Meltano project, run from a folder of its own.

The folder holds a copy of `meltano.yml` and links to the installed plugins. State, logs and run
files stay in it, so a run here neither sees nor changes those of the repository, nor its `.env`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from examples.shop.processes import running
from examples.shop.sandbox import ACCOUNT_ID, PASSCODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.shop.postgres import Database

ROOT: Final = Path(__file__).resolve().parents[2]
MELTANO: Final = ROOT / ".tools" / "meltano" / "bin" / "meltano"
PLUGINS: Final = ROOT / ".meltano"
_LINES_SHOWN: Final = 20
_OURS: Final = ("MELTANO_", "TAP_POSTGRES_", "TARGET_CLEVERTAP_")


class MeltanoMissing(Exception):
    """Meltano or its plugins are not installed."""


class MeltanoFailed(Exception):
    """`meltano` ended with an error; the message names its log and tells what it complains of."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Meltano project in `folder`, from `database` into the CleverTap at `api_url`."""

    folder: Path
    database: Database
    api_url: str

    @property
    def log(self) -> Path:
        """Everything that Meltano, the tap and the target say."""
        return self.folder / "meltano.log"

    @property
    def work_dir(self) -> Path:
        """Where the target keeps rejected rows."""
        return self.folder / "target-clevertap"

    def prepare(self) -> None:
        """Lay out the folder.

        Raises:
            MeltanoMissing: when `make setup` has not been run.
        """
        plugins = [PLUGINS / kind for kind in ("extractors", "loaders")]
        if not all(path.exists() for path in (MELTANO, *plugins)):
            raise MeltanoMissing("Meltano and its plugins are not installed: run `make setup`.")
        own = self.folder / ".meltano"
        own.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "meltano.yml", self.folder)
        for path in plugins:
            (own / path.name).symlink_to(path)

    def run(self, *options: str, **settings: str) -> None:
        """`meltano run tap-postgres target-clevertap`; `settings` are further variables.

        Raises:
            MeltanoFailed: when it ends with an error.
        """
        command: list[str | Path] = [MELTANO, "run", *options, "tap-postgres", "target-clevertap"]
        with running(command, self.log, env=self._environment() | settings, cwd=self.folder) as run:
            output, _ = run.communicate()
        with self.log.open("a", encoding="utf-8") as log:
            log.write(output)
        if run.returncode:
            raise MeltanoFailed(
                f"meltano run ended with {run.returncode}; its log is {self.log}:\n"
                + self._complaints()
            )

    def _complaints(self) -> str:
        """The errors in the log, or when it names none, the end of it."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        errors = [line for line in lines if "[error" in line or "[critical" in line]
        return "\n".join(errors or lines[-_LINES_SHOWN:])

    def rejected(self) -> Iterator[dict[str, Any]]:
        """The RECORD lines of every rejected.jsonl, the earliest run first."""
        for path in self.rejected_files():
            for line in path.read_text(encoding="utf-8").splitlines():
                message = json.loads(line)
                if message["type"] == "RECORD":
                    yield message

    def rejected_files(self) -> list[Path]:
        """The rejected.jsonl of every run that rejected something, the earliest first."""
        return sorted(self.work_dir.glob("*/runs/*/rejected.jsonl"))

    def _environment(self) -> dict[str, str]:
        """This process's variables, with none in them that would point anywhere else."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_OURS)
        }
        return inherited | {
            "MELTANO_PROJECT_ROOT": str(self.folder),
            "MELTANO_PROJECT_READONLY": "true",
            "MELTANO_AUTO_INSTALL": "false",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_CLI_LOG_FORMAT": "uncolored",
            "NO_PROXY": self.database.host,
            "no_proxy": self.database.host,
            "XDG_STATE_HOME": str(self.folder / "logs"),
            "TAP_POSTGRES_HOST": self.database.host,
            "TAP_POSTGRES_PORT": str(self.database.port),
            "TAP_POSTGRES_USER": self.database.user,
            "TAP_POSTGRES_PASSWORD": self.database.password,
            "TAP_POSTGRES_DATABASE": self.database.name,
            "TARGET_CLEVERTAP_ACCOUNT_ID": ACCOUNT_ID,
            "TARGET_CLEVERTAP_PASSCODE": PASSCODE,
            "TARGET_CLEVERTAP_API_URL": self.api_url,
            "TARGET_CLEVERTAP_WORK_DIR": str(self.work_dir),
            # Many rows are wrong on purpose; in a small shop, more than a real one would stand.
            "TARGET_CLEVERTAP_MAX_REJECTED_PERCENT": "100",
        }
