"""What CleverTap's answers say: read into types, and refusals matched to the records sent.

An upload is answered with 200 even when every record was refused, and the word `fail` has two
shapes: one for the whole request (`error` and `code`) and one that only says that all records were
refused (`processed: 0` and a list). They are told apart here by what an answer holds, never by
that word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from target_clevertap.clevertap.meanings import PASSING_CODE, meaning_of
from target_clevertap.errors import AnswerUnclear

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

# At the end only: a text may repeat a value of the record in its middle.
_POSITION: Final = re.compile(r"Skipped record number\s*:\s*(\d{1,6})\s*\.?\s*$")
_SUCCESS: Final = range(200, 300)
_IDENTIFIERS: Final = ("identity", "objectId", "FBID", "GPID")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from a host: a status, a body, and the wait it asked for, in seconds."""

    host: str
    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the status is one of success (2xx)."""
        return self.status in _SUCCESS


@dataclass(frozen=True, slots=True)
class Refusal:
    """One record that CleverTap did not take.

    `position` counts from 0 in the order sent. `text` is the service's own and may repeat a value
    of the record: keep it with the record, and show `meaning` everywhere else.
    """

    position: int
    code: int
    text: str = field(repr=False)

    @property
    def transient(self) -> bool:
        """Whether the fault is CleverTap's and passing, so that the record may be sent again."""
        return self.code == PASSING_CODE

    @property
    def meaning(self) -> str:
        """Why the record was refused, in one sentence without any value."""
        return meaning_of(self.code)


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """The outcome of every record of a call: those in `refusals` were refused, all others taken.

    `refusals` are in the order of their positions, `processed` is the number of records taken.
    An answer that cannot be read like this is no UploadAnswer but an AnswerUnclear.
    """

    refusals: tuple[Refusal, ...]
    processed: int


class Unprocessed(msgspec.Struct, frozen=True):
    """An entry of `unprocessed` as received; `record` echoes what was refused."""

    code: int | None = None
    error: str | None = None
    record: msgspec.Raw = msgspec.Raw(b"null")


class Answer(msgspec.Struct, frozen=True):
    """The fields that any answer may hold, each absent from some."""

    status: str | None = None
    code: int | None = None
    error: str | None = None
    processed: int | None = None
    unprocessed: tuple[Unprocessed, ...] | None = None
    segment_url: str | None = msgspec.field(name="presignedS3URL", default=None)
    segment_id: int | None = msgspec.field(name="Segment ID", default=None)

    @property
    def settles_records(self) -> bool:
        """Whether it speaks of single records, as only the answer to an upload does."""
        return self.processed is not None or self.unprocessed is not None

    @property
    def refuses_request(self) -> bool:
        """Whether it refuses the request as a whole, whatever its HTTP status."""
        return self.status != "success" and not self.settles_records


# Lax: a number written as text is read as a number.
_answers: Final = msgspec.json.Decoder(Answer, strict=False)


def decode(body: bytes) -> Answer | None:
    """The answer in a body, or None for a body that holds none: HTML, cut off, empty."""
    try:
        return _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def match(answer: Answer, records: Sequence[bytes]) -> UploadAnswer:
    """The outcome of each of the records, which are those sent, in their order.

    A refusal belongs to the record whose number its text ends with, else to the record that it
    echoes. Records that are the same bytes may stand for one another; if records that differ fit
    one echo, nothing is guessed.

    Raises:
        AnswerUnclear: when the counts do not add up, when a number is out of range or claimed
            twice, or when a refusal fits no record or several.
    """
    entries, processed = answer.unprocessed or (), answer.processed
    if processed is None or processed < 0 or processed + len(entries) != len(records):
        counts = f"{'?' if processed is None else processed} taken and {len(entries)} refused"
        raise AnswerUnclear(f"CleverTap's answer does not add up: {counts} of {len(records)} sent.")
    placed = _place(entries, records)
    refusals = [Refusal(at, entry.code or 0, entry.error or "") for at, entry in placed.items()]
    refusals.sort(key=lambda refusal: refusal.position)
    return UploadAnswer(tuple(refusals), processed)


def _place(entries: Sequence[Unprocessed], records: Sequence[bytes]) -> dict[int, Unprocessed]:
    """Each entry by the position of its record: numbers first, since they leave less to echoes."""
    if len(records) == 1:
        return dict(enumerate(entries))
    placed: dict[int, Unprocessed] = {}
    unnumbered = []
    for entry in entries:
        if (position := _position(entry)) is None:
            unnumbered.append(entry)
        elif position in placed or not 0 <= position < len(records):
            raise AnswerUnclear("CleverTap's answer refuses a record that cannot be the one meant.")
        else:
            placed[position] = entry
    if unnumbered:
        _place_by_echo(unnumbered, records, placed)
    return placed


def _position(entry: Unprocessed) -> int | None:
    found = _POSITION.search(entry.error or "")
    return int(found[1]) - 1 if found else None


def _place_by_echo(
    entries: Sequence[Unprocessed], records: Sequence[bytes], placed: dict[int, Unprocessed]
) -> None:
    """Adds the entries without a number to `placed`, among the records not yet placed."""
    sent = _Sent(records)
    for entry in entries:
        fitting = sent.fitting(_unescaped(entry.record), placed)
        if len({records[at] for at in fitting}) != 1:
            raise AnswerUnclear("CleverTap's answer refuses a record without saying which one.")
        placed[fitting[0]] = entry


class _Sent:
    """The records of a call, to be found again by an echo."""

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records = [_normalised(record) for record in records]
        self._by_owner: dict[tuple[str, ...], list[int]] = {}
        for at, record in enumerate(self._records):
            self._by_owner.setdefault(_owner(record), []).append(at)

    def fitting(self, echo: bytes, placed: Container[int]) -> list[int]:
        """Positions of the records that the echo may be of, in the order sent.

        Every echo keeps the type and the identifiers, so a record that is alone with its own is
        the one, however the echo may look. Else it must look like the record. An echo that is no
        object, or an empty one, fits none.
        """
        if not (wanted := _normalised(echo)):
            return []
        owned = [at for at in self._by_owner.get(_owner(wanted), ()) if at not in placed]
        return owned if len(owned) == 1 else [at for at in owned if self._records[at] == wanted]


def _unescaped(echo: msgspec.Raw) -> bytes:
    """The echoed object, also when it came as JSON text inside a string (as seen in 2017)."""
    text = bytes(echo)
    return msgspec.json.decode(text, type=str).encode() if text.startswith(b'"') else text


def _normalised(record: bytes) -> dict[str, Any]:
    """A record without the differences that an echo may have from what was sent.

    While it checks a profile the service turns `Phone` into a number without its plus, and
    `identity` into text. What is no object at all is as good as an empty one.
    """
    try:
        fields = msgspec.json.decode(record, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    _as_text(fields, _IDENTIFIERS)
    if isinstance(properties := fields.get("profileData"), dict):
        _as_text(properties, ("identity", "Phone"))
        if "Phone" in properties:
            properties["Phone"] = properties["Phone"].removeprefix("+")
    return fields


def _as_text(fields: dict[str, Any], keys: Iterable[str]) -> None:
    fields.update({key: str(fields[key]) for key in keys if key in fields})


def _owner(record: dict[str, Any]) -> tuple[str, ...]:
    """Whose record it is, and of which type."""
    return tuple(str(record.get(key, "")) for key in ("type", *_IDENTIFIERS))
