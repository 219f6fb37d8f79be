"""What a run says for itself: while it goes on, when a signal comes, and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pipeline import command, config, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

USERS = {
    "type": "profile",
    "identifier": {"identity": "id"},
    "properties": {"Name": "name", "Email": "mail"},
}
VIP = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
USERS_SCHEMA = schema("users", id="integer", name="string", mail="string")
ADA = record("users", id=1, name="Ada")


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path / "work", streams={"users": USERS, "vip": VIP})


def test_a_call_that_is_tried_again_says_why_and_the_run_still_counts_as_well(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=503, calls=[1])
    done = command(settings | {"retry_limit_seconds": 60}, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert (done.code, done.states) == (0, [1])
    assert done.log.count("is not well (503). It is tried again, for 60 s at most") == 1
    # `meltano config test` takes these words for a failure.
    assert "error" not in done.log.lower()
    assert "exception" not in done.log.lower()
