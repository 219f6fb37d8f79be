"""Custom lists: gathered while rows are read, uploaded when the input has ended."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from target_clevertap.errors import (
    AnswerLost,
    LinkExpired,
    ListRefused,
    SegmentIncomplete,
    SegmentRefused,
    TargetCleverTapError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from target_clevertap.clevertap import Client
    from target_clevertap.delivery.completeness import Completeness
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.delivery.spool import ListFile, Spool
    from target_clevertap.ledger import Ledger, SegmentEntry
    from target_clevertap.mapping import Member
    from target_clevertap.rejects import Stream
    from target_clevertap.settings import SegmentMapping

log = logging.getLogger(__name__)

WHOLE_LIST_PERCENT = 100

FILE_NAME = "list.csv"
"""What CleverTap is told; on disk the file has no name."""


UNKNOWN_LIST = (
    "If CleverTap has a list of this name, the ledger does not know its members: load all of them "
    "once with max_shrink_percent: 100, which replaces it."
)

Outcome = Literal["uploaded", "unchanged", "refused", "incomplete", "not_uploaded"]

OUTCOMES: Mapping[type[TargetCleverTapError], Outcome] = {
    SegmentRefused: "refused",
    SegmentIncomplete: "incomplete",
}


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """What became of a list: its members at the last upload that is known, and now."""

    name: str
    outcome: Outcome
    before: int | None
    after: int | None
    reason: str | None = None


class SegmentList:
    """The members of one list, and the streams that they come from.

    The rows of a list are settled together, so the ticket of the first one holds back every
    STATE after it: the others need not be remembered.
    """

    def __init__(self, mapping: SegmentMapping, spool: Spool, before: int | None) -> None:
        """Empty; `before` is how many members the list had at its last upload, if that is known."""
        self.mapping = mapping
        self.spool = spool
        self.before = before
        self.first: Ticket | None = None
        self.rows: Counter[Stream] = Counter()
        self.streams: set[str] = set()
        self.tried_again: list[tuple[Stream, bytes, int]] = []

    @property
    def stream(self) -> str | None:
        """The stream that all members come from, if it is one only."""
        return min(self.streams) if len(self.streams) == 1 else None

    @property
    def accumulates(self) -> bool:
        """Whether rows add to the list that was there and take from it, or are all of it."""
        return self.mapping.membership == "accumulate"

    @property
    def may_replace(self) -> bool:
        """Whether it may take the place of any list that CleverTap has under its name."""
        return not self.accumulates or self.mapping.max_shrink_percent >= WHOLE_LIST_PERCENT

    def check_whole(self, whole: Collection[str]) -> None:
        """Pass a list that may take the place of the one in CleverTap as far as its rows go.

        `whole` are the streams of which all rows have come.

        Raises:
            SegmentIncomplete: when the input may have been cut off.
        """
        if self.accumulates or self.mapping.without_final_state == "upload":
            return
        if not self.streams <= set(whole):
            raise SegmentIncomplete(
                f"Segment {self.mapping.segment_name!r} was not uploaded: the input ended with no "
                "STATE after its last row, as it does when a tap dies in the middle. Run again, "
                "or set without_final_state: upload if this tap never writes one."
            )

    def check_size(self, members: int, before: int | None) -> None:
        """Pass a list that is not much smaller than at its last upload.

        Raises:
            SegmentRefused: by `max_shrink_percent`.
        """
        allowed = self.mapping.max_shrink_percent
        if allowed >= WHOLE_LIST_PERCENT:
            return
        if members and (before is None or (before - members) * 100 <= before * allowed):
            return
        size = "be empty" if not members else f"have {members:,} members"
        was = "" if before is None else f", after {before:,} at its last upload"
        raise SegmentRefused(
            f"Segment {self.mapping.segment_name!r} was not uploaded: it would {size}{was}. "
            "If that is meant, set max_shrink_percent: 100."
        )

    def failed(self, failure: TargetCleverTapError) -> SegmentResult:
        """What there is to say of the list when it was not uploaded, for this reason."""
        name, outcome = self.mapping.segment_name, OUTCOMES.get(type(failure), "not_uploaded")
        return SegmentResult(name, outcome, self.before, None, str(failure))


class Segments:
    """All custom lists of a run, by the name that they have in CleverTap."""

    def __init__(
        self,
        outcomes: Outcomes,
        folder: Path,
        ledger: Ledger | None,
        completeness: Completeness,
        *,
        resync: bool,
    ) -> None:
        """`resync`: lists are uploaded even if they have not changed."""
        self.results: list[SegmentResult] = []
        self._outcomes = outcomes
        self._folder = folder
        self._ledger = ledger
        self._completeness = completeness
        self._resync = resync
        self._lists: dict[str, SegmentList] = {}

    def open(self, mapping: SegmentMapping, stream: Stream) -> SegmentList:
        """The list that a stream adds to; streams that name one segment share it."""
        # Only those who load segments wait for SQLite to be imported.
        from target_clevertap.delivery.spool import Spool  # noqa: PLC0415

        name = mapping.segment_name
        if name not in self._lists:
            before = known.members if (known := self._known(name)) else None
            self._lists[name] = SegmentList(mapping, Spool(self._folder), before)
        self._lists[name].streams.add(stream.name)
        return self._lists[name]

    def add(
        self, segment: SegmentList, member: Member, ticket: Ticket, *, gone: bool = False
    ) -> None:
        """Add a member, or take it away."""
        segment.spool.add(member, gone=gone)
        if key := self._outcomes.waits_as(ticket):
            if ticket.stream.again:
                segment.tried_again.append((ticket.stream, key, ticket.number))
            else:  # should the list not be uploaded, the tap sends this row once more
                self._outcomes.outdated(ticket.stream, key, ticket.number)
        segment.rows[ticket.stream] += 1
        if segment.first is None:
            segment.first = ticket
        else:
            self._outcomes.covered(ticket)

    def upload(self, client: Client) -> list[TargetCleverTapError]:
        """Replace every list in CleverTap; returns why some were not, after trying all.

        Raises:
            CleverTapError: when a call fails for good.
            LedgerError: when what was uploaded cannot be remembered.
        """
        refusals = [self._refusal(client, segment) for segment in self._lists.values()]
        return [refusal for refusal in refusals if refusal is not None]

    def _refusal(self, client: Client, segment: SegmentList) -> TargetCleverTapError | None:
        """Replace a list; returns why it was not, where that is about this list alone."""
        try:
            self.results.append(self._replace(client, segment))
        except TargetCleverTapError as failure:
            failure.stream = segment.stream
            self.results.append(segment.failed(failure))
            if not isinstance(failure, SegmentIncomplete | SegmentRefused | ListRefused):
                raise
            return failure
        return None

    @property
    def untried(self) -> Iterator[SegmentResult]:
        """The lists of which nothing was uploaded, because the run did not come to that."""
        tried = {result.name for result in self.results}
        for name, segment in self._lists.items():
            if name not in tried:
                yield SegmentResult(name, "not_uploaded", segment.before, None)

    def close(self) -> None:
        """Remove the files of all lists."""
        for segment in self._lists.values():
            segment.spool.close()

    def _known(self, name: str) -> SegmentEntry | None:
        return None if self._ledger is None else self._ledger.segment(name)

    def _replace(self, client: Client, segment: SegmentList) -> SegmentResult:
        """Upload a list, unless CleverTap has the very same one."""
        segment.check_whole(self._completeness.whole)
        name, known = segment.mapping.segment_name, self._known(segment.mapping.segment_name)
        before = known.members if known else None
        if segment.accumulates and known is None and segment.first is None:
            return SegmentResult(name, "unchanged", None, 0)  # nobody has come yet
        file = segment.spool.write(self._members(segment))
        if known and known.digest == file.digest and not self._resync:
            self._settle(segment, unchanged=True)
            log.info(
                "Segment %r: unchanged, %d members.",
                name,
                file.members,
                extra={"stream_name": segment.stream},
            )
            return SegmentResult(name, "unchanged", before, file.members)
        segment.check_size(file.members, before)
        self._upload(client, segment, file)
        if self._ledger:
            self._ledger.segment_uploaded(name, file.members, file.digest)
        self._settle(segment, unchanged=False)
        return SegmentResult(name, "uploaded", before, file.members)

    def _members(self, segment: SegmentList) -> Iterable[tuple[str, str]]:
        """All members that the list is to have."""
        if self._ledger is None or not segment.accumulates:
            return segment.spool.members()
        name, spool = segment.mapping.segment_name, segment.spool
        self._ledger.change_members(name, spool.members(), spool.members(gone=True))
        return self._ledger.members(name)

    def _upload(self, client: Client, segment: SegmentList, file: ListFile) -> None:
        """The three steps of CleverTap's custom lists.

        A list to which rows add takes the place of none whose members nobody knows here.
        """
        url = _stored(client, file)
        name, ledger = segment.mapping.segment_name, self._ledger
        if ledger is None or segment.may_replace or ledger.may_have_uploaded(name):
            _complete(client, segment, url, replace=True)
        else:
            ledger.segment_begun(name)
            try:
                _complete(client, segment, url, replace=False)
            except AnswerLost:
                raise  # CleverTap may have it: the next run replaces it
            except TargetCleverTapError:
                ledger.segment_refused(name)
                raise
        log.info(
            "Segment %r: %d members uploaded; CleverTap mails the result of its processing to %s.",
            name,
            file.members,
            segment.mapping.owner_email,
            extra={"stream_name": segment.stream},
        )

    def _settle(self, segment: SegmentList, *, unchanged: bool) -> None:
        if segment.first is not None:
            self._outcomes.list_settled(segment.first, segment.rows, unchanged=unchanged)
        for stream, key, number in segment.tried_again:
            self._outcomes.outdated(stream, key, number)


def _stored(client: Client, file: ListFile) -> str:
    """The URL that has taken the file; an expired link is asked for once more."""
    try:
        return _put(client, file)
    except LinkExpired:
        return _put(client, file)


def _complete(client: Client, segment: SegmentList, url: str, *, replace: bool) -> None:
    mapping = segment.mapping
    try:
        client.complete_list(
            name=mapping.segment_name,
            owner_email=mapping.owner_email,
            creator=mapping.creator or mapping.owner_email,
            filename=FILE_NAME,
            url=url,
            replace=replace,
        )
    except ListRefused as refusal:
        said = f"Segment {mapping.segment_name!r} was not uploaded: {refusal}"
        raise ListRefused(said if replace else f"{said} {UNKNOWN_LIST}") from refusal


def _put(client: Client, file: ListFile) -> str:
    url = client.list_url()
    client.put_list(url, file.content, file.size)
    return url
