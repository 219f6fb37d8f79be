"""Custom lists: three steps, processing in the background, and the mail about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from tests.sandbox.api import (
    ADMIN,
    call,
    complete_list,
    list_url,
    profile,
    put_list,
    upload,
    upload_list,
)

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

DAY = 24 * 3600
CSV = "Type,Identity\ni,a\ng,device\ni,unknown\n"


def fill(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a"), {"type": "profile", "objectId": "device", "profileData": {}})


def test_the_first_step_issues_a_url_with_its_expiry(sandbox: Sandbox) -> None:
    answer = call(sandbox, "POST", "/get_custom_list_segment_url").json()

    assert set(answer) == {"presignedS3URL", "expiry", "status"}
    assert answer["status"] == "success"
    assert answer["presignedS3URL"].startswith(sandbox.url + "/")
    assert re.fullmatch(r"[1-9]\d? [A-Z][a-z]{2}, (0[1-9]|1[0-2]):[0-5]\d [AP]M", answer["expiry"])


def test_a_list_is_accepted_processed_and_mailed_about(sandbox: Sandbox) -> None:
    fill(sandbox)
    answer = upload_list(sandbox, CSV)

    assert answer.content == b'{ "Segment ID" : 1 , "status" : "success" , "code" : 200}'
    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["status"], segment["members"], segment["unknown"]) == ("ready", 2, 1)
    assert segment["rows"] == [
        {"kind": "identity", "value": "a", "known": True},
        {"kind": "identity", "value": "unknown", "known": False},
        {"kind": "objectId", "value": "device", "known": True},
    ]
    [mail] = sandbox.mails()
    assert (mail["to"], mail["segment"], mail["outcome"]) == (ADMIN, "VIP", "success")


def test_a_list_makes_no_profiles(sandbox: Sandbox) -> None:
    upload_list(sandbox, CSV)

    assert sandbox.profiles() == []


def test_processing_takes_its_time_by_the_clock(sandbox: Sandbox) -> None:
    sandbox.settings(list_processing_seconds=600)
    upload_list(sandbox, CSV)
    sandbox.advance(500)
    waiting = sandbox.segment("VIP")
    assert waiting is not None
    assert (waiting["status"], waiting["members"]) == ("processing", 0)
    assert sandbox.mails() == []

    fill(sandbox)
    sandbox.advance(100)
    ready = sandbox.segment("VIP")
    assert ready is not None
    assert (ready["status"], ready["members"]) == ("ready", 2)
    assert len(sandbox.mails()) == 1


@pytest.mark.parametrize(
    "content",
    [
        "Identity\na\n",
        "Identity,Type\na,i\n",
        "i,a\n",
        "",
        "Type,Identity\ni\n",
        "Type,Identity\ni,a,b\n",
        "Type,Identity\nx,a\n",
        b"Type,Identity\ni,\xff\n",
    ],
)
def test_a_wrong_file_is_accepted_and_fails_by_mail(sandbox: Sandbox, content: str | bytes) -> None:
    url = list_url(sandbox)
    put_list(url, content)

    assert complete_list(sandbox, url).json()["status"] == "success"
    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["status"], segment["members"]) == ("failed", 0)
    assert [mail["outcome"] for mail in sandbox.mails()] == ["failure"]


@pytest.mark.parametrize("header", ["Type,Identity", "type,identity"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_header_case_and_line_ends_do_not_matter(sandbox: Sandbox, header: str, end: str) -> None:
    fill(sandbox)
    upload_list(sandbox, f'{header}{end}i,"a"{end}i,a{end}')

    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["members"], segment["unknown"]) == (1, 0)


@pytest.mark.parametrize("email", ["nobody@example.com", "", "admin"])
def test_the_owner_is_an_admin(sandbox: Sandbox, email: str) -> None:
    answer = upload_list(sandbox, CSV, email=email)

    assert answer.status_code == 401
    assert answer.json() == {
        "error": "Email id is either not in the right format or does not belong to a valid admin",
        "status": "fail",
        "code": 401,
    }
    assert sandbox.segments() == []


def test_a_name_is_taken_unless_it_is_replaced(sandbox: Sandbox) -> None:
    fill(sandbox)
    upload_list(sandbox, CSV)
    assert upload_list(sandbox, CSV).json()["status"] == "fail"

    assert upload_list(sandbox, "Type,Identity\ni,a\n", replace=True).json()["status"] == "success"
    segment = sandbox.segment("VIP")
    assert segment is not None
    assert [row["value"] for row in segment["rows"]] == ["a"]
    assert [each["members"] for each in segment["uploads"]] == [2, 1]


def test_the_name_of_a_failed_list_stays_taken(sandbox: Sandbox) -> None:
    upload_list(sandbox, "wrong")

    assert upload_list(sandbox, CSV).json()["status"] == "fail"
    assert upload_list(sandbox, CSV, replace=True).json()["status"] == "success"


def test_replacing_an_unknown_name_makes_it(sandbox: Sandbox) -> None:
    assert upload_list(sandbox, CSV, replace=True).json()["status"] == "success"
    assert len(sandbox.segments()) == 1


def test_a_failed_replacement_leaves_the_last_good_list(sandbox: Sandbox) -> None:
    fill(sandbox)
    upload_list(sandbox, CSV)
    upload_list(sandbox, "Type,Identity\ni,a\nwrong\n", replace=True)

    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["status"], segment["members"]) == ("ready", 2)
    assert [each["outcome"] for each in segment["uploads"]] == ["success", "failure"]
    assert [mail["outcome"] for mail in sandbox.mails()] == ["success", "failure"]


def test_an_expired_url_is_forbidden(sandbox: Sandbox) -> None:
    url = list_url(sandbox)
    sandbox.advance(DAY - 60)
    assert put_list(url, CSV).status_code == 200
    sandbox.advance(60)

    answer = put_list(url, CSV)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/xml"
    assert complete_list(sandbox, url).json()["status"] == "fail"


def test_an_altered_url_is_forbidden(sandbox: Sandbox) -> None:
    url = list_url(sandbox)

    assert put_list(url + "0", CSV).status_code == 403
    assert put_list(url.partition("?")[0], CSV).status_code == 403
    assert put_list(url.replace(".csv", "0.csv"), CSV).status_code == 403


def test_a_chunked_body_is_not_taken(sandbox: Sandbox) -> None:
    url = list_url(sandbox)
    answer = requests.put(url, data=iter([b"Type,Identity\n"]), timeout=10)

    assert answer.status_code == 411
    assert complete_list(sandbox, url).json()["status"] == "fail"


@pytest.mark.parametrize("url", ["", "x", "http://[", "https://example.com/a.csv"])
def test_a_url_without_a_file_is_refused(sandbox: Sandbox, url: str) -> None:
    assert complete_list(sandbox, url).json()["status"] == "fail"


def test_a_file_is_handed_over_once(sandbox: Sandbox) -> None:
    put_list(url := list_url(sandbox), CSV)

    assert complete_list(sandbox, url).json()["status"] == "success"
    assert complete_list(sandbox, url, replace=True).json()["status"] == "fail"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"name":5}', b"\xff"])
def test_an_incomplete_last_step_is_refused(sandbox: Sandbox, body: bytes) -> None:
    answer = call(sandbox, "POST", "/upload_custom_list_segment_completed", data=body)

    assert answer.status_code == 400


def test_the_storage_host_wants_no_credentials_and_tells_which_it_got(sandbox: Sandbox) -> None:
    url = list_url(sandbox)
    put_list(url, CSV)
    requests.put(url, data=CSV, headers=sandbox.headers, timeout=10)

    puts = [each for each in sandbox.calls() if each["method"] == "PUT"]
    assert [each["passcode_sent"] for each in puts] == [False, True]
    assert "x-clevertap-account-id" in puts[1]["header_names"]
    assert sandbox.passcode not in str(puts)


def test_a_deleted_profile_leaves_the_list(sandbox: Sandbox) -> None:
    fill(sandbox)
    upload_list(sandbox, CSV)
    call(sandbox, "POST", "/1/delete/profiles.json", json={"identity": "a"})

    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["members"], segment["unknown"]) == (1, 2)


def test_a_list_of_many_thousand_rows_is_counted_exactly(sandbox: Sandbox) -> None:
    upload(sandbox, *(profile(str(n)) for n in range(1000)))
    rows = "".join(f"i,{n % 4000}\n" for n in range(8000))
    upload_list(sandbox, "Type,Identity\n" + rows)

    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["members"], segment["unknown"]) == (1000, 3000)
    assert len(segment["rows"]) == 4000
