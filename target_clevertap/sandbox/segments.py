"""Segments and their members, as the database holds them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.codec import encode_json
from target_clevertap.sandbox.people import CHUNK, RECOUNT, People

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.sandbox.identifiers import Identifier
    from target_clevertap.sandbox.store import Store


class ListUpload(Struct, frozen=True, kw_only=True):
    """One file that was given to a custom list, and what became of it."""

    at: float
    filename: str
    creator: str
    email: str
    replace: bool
    outcome: str = "processing"
    """`processing`, `success` or `failure`."""
    members: int = 0
    unknown: int = 0


class Segment(Struct, frozen=True, kw_only=True):
    """A segment and its size: `members` have a profile, `unknown` have none and do not count."""

    id: int
    name: str
    kind: str
    """`list` or `api`."""
    customer_segment_id: str | None
    status: str
    """`processing`, `ready` or `failed`; a list that was ready stays so while it is replaced."""
    members: int
    unknown: int
    uploads: list[ListUpload]


class Member(Struct, frozen=True, kw_only=True):
    """One row of a segment: `kind` is `identity` or `objectId`."""

    kind: str
    value: str
    known: bool


class Mail(Struct, frozen=True, kw_only=True):
    """What CleverTap mails to the owner of a list once it has been processed."""

    at: float
    to: str
    segment: str
    segment_id: int
    outcome: str
    """`success` or `failure`."""
    text: str


_SELECT = "SELECT id, name, kind, customer_id, status FROM segments"

_upload_decoder = msgspec.json.Decoder(ListUpload)
_mail_decoder = msgspec.json.Decoder(Mail)


class Segments:
    """Reads and writes segments, their members, their uploads and the mails about them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._people = People(store)

    def id_of(self, name: str) -> int | None:
        """The id of the segment of that name, or None."""
        row = self._store.execute("SELECT id FROM segments WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def id_of_customer(self, customer_id: str) -> int | None:
        """The id of the API segment that has this id of the customer's, or None."""
        row = self._store.execute(
            "SELECT id FROM segments WHERE customer_id = ?", (customer_id,)
        ).fetchone()
        return row[0] if row else None

    def api_segment(self, number: int | None, customer_id: str | None) -> Segment | None:
        """The API segment of that id, its own or the customer's, or None."""
        row = self._store.execute(
            f"{_SELECT} WHERE kind = 'api' AND (id = ? OR customer_id = ?)",
            (number, customer_id),
        ).fetchone()
        return self._segment(*row) if row else None

    def add(self, name: str, kind: str, status: str, customer_id: str | None = None) -> int:
        """The id of a new segment."""
        return self._store.insert(
            "INSERT INTO segments (name, kind, status, customer_id) VALUES (?, ?, ?, ?)",
            (name, kind, status, customer_id),
        )

    def set_status(self, segment: int, status: str) -> None:
        """Write what state a segment is in."""
        self._store.execute("UPDATE segments SET status = ? WHERE id = ?", (status, segment))

    def fail_if_new(self, segment: int) -> None:
        """Write that a list has failed, unless an earlier file has filled it."""
        self._store.execute(
            "UPDATE segments SET status = 'failed' WHERE id = ? AND status = 'processing'",
            (segment,),
        )

    def add_upload(self, segment: int, upload: ListUpload) -> int:
        """The id under which a file given to a list is remembered."""
        return self._store.insert(
            "INSERT INTO list_uploads (segment, entry) VALUES (?, ?)",
            (segment, encode_json(upload).decode()),
        )

    def set_upload(self, number: int, upload: ListUpload) -> None:
        """Write what became of a file."""
        self._store.execute(
            "UPDATE list_uploads SET entry = ? WHERE id = ?",
            (encode_json(upload).decode(), number),
        )

    def give_up_waiting(self) -> None:
        """Write that files which were never processed have failed: they did not outlive a stop."""
        self._store.execute(
            "UPDATE list_uploads SET entry = json_set(entry, '$.outcome', 'failure') "
            "WHERE json_extract(entry, '$.outcome') = 'processing'"
        )
        self._store.execute("UPDATE segments SET status = 'failed' WHERE status = 'processing'")

    def add_mail(self, mail: Mail) -> None:
        """Keep a mail that CleverTap would have sent."""
        self._store.execute("INSERT INTO mails (mail) VALUES (?)", (encode_json(mail).decode(),))

    def mails(self) -> list[Mail]:
        """All mails, oldest first."""
        rows = self._store.execute("SELECT mail FROM mails ORDER BY id")
        return [_mail_decoder.decode(text) for (text,) in rows]

    def clear_members(self, segment: int) -> None:
        """Empty a segment."""
        self._store.execute("DELETE FROM members WHERE segment = ?", (segment,))

    def add_members(self, segment: int, identifiers: Iterable[Identifier]) -> None:
        """Add rows to a segment, once each, each with the profile it has at this moment."""
        rest = iter(identifiers)
        while chunk := list(islice(rest, CHUNK)):
            known = self._people.find(chunk)
            self._store.executemany(
                "INSERT OR IGNORE INTO members (segment, kind, value, profile) VALUES (?, ?, ?, ?)",
                ((segment, *identifier, known.get(identifier)) for identifier in chunk),
            )

    def remove_member(self, segment: int, identifier: Identifier) -> None:
        """Take one row out of a segment."""
        self._store.execute(
            "DELETE FROM members WHERE segment = ? AND kind = ? AND value = ?",
            (segment, *identifier),
        )

    def sizes(self, segment: int) -> tuple[int, int]:
        """How many members have a profile, and how many do not."""
        sizes: tuple[int, int] = self._store.execute(
            "SELECT members, unknown FROM segments WHERE id = ?", (segment,)
        ).fetchone()
        return sizes

    def recount(self, segment: int) -> None:
        """Write how many members there are, once they have changed."""
        self._store.execute(f"{RECOUNT} WHERE id = ?", (segment,))

    def members(self, segment: int, offset: int, limit: int) -> list[Member]:
        """Rows of a segment by kind and value."""
        rows = self._store.execute(
            "SELECT kind, value, profile FROM members WHERE segment = ? "
            "ORDER BY kind, value LIMIT ? OFFSET ?",
            (segment, limit, offset),
        )
        return [
            Member(kind=kind, value=value, known=profile is not None)
            for kind, value, profile in rows
        ]

    def all(self) -> list[Segment]:
        """Every segment, oldest first."""
        rows = self._store.execute(f"{_SELECT} ORDER BY id").fetchall()
        return [self._segment(*row) for row in rows]

    def _segment(
        self, number: int, name: str, kind: str, customer_id: str | None, status: str
    ) -> Segment:
        members, unknown = self.sizes(number)
        uploads = self._store.execute(
            "SELECT entry FROM list_uploads WHERE segment = ? ORDER BY id", (number,)
        )
        return Segment(
            id=number,
            name=name,
            kind=kind,
            customer_segment_id=customer_id,
            status=status,
            members=members,
            unknown=unknown,
            uploads=[_upload_decoder.decode(entry) for (entry,) in uploads],
        )
