"""Every answer of CleverTap's that was recorded and published, given again to the byte.

Each comes through HTTP for a request that must have led to it. Where a recording has 2017's shape,
or only the text of one refusal is known, the whole answer is laid out as those of 2018 are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.api import call

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

JSON = "application/json;charset=utf-8"

WHOLE = [
    pytest.param(
        b'{"d":[{"type":"profile","identity":"1","profileData":{"Name":"A"}}]}',
        b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}',
        id="one profile is accepted (2018)",
    ),
    pytest.param(
        b'{"d":[{"type":"event","FBID":"34322423","evtName":"Product viewed","ts":1468308340,'
        b'"evtData":{"Price":59.99}}]}',
        b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}',
        id="an event by its FBID is accepted (2018)",
    ),
    pytest.param(
        b'{"d":[{"identity":"3","type":"profile","profileData":{}},{"identity":"4",'
        b'"ts":1521649274,"type":"profile","profileData":{"Email":"1234"}}]}',
        b'{ "status" : "partial" , "processed" : 1 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 515 , "error" : "Profile data is incorrect. Email is not valid.Skipped record '
        b'number : 2" , "record" : { "identity" : "4" , "ts" : 1521649274 , "type" : "profile" , '
        b'"profileData" : { "Email" : "1234"}}}]}',
        id="one of two is refused for its Email (2018)",
    ),
    pytest.param(
        b'{"d":[{"identity":"1414","type":"profile",'
        b'"profileData":{"ID":"1414","Name":"John","Phone":"+44+441234"}}]}',
        b'{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 516 , "error" : "Profile data is incorrect. Phone number is not valid.Skipped '
        b'record number : 1" , "record" : { "identity" : "1414" , "type" : "profile" , '
        b'"profileData" : { "ID" : "1414" , "Name" : "John" , "Phone" : "+44+441234"}}}]}',
        id="the only one is refused for its Phone (2018)",
    ),
]


@pytest.mark.parametrize(("body", "answer"), WHOLE)
def test_a_recorded_exchange_is_given_again_to_the_byte(
    sandbox: Sandbox, body: bytes, answer: bytes
) -> None:
    given = call(sandbox, "POST", "/1/upload", data=body)

    assert given.status_code == 200
    assert given.content == answer
    assert given.headers["content-type"] == JSON
    assert int(given.headers["content-length"]) == len(answer)


REFUSED = (
    b'{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , '
    b'"code" : %d , "error" : "%b" , "record" : %b}]}'
)


def person(data: bytes) -> bytes:
    """A profile in CleverTap's layout."""
    return b'{ "type" : "profile" , "identity" : "1" , "profileData" : { %b}}' % data


PHONE = b'"Phone" : "+35922333232" , '
ECHO = b'"Phone" : 35922333232 , '
INCORRECT = b"Profile data is incorrect. "
REFUSALS = [
    (
        513,
        b"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
        b'{ "type" : "event" , "identity" : "1" , "evtName" : "Web Page Viewed" , "evtData" : { }}',
        None,
    ),
    (514, INCORRECT + b"Gender needs to be M/F.", person(b'"Gender" : "Male"'), None),
    (515, INCORRECT + b"Email is not valid.", person(b'"Email" : "$$$$$"'), None),
    (516, INCORRECT + b"Phone number is not valid.", person(b'"Phone" : "223"'), None),
    (516, INCORRECT + b"Phone number is not valid.", person(b'"Phone" : "123"'), None),
    (
        517,
        INCORRECT + b"Employed needs to be Y/N.",
        person(PHONE + b'"Employed" : "Yes"'),
        person(ECHO + b'"Employed" : "Yes"'),
    ),
    (
        518,
        INCORRECT + b"Education needs to be School/College/Graduate..",
        person(PHONE + b'"Education" : "Other"'),
        person(ECHO + b'"Education" : "Other"'),
    ),
    (
        519,
        INCORRECT + b"Married needs to be Y/N.",
        person(PHONE + b'"Married" : "No"'),
        person(ECHO + b'"Married" : "No"'),
    ),
    (
        520,
        INCORRECT + b"Age is invalid.",
        person(PHONE + b'"identity" : 1414 , "Age" : "aa"'),
        person(ECHO + b'"identity" : "1414" , "Age" : "aa"'),
    ),
    (
        523,
        (
            b"'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to "
            b"identify the user. "
        ),
        b'{ "type" : "profile" , "identity" : "" , "profileData" : { }}',
        None,
    ),
    (
        525,
        b"Timestamp should be present in the Unix Epoch format. ",
        b'{ "type" : "profile" , "identity" : "1" , "ts" : 0 , "profileData" : { }}',
        None,
    ),
]


@pytest.mark.parametrize(("code", "text", "record", "echo"), REFUSALS)
def test_a_recorded_refusal_is_given_again_to_the_byte(
    sandbox: Sandbox, code: int, text: bytes, record: bytes, echo: bytes | None
) -> None:
    given = call(sandbox, "POST", "/1/upload", data=b'{"d":[%b]}' % record)

    assert given.status_code == 200
    assert given.content == REFUSED % (code, text + b"Skipped record number : 1", echo or record)


def test_an_unknown_account_is_refused_as_recorded_in_2018(sandbox: Sandbox) -> None:
    sandbox.settings(unauthorized_text="Account ID is not valid")
    headers = {**sandbox.headers, "X-CleverTap-Account-Id": "nobody"}
    given = call(sandbox, "POST", "/1/upload", headers=headers, data=b'{"d":[]}')

    assert given.status_code == 401
    assert given.content == (
        b'{ "status" : "fail" , "error" : "Account ID is not valid" , "code" : 401}'
    )
    assert len(given.content) == 73


def test_malformed_json_is_refused_as_quoted_in_the_uploader(sandbox: Sandbox) -> None:
    given = call(sandbox, "POST", "/1/upload", data=b'{"d":[')

    assert given.status_code == 400
    assert given.content == (b'{ "status" : "fail" , "error" : "Malformed request" , "code" : 400}')


def test_the_recorded_headers_are_given_with_connections_closed(sandbox: Sandbox) -> None:
    sandbox.settings(close_connections=True)
    given = call(sandbox, "POST", "/1/upload", data=b'{"d":[]}')

    assert given.headers["content-type"] == JSON
    assert given.headers["connection"] == "Close"
    assert given.headers["content-length"] == str(len(given.content))


def test_a_dry_run_of_zero_is_a_normal_upload_as_recorded(sandbox: Sandbox) -> None:
    body = b'{"d":[{"type":"profile","identity":"1","profileData":{}}]}'
    given = call(sandbox, "POST", "/1/upload?dryRun=0", data=body)

    assert given.content == b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}'
    assert sandbox.state()["profiles"] == 1


def test_the_documented_answer_to_a_refused_owner_has_its_fields(sandbox: Sandbox) -> None:
    body = {
        "name": "My segment",
        "email": "stranger@example.com",
        "filename": "list.csv",
        "creator": "Loader",
        "url": "https://example.com/",
        "replace": False,
    }
    given = call(sandbox, "POST", "/upload_custom_list_segment_completed", json=body)

    assert given.json() == {
        "error": ("Email id is either not in the right format or does not belong to a valid admin"),
        "status": "fail",
        "code": 401,
    }
