"""Room on the disk that is kept for the answers of calls that are under way when it gets full."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

BYTES: Final = 4 * 1024 * 1024
"""To settle a call takes 65 kB for events and 150 kB for counters: 15 at once take 2.3 MB."""

NOT_THERE: Final = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What a disk says that cannot set room aside, without being full."""


class Reserve:
    """A file that holds nothing but room; of use only to who has the ledger beside it."""

    def __init__(self, path: Path) -> None:
        """Nothing is kept yet."""
        self._path = path
        self._kept = False
        self.is_made = False
        """Whether there was room that could be given up."""

    def keep(self) -> None:
        """The room is there, and nobody else can take it.

        Raises:
            OSError: when the disk has not so much.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._kept = self.is_made = True
        try:
            _allocate(descriptor)
        except OSError:
            self.give_up()
            raise
        finally:
            os.close(descriptor)

    def give_up(self) -> bool:
        """The room is free for others; returns whether it was kept until now."""
        kept, self._kept = self._kept, False
        if kept:
            with suppress(OSError):  # what is gone needs no removal, and what cannot be stays
                os.truncate(self._path, 0)
                self._path.unlink()
        return kept


def _allocate(descriptor: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, BYTES)
    except AttributeError:  # macOS has no such call
        _fill(descriptor)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        _fill(descriptor)


def _fill(descriptor: int) -> None:
    for start in range(0, BYTES, len(_PIECE)):
        if os.pwrite(descriptor, _PIECE, start) != len(_PIECE):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


_PIECE: Final = os.urandom(64 * 1024)
"""No zeros: some disks would keep none of them."""
