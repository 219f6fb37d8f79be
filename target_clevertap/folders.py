"""Folders for their owner alone."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ONLY: Final = 0o700


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing; those that are there stay as they are.

    `Path.mkdir` would give its mode to the last of them only.

    Raises:
        OSError: when it cannot be made.
    """
    if folder.is_dir():
        return
    make_private(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=OWNER_ONLY)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
