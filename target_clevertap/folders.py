"""Folders for their owner alone, and which of them somebody is using."""

from __future__ import annotations

import errno
import fcntl
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


def sync_names(folder: Path) -> None:
    """Returns when the names in a folder, and its own, are there even if the power goes.

    Raises:
        OSError: when the disk does not take them.
    """
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def hold(folder: Path) -> int:
    """Make a private folder, and keep it in use until the descriptor that is returned is closed.

    The kernel closes it when the process ends, however that is. Ids of processes could not tell:
    in a container every run has the same one.

    Raises:
        OSError: when it cannot be made.
    """
    make_private(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):  # a file system that cannot lock folders
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether somebody has a folder in use, or may have: not every file system can tell."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
