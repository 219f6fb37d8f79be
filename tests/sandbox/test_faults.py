"""Faults on order: each kind, and which calls it strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from target_clevertap.sandbox.faults import FaultPlan, StatusFault
from tests.sandbox.api import ADMIN, call, event, list_url, profile, put_list, upload, wait_until

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox


def hits(calls: int, *, rate: float, seed: int) -> list[bool]:
    plan = FaultPlan()
    plan.add(StatusFault(status=503, rate=rate, seed=seed))
    return [plan.strike("/1/upload") is not None for _ in range(calls)]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "Malformed request"),
        (401, "Invalid Credentials"),
        (429, "Too many concurrent requests"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
    ],
)
def test_a_status_comes_in_the_shape_of_a_refused_request(
    sandbox: Sandbox, status: int, error: str
) -> None:
    sandbox.fault(kind="status", status=status)
    answer = upload(sandbox, profile())

    assert answer.status_code == status
    assert answer.json() == {"status": "fail", "error": error, "code": status}
    assert sandbox.profiles() == []


def test_a_429_may_say_when_to_come_back(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=429, retry_after=3)

    assert upload(sandbox).headers["retry-after"] == "3"


def test_a_fault_strikes_the_calls_it_names(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=503, calls=[1, 3])

    assert [upload(sandbox).status_code for _ in range(4)] == [503, 200, 503, 200]
    assert [each["fault"] for each in sandbox.calls()] == ["status", None, "status", None]


def test_a_fault_counts_from_when_it_is_set_and_only_its_own_path(sandbox: Sandbox) -> None:
    upload(sandbox)
    sandbox.fault(kind="status", status=503, calls=[2])
    call(sandbox, "POST", "/get_custom_list_segment_url")

    assert [upload(sandbox).status_code for _ in range(3)] == [200, 503, 200]


def test_a_rate_strikes_the_same_calls_for_the_same_seed() -> None:
    assert hits(1000, rate=0.3, seed=7) == hits(1000, rate=0.3, seed=7)
    assert hits(1000, rate=0.3, seed=7) != hits(1000, rate=0.3, seed=8)
    assert 200 < sum(hits(1000, rate=0.3, seed=7)) < 400


def test_other_paths_can_be_struck_by_name_or_glob(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=503, path="/get_custom_list_segment_url", calls=[1])
    sandbox.fault(kind="status", status=500, path="/custom-list-uploads/*", calls=[1])

    assert call(sandbox, "POST", "/get_custom_list_segment_url").status_code == 503
    url = list_url(sandbox)
    assert [put_list(url, "").status_code for _ in range(2)] == [500, 200]


def test_of_several_faults_the_first_one_set_strikes(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=500, calls=[1])
    sandbox.fault(kind="status", status=503, calls=[1, 2])

    assert [upload(sandbox).status_code for _ in range(3)] == [500, 503, 200]


def test_a_reset_before_processing_stores_nothing(sandbox: Sandbox) -> None:
    sandbox.fault(kind="reset_before", calls=[1])

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        upload(sandbox, event())
    assert sandbox.events() == []
    assert [each["status"] for each in sandbox.calls()] == [None]


def test_a_reset_after_processing_stores_all(sandbox: Sandbox) -> None:
    sandbox.fault(kind="reset_after", calls=[1])

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        upload(sandbox, event())
    assert len(sandbox.events()) == 1
    assert [(each["status"], each["accepted"]) for each in sandbox.calls()] == [(None, 1)]


def test_a_truncated_answer_breaks_off_after_processing(sandbox: Sandbox) -> None:
    sandbox.fault(kind="truncated", calls=[1])

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        upload(sandbox, event())
    assert len(sandbox.events()) == 1


def test_a_slow_answer_outlasts_the_client_but_is_processed(sandbox: Sandbox) -> None:
    sandbox.fault(kind="slow", seconds=3600, calls=[1])

    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}/1/upload", headers=sandbox.headers, json={"d": [event()]}, timeout=0.1
        )
    assert len(sandbox.events()) == 1


def test_a_gateway_answers_in_html(sandbox: Sandbox) -> None:
    sandbox.fault(kind="non_json", calls=[1])
    answer = upload(sandbox, event())

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")
    assert sandbox.events() == []


def test_nothing_processed_adds_up_to_nothing(sandbox: Sandbox) -> None:
    sandbox.fault(kind="nothing_processed", calls=[1])
    answer = upload(sandbox, event())

    assert answer.status_code == 200
    assert (answer.json()["processed"], answer.json()["unprocessed"]) == (0, [])
    assert sandbox.events() == []


def test_a_positionless_rejection_lacks_its_number(sandbox: Sandbox) -> None:
    sandbox.fault(kind="positionless")
    answer = upload(sandbox, profile(Email="x"), profile("")).json()

    assert [each["error"] for each in answer["unprocessed"]] == [
        "Profile data is incorrect. Email is not valid.",
        (
            "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify "
            "the user."
        ),
    ]


def test_a_spurious_400_calls_a_good_request_malformed(sandbox: Sandbox) -> None:
    sandbox.fault(kind="malformed", calls=[1])

    assert upload(sandbox, event()).json()["error"] == "Malformed request"
    assert upload(sandbox, event()).json()["status"] == "success"


def test_chosen_records_fail_with_a_chosen_code(sandbox: Sandbox) -> None:
    sandbox.fault(kind="record_error", code=555, positions=[2], calls=[1])
    records = event("A"), event("B"), event("C")

    [refused] = upload(sandbox, *records).json()["unprocessed"]
    assert (refused["code"], refused["record"]["evtName"]) == (555, "B")
    assert [each["evtName"] for each in sandbox.events()] == ["A", "C"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "fire"},
        {"kind": "status"},
        {"kind": "status", "status": 200},
        {"kind": "slow", "seconds": -1},
        {"kind": "malformed", "calls": [0]},
        {"kind": "malformed", "rate": 2},
        {"kind": "malformed", "rate": 0.5, "calls": [1]},
        {"kind": "malformed", "colour": "red"},
        {"kind": "positionless", "path": "/1/profile.json"},
    ],
)
def test_a_fault_that_cannot_be_is_refused(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    answer = call(sandbox, "POST", "/_sandbox/faults", json=[fault])

    assert answer.status_code == 400
    assert upload(sandbox).status_code == 200


def test_faults_end_when_they_are_cleared(sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", status=503)
    assert upload(sandbox).status_code == 503

    sandbox.clear_faults()
    assert upload(sandbox).status_code == 200


def test_a_fault_of_the_last_list_step_can_leave_the_list_accepted(sandbox: Sandbox) -> None:
    path = "/upload_custom_list_segment_completed"
    sandbox.fault(kind="reset_after", path=path, calls=[1])
    url = list_url(sandbox)
    put_list(url, "Type,Identity\n")
    body = {"name": "V", "email": ADMIN, "filename": "f", "creator": "c", "url": url}

    with pytest.raises(requests.ConnectionError):
        call(sandbox, "POST", path, json=body)
    assert [each["name"] for each in sandbox.segments()] == ["V"]


def test_a_client_that_left_a_slow_answer_takes_no_room(sandbox: Sandbox) -> None:
    sandbox.settings(concurrency=1)
    sandbox.fault(kind="slow", seconds=3600, calls=[1])
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}/1/upload", headers=sandbox.headers, json={"d": []}, timeout=0.1
        )

    wait_until(lambda: sandbox.state()["in_flight"] == {})
    assert upload(sandbox).status_code == 200
