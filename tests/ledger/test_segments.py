"""Custom lists: the last upload, and the members of those to which rows add."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from target_clevertap.ledger import SegmentEntry, segments
from tests.ledger.places import digest

if TYPE_CHECKING:
    import pytest

    from tests.ledger.places import Place

MANY = 60_000


def test_a_list_that_was_never_uploaded_has_no_entry(place: Place) -> None:
    with place.open() as ledger:
        assert ledger.segment("vip") is None
        ledger.change_members("vip", [("identity", "a")], [])
        assert ledger.segment("vip") is None


def test_the_last_upload_is_remembered(place: Place) -> None:
    with place.open(clock=lambda: 1_700_000_000.5) as ledger:
        ledger.segment_uploaded("vip", 10_000_000, digest("old"))
        ledger.segment_uploaded("vip", 3, digest("new"))
    with place.open() as ledger:
        assert ledger.segment("vip") == SegmentEntry(3, digest("new"), 1_700_000_000)


def test_an_upload_whose_end_nobody_has_seen_may_have_been_one(place: Place) -> None:
    with place.open() as ledger:
        ledger.change_members("vip", [("identity", "a")], [])
        assert not ledger.may_have_uploaded("vip")
        ledger.segment_begun("vip")
    with place.open() as ledger:
        assert ledger.may_have_uploaded("vip")
        assert ledger.segment("vip") is None
        ledger.segment_refused("vip")
        assert not ledger.may_have_uploaded("vip")
        ledger.segment_begun("vip")
        ledger.segment_uploaded("vip", 1, digest("x"))
        assert ledger.may_have_uploaded("vip")


def test_members_come_in_the_order_of_their_bytes(place: Place) -> None:
    added = [("identity", one) for one in ("b", "Z", "é", "a", "10", "9")] + [("FBID", "z")]
    with place.open() as ledger:
        ledger.change_members("vip", added, [])
        identities = ["10", "9", "Z", "a", "b", "é"]
        expected = [("FBID", "z"), *(("identity", one) for one in identities)]
        assert list(ledger.members("vip")) == expected
        assert ledger.member_count("vip") == 7


def test_members_are_added_once_and_can_be_removed(place: Place) -> None:
    a, b, c = [("identity", one) for one in "abc"]
    with place.open() as ledger:
        ledger.change_members("vip", [a, b, a], [])
        ledger.change_members("vip", [b, c], [a, ("identity", "nobody")])
        ledger.change_members("others", [a], [])
    with place.open() as ledger:
        assert list(ledger.members("vip")) == [b, c]
        assert list(ledger.members("others")) == [a]
        assert list(ledger.members("nothing")) == []


def test_every_member_comes_when_there_are_many(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MEMBERS_AT_ONCE", 5)
    added = [(kind, f"{one:02}") for kind in ("FBID", "identity") for one in range(10)]
    with place.open() as ledger:
        ledger.change_members("vip", iter(reversed(added)), [])
        assert list(ledger.members("vip")) == added


def test_members_can_be_changed_while_they_are_read(place: Place) -> None:
    with place.open() as ledger:
        ledger.change_members("vip", [("identity", "a"), ("identity", "b")], [])
        for kind, one in ledger.members("vip"):
            ledger.change_members("others", [(kind, one)], [])
        assert ledger.member_count("others") == 2


def test_members_do_not_fill_the_memory(place: Place) -> None:
    most = [memory_for(place, members) for members in (MANY // 10, MANY)]
    assert most[1] - most[0] < 3 * 1024  # KiB; as a list they would take 8 MB


def memory_for(place: Place, members: int) -> int:
    """KiB that a process has at most, when it adds members to a list and reads them."""
    command = [sys.executable, "-m", "tests.ledger.test_segments", str(members)]
    places = [place.url or "-", str(place.folder)]
    return int(subprocess.check_output([*command, *places], text=True))  # noqa: S603 - this file


def main(members: int, url: str, folder: str) -> None:
    """Add and read; says how much memory it took."""
    import resource  # noqa: PLC0415 - for the process of its own
    from pathlib import Path  # noqa: PLC0415 - the same

    from tests.ledger.places import Place  # noqa: PLC0415 - the same

    with Place(None if url == "-" else url, Path(folder)).open() as ledger:
        name = f"list of {members}"
        ledger.change_members(name, (("identity", f"user-{one}") for one in range(members)), [])
        assert sum(1 for _ in ledger.members(name)) == members
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
