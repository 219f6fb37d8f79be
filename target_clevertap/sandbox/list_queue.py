"""Custom lists that were accepted and wait to be processed.

CleverTap answers before it reads the file, and tells the owner by mail what came of it (DOC). Here
a file is processed once its time has come by the sandbox's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from target_clevertap.sandbox.list_file import BadListError, read_list
from target_clevertap.sandbox.segments import ListUpload, Mail

if TYPE_CHECKING:
    from target_clevertap.sandbox.segments import Segments
    from target_clevertap.sandbox.store import Store


class Waiting(Struct, frozen=True, kw_only=True):
    """A file that is to be processed at `due`, seconds since the epoch."""

    segment: int
    name: str
    number: int
    upload: ListUpload
    file: BinaryIO
    due: float


class ListQueue:
    """Takes accepted lists and processes those that are due."""

    def __init__(self, store: Store, segments: Segments) -> None:
        self._store = store
        self._segments = segments
        self._waiting: list[Waiting] = []
        segments.give_up_waiting()

    def receive(self, name: str, upload: ListUpload, file: BinaryIO, due: float) -> int:
        """The id of the segment, known or new, that `file` is going to fill.

        That a replaced list keeps its id is a guess.
        """
        segment = self._segments.id_of(name)
        if segment is None:
            segment = self._segments.add(name, "list", "processing")
        number = self._segments.add_upload(segment, upload)
        waiting = Waiting(
            segment=segment, name=name, number=number, upload=upload, file=file, due=due
        )
        self._waiting.append(waiting)
        return segment

    def process_due(self, now: float) -> None:
        """Process what is due, in the order received."""
        due = [waiting for waiting in self._waiting if waiting.due <= now]
        self._waiting = [waiting for waiting in self._waiting if waiting.due > now]
        for waiting in due:
            self._process(waiting, now)
            waiting.file.close()

    def clear(self) -> None:
        """Forget all files."""
        for waiting in self._waiting:
            waiting.file.close()
        self._waiting.clear()

    def _process(self, waiting: Waiting, now: float) -> None:
        """Replace the whole list, or leave the last good one in place (DOC)."""
        self._store.execute("SAVEPOINT list")
        try:
            self._segments.clear_members(waiting.segment)
            self._segments.add_members(waiting.segment, read_list(waiting.file))
            self._segments.recount(waiting.segment)
        except BadListError as error:
            self._store.execute("ROLLBACK TO list")
            self._fail(waiting, now, str(error))
        else:
            self._succeed(waiting, now)
        self._store.execute("RELEASE list")

    def _succeed(self, waiting: Waiting, now: float) -> None:
        members, unknown = self._segments.sizes(waiting.segment)
        done = replace(waiting.upload, outcome="success", members=members, unknown=unknown)
        self._segments.set_upload(waiting.number, done)
        self._segments.set_status(waiting.segment, "ready")
        self._mail(waiting, now, "success", f"{members} users, {unknown} unknown")

    def _fail(self, waiting: Waiting, now: float, reason: str) -> None:
        self._segments.set_upload(waiting.number, replace(waiting.upload, outcome="failure"))
        self._segments.fail_if_new(waiting.segment)
        self._mail(waiting, now, "failure", reason)

    def _mail(self, waiting: Waiting, now: float, outcome: str, text: str) -> None:
        mail = Mail(
            at=now,
            to=waiting.upload.email,
            segment=waiting.name,
            segment_id=waiting.segment,
            outcome=outcome,
            text=text,
        )
        self._segments.add_mail(mail)
