"""`meltano run tap-postgres target-clevertap`, by the repository's own meltano.yml, on two days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from examples.shop.project import MeltanoFailed, Project
from examples.shop.sandbox import Arrival, Sandbox, start_sandbox
from examples.shop.shop import Changes, next_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.shop.postgres import Database
    from examples.shop.rows import Shop


@dataclass(frozen=True, repr=False)
class TwoDays:
    """What arrived on the first day and on the next, and what was rejected until then."""

    first: Arrival
    second: Arrival
    changes: Changes
    rejected: tuple[Counter[tuple[str, str]], ...]
    sandbox: Sandbox


@pytest.fixture(scope="module")
def two_days(
    shop: Shop, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwoDays]:
    folder = tmp_path_factory.mktemp("meltano")
    with start_sandbox(folder / "sandbox.log") as sandbox, database.connect() as connection:
        project = Project(folder / "project", database, sandbox.url)
        project.prepare()
        project.run()
        first, seen = sandbox.arrived_after(0), sandbox.last_call()
        rejected_first = _rejected(project)
        changes = next_day(shop)
        changes.apply(connection)
        project.run()
        second = sandbox.arrived_after(seen)
        yield TwoDays(first, second, changes, (rejected_first, _rejected(project)), sandbox)


def _rejected(project: Project) -> Counter[tuple[str, str]]:
    return Counter((row["stream"], row["rejected"]["code"]) for row in project.rejected())


def test_the_first_run_sends_every_sound_row(shop: Shop, two_days: TwoDays) -> None:
    sound = {
        table: len(shop.of(table)) - len(shop.rejected(table)) for table in ("orders", "page_views")
    }

    assert two_days.first.events["Charged"] == sound["orders"]
    assert two_days.first.event_count == sum(sound.values())


def test_the_first_run_keeps_every_row_that_should_be_rejected(
    shop: Shop, two_days: TwoDays
) -> None:
    expected = Counter((f"public-{odd.table}", str(odd.code)) for odd in shop.rejected())

    assert two_days.rejected[0] == expected


def test_the_second_run_sends_new_and_changed_rows_and_none_that_the_tap_repeats(
    two_days: TwoDays,
) -> None:
    changes = two_days.changes

    assert two_days.second.profiles == len(changes.users) + len(changes.changed_users)
    assert two_days.second.events["Charged"] == len(changes.orders)
    assert two_days.second.event_count == len(changes.orders) + len(changes.page_views)


def test_a_row_that_was_put_right_arrives_on_the_next_day(two_days: TwoDays) -> None:
    mended = two_days.changes.changed_users[0]

    assert two_days.sandbox.profile(str(mended.customer_id))["Phone"] == 4915123456789


def test_a_changed_user_changes_its_profile(two_days: TwoDays) -> None:
    changed = two_days.changes.changed_users[1]

    profile = two_days.sandbox.profile(str(changed.customer_id))

    assert profile["Name"] == changed.full_name
    assert "Nickname" not in profile


def test_the_segment_is_replaced_by_the_list_of_the_day(two_days: TwoDays) -> None:
    (segment,) = two_days.sandbox.segments()
    members = {row["value"] for row in two_days.sandbox.members(segment["id"])}

    assert {str(member.customer_id) for member in two_days.changes.members} <= members
    assert members.isdisjoint(str(gone.customer_id) for gone in two_days.changes.former_members)
    assert [mail["outcome"] for mail in two_days.sandbox.mails()] == ["success", "success"]


def test_the_second_run_tries_rejected_rows_again_and_keeps_them_again(two_days: TwoDays) -> None:
    assert two_days.rejected[1] - two_days.rejected[0] == two_days.rejected[0]


def test_a_run_that_fails_says_what_the_target_complained_of(
    postgres: Database, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", postgres, "http://not.loopback.example.com")
    project.prepare()

    with pytest.raises(MeltanoFailed, match="target-clevertap api_url: must be an https URL"):
        project.run()
