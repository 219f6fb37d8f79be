"""One load of some files into a local CleverTap, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from examples.shop.sandbox import ACCOUNT_ID, PASSCODE
from target_clevertap.settings import read_config
from target_clevertap.suggest import read_catalog, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.files.tap import Tap
    from examples.shop.sandbox import Sandbox

TARGET: Final = Path(sys.executable).with_name("target-clevertap")
DELIVERED: Final = {0, 3}
"""Exit codes after which everything has been delivered; 3: but too many rows were rejected."""
_LINES_SHOWN: Final = 5


class LoadFailed(Exception):
    """The tap or the target could not go on; the message has its last words."""


class NothingMapped(Exception):
    """No mapping could be suggested; the message says where to write one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Files on their way into a sandbox; everything that is left of it is in `folder`."""

    folder: Path
    tap: Tap
    mapping: Path
    """The target's settings in YAML, without those of the account."""

    def guess_mapping(self) -> bool:
        """Have a mapping: one that is there already is kept, so that no correction is lost.

        Returns whether it was guessed from the names of the columns now.

        Raises:
            NothingMapped: when there is none for any of the files.
        """
        guessed = not self.mapping.exists()
        if guessed:
            catalog = self.folder / "catalog.json"
            catalog.write_bytes(self.tap.catalog())
            self.mapping.write_text(suggest(read_catalog(catalog)).text, encoding="utf-8")
        if not self._settings().get("streams"):
            raise NothingMapped(
                f"Nothing in these files could be mapped by its name: write into {self.mapping} "
                "what they are, and load them again."
            )
        return guessed

    def load(self, sandbox: Sandbox) -> None:
        """Run the tap into the target.

        Raises:
            LoadFailed: when one of them could not go on.
        """
        config = self.folder / "config.json"
        account = {
            "account_id": ACCOUNT_ID,
            "passcode": PASSCODE,
            "api_url": sandbox.url,
            "work_dir": str(self.folder / "work"),
        }
        config.write_text(json.dumps(self._settings() | account, indent=2), encoding="utf-8")
        with (
            self._log("tap").open("wb") as tap_says,
            self._log("target").open("wb") as target_says,
            subprocess.Popen(self.tap.command, stdout=subprocess.PIPE, stderr=tap_says) as tap,
            subprocess.Popen(
                [TARGET, "--config", config],
                stdin=tap.stdout,
                stdout=subprocess.DEVNULL,
                stderr=target_says,
            ) as target,
        ):
            if tap.stdout is not None:
                tap.stdout.close()  # the target alone reads it, so the tap hears when it ends
        if target.returncode not in DELIVERED:
            raise LoadFailed(self._last_words("target"))
        if tap.returncode:
            raise LoadFailed(self._last_words("tap"))

    def rejected(self) -> Counter[tuple[str, str]]:
        """Rejected rows by stream and reason."""
        return Counter(
            (row["stream"], f"{row['rejected']['code']}: {row['rejected']['reason']}")
            for row in self._rejected()
        )

    def rejected_files(self) -> list[Path]:
        """The files in which rejected rows are kept."""
        return sorted(self.folder.glob("work/*/runs/*/rejected.jsonl"))

    def _rejected(self) -> Iterator[dict[str, Any]]:
        for file in self.rejected_files():
            for line in file.read_text(encoding="utf-8").splitlines():
                message = json.loads(line)
                if message["type"] == "RECORD":
                    yield message

    def _settings(self) -> dict[str, Any]:
        return read_config(str(self.mapping))

    def _log(self, program: str) -> Path:
        return self.folder / f"{program}.log"

    def _last_words(self, program: str) -> str:
        log = self._log(program)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_SHOWN:]
        return "\n".join([f"The {program} could not go on; its log is {log}:", *lines])
