"""Custom lists: gathered while rows are read, uploaded when the input has ended."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from target_clevertap.errors import LinkExpired, SegmentIncomplete, SegmentRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_clevertap.clevertap import Client
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.delivery.spool import Spool
    from target_clevertap.errors import TargetCleverTapError
    from target_clevertap.mapping import Member
    from target_clevertap.settings import SegmentMapping

log = logging.getLogger(__name__)

WHOLE_LIST_PERCENT = 100


class SegmentList:
    """The members of one list, and the streams that may have more of them (`incomplete`).

    The rows of a list are settled together, so the ticket of the first one holds back every
    STATE after it: the others need not be remembered.
    """

    def __init__(self, mapping: SegmentMapping, spool: Spool) -> None:
        self.mapping = mapping
        self.spool = spool
        self.first: Ticket | None = None
        self.rows: Counter[str] = Counter()
        self.incomplete: set[str] = set()

    def refusal(self) -> TargetCleverTapError | None:
        """Why this list must not replace the one in CleverTap, if so."""
        name = self.mapping.segment_name
        if self.incomplete and self.mapping.without_final_state == "refuse":
            return SegmentIncomplete(
                f"Segment {name!r} was not uploaded: the input ended with no STATE after its "
                "last row, as it does when a tap dies in the middle. Run again, or set "
                "without_final_state: upload if this tap never writes one."
            )
        if not len(self.spool) and self.mapping.max_shrink_percent < WHOLE_LIST_PERCENT:
            return SegmentRefused(
                f"Segment {name!r} was not uploaded: it would be empty. If that is meant, set "
                "max_shrink_percent: 100."
            )
        return None


class Segments:
    """All custom lists of a run, by the name that they have in CleverTap."""

    def __init__(self, outcomes: Outcomes, folder: Path) -> None:
        self._outcomes = outcomes
        self._folder = folder
        self._lists: dict[str, SegmentList] = {}

    def open(self, mapping: SegmentMapping, stream: str) -> SegmentList:
        """The list that a stream adds to; streams that name one segment share it."""
        # Only those who load segments wait for SQLite to be imported.
        from target_clevertap.delivery.spool import Spool  # noqa: PLC0415

        name = mapping.segment_name
        if name not in self._lists:
            self._lists[name] = SegmentList(mapping, Spool(self._folder))
        self._lists[name].incomplete.add(stream)
        return self._lists[name]

    def add(self, segment: SegmentList, member: Member, ticket: Ticket) -> None:
        """Add a member. Whatever sign of completeness came before, it holds no longer."""
        stream = ticket.stream.name
        segment.spool.add(member)
        segment.rows[stream] += 1
        segment.incomplete.add(stream)
        if segment.first is None:
            segment.first = ticket
        else:
            self._outcomes.covered(ticket)

    def seen_whole(self, stream: str | None = None) -> None:
        """The tap has said that it sent all rows so far, of one stream (ACTIVATE_VERSION) or all.

        A tap that dies in the middle closes the pipe just as one that is done: this is the only
        sign that tells them apart.
        """
        for segment in self._lists.values():
            segment.incomplete -= segment.incomplete if stream is None else {stream}

    def upload(self, client: Client) -> list[TargetCleverTapError]:
        """Replace every list in CleverTap; returns why some were not, after trying all.

        Raises:
            CleverTapError: when a call fails for good.
        """
        return list(self._upload_each(client))

    def close(self) -> None:
        """Remove the files of all lists."""
        for segment in self._lists.values():
            segment.spool.close()

    def _upload_each(self, client: Client) -> Iterator[TargetCleverTapError]:
        for segment in self._lists.values():
            if (refusal := segment.refusal()) is not None:
                yield refusal
                continue
            _replace(client, segment)
            if segment.first is not None:
                self._outcomes.list_accepted(segment.first, segment.rows)


def _replace(client: Client, segment: SegmentList) -> None:
    """The three steps of CleverTap's custom lists; an expired link is asked for once more."""
    mapping, path = segment.mapping, segment.spool.write_csv()
    try:
        url = _put(client, path)
    except LinkExpired:
        url = _put(client, path)
    client.complete_list(
        name=mapping.segment_name,
        owner_email=mapping.owner_email,
        creator=mapping.creator or mapping.owner_email,
        filename=path.name,
        url=url,
    )
    log.info(
        "Segment %r: %d members uploaded; CleverTap mails the result of its processing to %s.",
        mapping.segment_name,
        len(segment.spool),
        mapping.owner_email,
    )


def _put(client: Client, path: Path) -> str:
    url = client.list_url()
    with path.open("rb") as file:
        client.put_list(url, file, path.stat().st_size)
    return url
