"""A ledger of a local CleverTap is not taken for that of the real one, nor the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_clevertap.errors import LedgerError
from tests.ledger.places import Place, events

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (True, "what a CleverTap on this machine has of account ACC-1, but .* to the real one"),
        (False, "what the real CleverTap has of account ACC-1, but .* to one on this machine"),
    ],
)
def test_it_stays_with_the_one_that_it_began_with(
    first: bool,  # noqa: FBT001 - a parameter of the test
    said: str,
    place: Place,
) -> None:
    with place.open(local=first) as ledger:
        number = ledger.claim("rows").number
        ledger.settle(None, events=events(number, "a"))
    for _ in range(2):
        with pytest.raises(LedgerError, match=said) as error:
            place.open(local=not first)
        assert "set another work_dir" in str(error.value)
    with place.open(local=first) as ledger:
        assert ledger.known_events(events(number, "a")) == [(0, False)]


def test_each_account_has_its_own(place: Place, tmp_path: Path) -> None:
    shared = Place(place.url or f"sqlite:///{tmp_path}/shared.db", tmp_path)
    for account, local in (("ONE", True), ("TWO", False)) * 2:
        shared.open(account, local=local).close()


def test_who_sends_nothing_may_look_at_either(place: Place) -> None:
    for local in (None, True, None):
        place.open(local=local).close()
