"""However a call to CleverTap ends, nothing of what was in it is told, nor of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.looking import assert_private
from tests.privacy.rows import SCHEMAS, bookmark, good_rows, visit

if TYPE_CHECKING:
    from tests.privacy.children import Children
    from tests.privacy.marks import Marks
    from tests.support.pipeline import Message
    from tests.support.sandbox import Sandbox

Settings = dict[str, Any]
Fault = dict[str, Any]

ALWAYS = list(range(1, 100))

REFUSED: dict[str, tuple[Fault, str]] = {
    "400 for every call": ({"kind": "malformed", "calls": ALWAYS}, "call_refused"),
    "400 for some calls": ({"kind": "malformed", "calls": list(range(1, 12))}, "call_refused"),
    "records that are refused": (
        {"kind": "record_error", "code": 516, "positions": [1, 3, 5, 8], "calls": [1]},
        "clevertap_516",
    ),
    "a code that is not known": (
        {"kind": "record_error", "code": 599, "positions": [1, 2], "calls": [1]},
        "clevertap_599",
    ),
    "records that are refused without their positions": (
        {"kind": "positionless", "calls": ALWAYS},
        "clevertap_528",
    ),
}
"""What becomes of calls, and what the log then has."""

FAILED: dict[str, tuple[Fault, str]] = {
    "401": ({"kind": "status", "status": 401}, "refuses the credentials (401)"),
    "403": ({"kind": "status", "status": 403}, "refuses the credentials (403)"),
    "404": ({"kind": "status", "status": 404}, "documented nowhere (404)"),
    "429": ({"kind": "status", "status": 429}, "too many calls at once. Given up after"),
    "500": ({"kind": "status", "status": 500}, "is not well (500). Given up after"),
    "a page of HTML": ({"kind": "non_json"}, "is not well (502). Given up after"),
    "an answer cut off": ({"kind": "truncated"}, "it may have received the call. Given up after"),
    "a connection cut off": ({"kind": "reset_after"}, "broke (Connection reset by peer); it may"),
}
"""The same for calls that no try brings through."""


DELETE = "/1/delete/profiles.json"

STEPS = [
    "/get_custom_list_segment_url",
    "/custom-list-uploads/*",
    "/upload_custom_list_segment_completed",
]
"""Of the upload of a list."""


@pytest.fixture
def rows(marks: Marks) -> list[Message]:
    """Rows of each stream that CleverTap would take."""
    return good_rows(marks)


def of_lists(rows: list[Message], stream: str) -> list[Message]:
    return [row for row in rows if row["stream"] == stream]


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_is_told_in_words_of_our_own(
    kind: str, children: Children, settings: Settings, marks: Marks, rows: list[Message],
    sandbox: Sandbox,
) -> None:  # fmt: skip
    fault, said = REFUSED[kind]
    sandbox.fault(**fault)
    sandbox.settings(discarded_events=["Charged"])
    last = bookmark(marks)
    told = children.run(settings, [*SCHEMAS, *rows, last])
    assert_private(
        told, children, marks, rejected=rows, members=of_lists(rows, "fans"), states=[last]
    )
    assert f" rejected, {said}" in told.log
    if "records" in kind:
        assert marks.found(str(sandbox.rejections())), "the answer has the records"


@pytest.mark.parametrize("kind", FAILED)
def test_a_call_that_fails_for_good_is_told_by_host_and_status(
    kind: str, children: Children, settings: Settings, marks: Marks, rows: list[Message],
    sandbox: Sandbox,
) -> None:  # fmt: skip
    fault, said = FAILED[kind]
    sandbox.fault(**fault, calls=ALWAYS)
    told = children.run(settings | {"retry_limit_seconds": 1}, [*SCHEMAS, *rows, bookmark(marks)])
    assert_private(told, children, marks)
    assert told.code == 1
    assert said in told.log
    if "Given up" in said:
        assert "Next try in " in told.log


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_a_lost_answer_is_told_without_what_it_was_about(
    policy: str, children: Children, settings: Settings, marks: Marks, rows: list[Message],
    sandbox: Sandbox,
) -> None:  # fmt: skip
    sandbox.fault(kind="reset_after", calls=[1])
    last = bookmark(marks)
    changes = {"uncertain_events": policy, "retry_limit_seconds": 5}
    told = children.run(settings | changes, [*SCHEMAS, *rows, last])
    held = [row for row in rows if row["stream"] in {"points", "visits", "orders"}]
    assert_private(
        told, children, marks, rejected=held if policy == "hold" else (),
        members=of_lists(rows, "fans"), states=[last],
    )  # fmt: skip
    assert ("rejected, uncertain" in told.log) == (policy == "hold")
    again = children.run(settings | changes, [*SCHEMAS, *rows, last])
    assert_private(
        again, children, marks, rejected=held, members=of_lists(rows, "fans"), states=[last]
    )


def test_a_deletion_that_fails_is_told_without_whom_it_was_about(
    children: Children, settings: Settings, marks: Marks, rows: list[Message], sandbox: Sandbox
) -> None:
    sandbox.fault(path=DELETE, kind="status", status=404, calls=ALWAYS)
    told = children.run(settings, [*SCHEMAS, *rows, bookmark(marks)])
    assert_private(told, children, marks)
    assert told.code == 1
    assert "documented nowhere (404)" in told.log


def test_a_deletion_that_is_refused_is_told_without_whom_it_was_about(
    children: Children, settings: Settings, marks: Marks, rows: list[Message], sandbox: Sandbox
) -> None:
    sandbox.fault(path=DELETE, kind="status", status=400, calls=ALWAYS)
    told = children.run(settings, [*SCHEMAS, *rows, last := bookmark(marks)])
    assert_private(
        told, children, marks, rejected=rows, members=of_lists(rows, "fans"), states=[last]
    )
    assert " rejected, call_refused" in told.log


@pytest.mark.parametrize("path", STEPS)
@pytest.mark.parametrize("status", [403, 500])
def test_a_list_that_fails_is_told_without_its_members(
    path: str, status: int, children: Children, settings: Settings, marks: Marks,
    rows: list[Message], sandbox: Sandbox,
) -> None:  # fmt: skip
    sandbox.fault(path=path, kind="status", status=status, calls=ALWAYS)
    told = children.run(settings, [*SCHEMAS, *rows, last := bookmark(marks)])
    assert_private(told, children, marks, members=of_lists(rows, "fans"), states=[last])
    assert told.code == 1
    assert "Unforeseen" not in told.log
    assert "Signature=" not in told.log, "whoever has the link could write the list"


def test_credentials_that_are_refused_are_not_told(
    children: Children, settings: Settings, marks: Marks
) -> None:
    wrong = settings | {"account_id": "SOMEBODY", "passcode": marks.text()}
    told = children.run(wrong, [*SCHEMAS, visit(marks)])
    assert_private(told, children, marks)
    assert "check the account id, the passcode and the region" in told.log
