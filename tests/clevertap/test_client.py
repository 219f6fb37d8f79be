"""Calls of the API: what they send, what their answers mean, and what is tried again."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.clevertap import (
    UNLESS_LOST,
    Client,
    Credentials,
    Refusal,
    UploadAnswer,
)
from target_clevertap.errors import (
    AnswerLost,
    AnswerUnclear,
    CleverTapError,
    CredentialsRefused,
    LinkExpired,
    ListRefused,
    RequestRefused,
    ServerFailed,
    TerminalError,
    Throttled,
    TransientError,
    UnexpectedAnswer,
)
from tests.clevertap.conftest import CREDENTIALS, Bench, Time
from tests.clevertap.scripted import Reaction, Scripted, answer, hang_up, raw

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeBench = Callable[..., Bench]

RECORD = b'{"type":"profile","identity":"secret-identity","profileData":{"Name":"A"}}'
TAKEN = answer(200, {"status": "success", "processed": 1, "unprocessed": []})
DONE = answer(200, {"status": "success"})


def failed(error: str, code: int) -> dict[str, Any]:
    return {"status": "fail", "error": error, "code": code}


# Who calls.


def test_credentials_never_show_the_passcode() -> None:
    assert repr(CREDENTIALS) == "Credentials(account_id='ACCOUNT-1')"
    assert "secret" not in str(CREDENTIALS)


@pytest.mark.parametrize("value", ["", "secret\n", " secret", "secret\r\nX: 1", "sécret", "\x00"])
def test_credentials_that_no_header_can_carry_are_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ValueError, match="the passcode must be printable ASCII") as caught:
        Credentials("ACCOUNT-1", value)
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="the account id must be printable ASCII"):
        Credentials(value, "secret")


def test_the_passcode_is_not_sent_to_another_machine_in_the_clear() -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        Client("http://api.clevertap.com", CREDENTIALS)


# Uploads.


def test_an_upload_is_one_call_with_all_records(bench: MakeBench) -> None:
    it = bench(answer(200, {"status": "success", "processed": 2, "unprocessed": []}))
    assert it.client.upload([RECORD, b'{"type":"event"}']) == UploadAnswer((), 2)
    heard = it.server.heard[0]
    assert heard.line == "POST /1/upload HTTP/1.1"
    assert heard.body == b'{"d":[' + RECORD + b',{"type":"event"}]}'
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["content-length"] == str(len(heard.body))
    assert heard.headers["x-clevertap-account-id"] == "ACCOUNT-1"
    assert heard.headers["x-clevertap-passcode"] == "secret-passcode"
    assert heard.headers["user-agent"] == "target-clevertap"


def test_a_dry_run_says_so_with_every_upload(bench: MakeBench) -> None:
    it = bench(TAKEN, dry_run=True, user_agent="somebody/1.0")
    it.client.upload([RECORD])
    assert it.server.heard[0].line == "POST /1/upload?dryRun=1 HTTP/1.1"
    assert it.server.heard[0].headers["user-agent"] == "somebody/1.0"


def test_a_path_before_that_of_the_api_is_kept() -> None:
    with Scripted(TAKEN) as server, Client(f"{server.url}/proxy/", CREDENTIALS) as client:
        client.upload([RECORD])
    assert server.heard[0].line == "POST /proxy/1/upload HTTP/1.1"


@pytest.mark.parametrize("size", [0, 1001])
def test_an_upload_has_no_fewer_and_no_more_records_than_clevertap_takes(
    bench: MakeBench, size: int
) -> None:
    it = bench(TAKEN)
    with pytest.raises(ValueError, match="1 to 1000 records"):
        it.client.upload([RECORD] * size)
    assert it.server.heard == []


def test_refused_records_are_a_result_and_no_error(bench: MakeBench) -> None:
    entry = {"status": "fail", "code": 515, "error": "Email.Skipped record number : 2"}
    it = bench(answer(200, {"status": "partial", "processed": 1, "unprocessed": [entry]}))
    refusal = Refusal(1, 515, "Email.Skipped record number : 2")
    assert it.client.upload([RECORD, RECORD]) == UploadAnswer((refusal,), 1)
    assert len(it.server.heard) == 1


def test_an_answer_that_does_not_add_up_is_told_at_once(bench: MakeBench, time: Time) -> None:
    it = bench(answer(200, {"status": "fail", "processed": 0, "unprocessed": []}))
    with pytest.raises(AnswerUnclear):
        it.client.upload([RECORD])
    assert len(it.server.heard) == 1
    assert time.sleeps == []


# What goes wrong, and how it is told. Each of these is the answer to a call of any kind.

FAILURES = [
    (401, failed("Invalid Credentials", 401), CredentialsRefused),
    (401, "<html>", CredentialsRefused),
    (403, failed("not allowed", 403), CredentialsRefused),
    (400, failed("Malformed request", 400), RequestRefused),
    (400, "<html>", RequestRefused),
    (413, "<html>", RequestRefused),
    (429, failed("Too many concurrent requests", 429), Throttled),
    (429, "slow down", Throttled),
    (500, "<html>", ServerFailed),
    (502, "", ServerFailed),
    (503, failed("x", 503), ServerFailed),
    (504, b"\xff\xfe", ServerFailed),
    (200, failed("Invalid Credentials", 401), CredentialsRefused),
    (200, failed("Malformed request", 400), RequestRefused),
    (200, failed("Too many concurrent requests", 429), Throttled),
    (200, failed("x", 500), ServerFailed),
    (200, {"status": "fail", "error": "x"}, UnexpectedAnswer),
    (200, {"status": "error", "error": "x", "code": 4002}, UnexpectedAnswer),
    (200, {}, UnexpectedAnswer),
    (200, "", AnswerLost),
    (204, "", AnswerLost),
    (200, "<html>", AnswerLost),
    (200, '{"status":"success","proces', AnswerLost),
    (200, "[]", AnswerLost),
    (200, b'{"status":"\xff"}', AnswerLost),
    (301, "", UnexpectedAnswer),
    (404, failed("x", 404), UnexpectedAnswer),
    (405, "", UnexpectedAnswer),
    (501, "", UnexpectedAnswer),
]


@pytest.mark.parametrize(("status", "body", "kind"), FAILURES)
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.upload([RECORD]),
        lambda client: client.delete_profiles("identity", ["secret-identity"]),
    ],
    ids=["upload", "delete"],
)
def test_every_failure_is_told_by_its_kind_and_host_and_without_secrets(
    bench: MakeBench,
    status: int,
    body: object,
    kind: type[CleverTapError],
    call: Callable[[Client], object],
) -> None:
    it = bench(answer(status, body), limit_seconds=0)
    with pytest.raises(CleverTapError) as caught:
        call(it.client)
    assert type(caught.value) is kind
    assert f"localhost:{it.server.port}" in str(caught.value)
    assert "secret" not in repr(caught.value)
    assert len(it.server.heard) == 1


def test_refused_credentials_say_what_to_check(bench: MakeBench) -> None:
    it = bench(answer(401, failed("Invalid Credentials", 401)))
    with pytest.raises(CredentialsRefused) as caught:
        it.client.upload([RECORD])
    assert str(caught.value) == (
        f"localhost:{it.server.port} refuses the credentials (401): check the account id, the "
        "passcode and the region. An account is known in its own region only."
    )


def test_an_account_that_was_refused_is_not_asked_again(bench: MakeBench) -> None:
    it = bench(answer(401, failed("Invalid Credentials", 401)))
    for _ in range(2):
        with pytest.raises(CredentialsRefused, match="refuses the credentials"):
            it.client.upload([RECORD])
    assert len(it.server.heard) == 1


def test_an_unknown_account_does_not_lead_to_the_passcode(bench: MakeBench) -> None:
    it = bench(answer(401, failed("Account ID is not valid", 401)))
    with pytest.raises(CredentialsRefused, match="check the account id and the region"):
        it.client.upload([RECORD])


def test_a_forbidden_call_leads_to_what_the_passcode_may_do(bench: MakeBench) -> None:
    it = bench(answer(403, ""))
    with pytest.raises(CredentialsRefused, match="check whether the passcode may do this"):
        it.client.upload([RECORD])


def test_a_redirect_is_not_followed_and_is_told(bench: MakeBench) -> None:
    with Scripted(TAKEN) as elsewhere:
        it = bench(answer(308, "", {"Location": elsewhere.url}))
        with pytest.raises(UnexpectedAnswer, match="points elsewhere"):
            it.client.upload([RECORD])
    assert elsewhere.heard == []


# What is tried again.


@pytest.mark.parametrize(
    "failure",
    [
        answer(429, ""),
        answer(500, ""),
        answer(502, ""),
        answer(503, ""),
        answer(504, ""),
        answer(200, "no JSON"),
        hang_up,
        raw(b"HTTP/1.1 200"),
        raw(b"HTTP/1.1 200 OK\r\nContent-"),
    ],
)
def test_a_passing_failure_is_followed_by_the_same_call(
    bench: MakeBench, failure: Reaction
) -> None:
    it = bench(failure, failure, TAKEN)
    assert it.client.upload([RECORD]).processed == 1
    assert len({heard.body for heard in it.server.heard}) == 1
    assert len(it.server.heard) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_failure_for_good_is_not(bench: MakeBench, status: int) -> None:
    it = bench(answer(status, ""), TAKEN)
    with pytest.raises(TerminalError):
        it.client.upload([RECORD])
    assert len(it.server.heard) == 1


def test_a_lost_answer_is_not_when_that_could_do_things_twice(bench: MakeBench) -> None:
    it = bench(answer(429, ""), hang_up, TAKEN)
    with pytest.raises(AnswerLost):
        it.client.upload([RECORD], retry_on=UNLESS_LOST)
    assert len(it.server.heard) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_an_answer_asks_for_is_kept(
    bench: MakeBench, time: Time, status: int
) -> None:
    it = bench(answer(status, "", {"Retry-After": "20"}), TAKEN)
    it.client.upload([RECORD])
    assert 20 <= time.sleeps[0] <= 21


def test_every_attempt_is_told_of(bench: MakeBench) -> None:
    entry = {"code": 515, "error": "Skipped record number : 1"}
    refused = answer(200, {"status": "fail", "processed": 0, "unprocessed": [entry]})
    it = bench(answer(429, "", {"Retry-After": "3"}), hang_up, refused)
    it.client.upload([RECORD])
    told = [(a.call, a.number, a.records, a.status, type(a.error)) for a in it.attempts]
    assert told == [
        ("upload", 1, 1, 429, Throttled),
        ("upload", 2, 1, None, AnswerLost),
        ("upload", 3, 1, 200, type(None)),
    ]
    assert isinstance(it.attempts[0].error, Throttled)
    assert it.attempts[0].error.retry_after == 3


def test_an_attempt_tells_how_long_it_took(bench: MakeBench, time: Time) -> None:
    def slow(connection: Any) -> None:  # noqa: ANN401 - a socket
        time.now += 0.25
        TAKEN(connection)

    it = bench(slow)
    it.client.upload([RECORD])
    assert [attempt.seconds for attempt in it.attempts] == [0.25]


# Deletions.


@pytest.mark.parametrize(("kind", "key"), [("identity", "identity"), ("objectId", "guid")])
def test_profiles_are_deleted_by_identity_or_by_clevertap_id(
    bench: MakeBench, kind: str, key: str
) -> None:
    it = bench(DONE)
    it.client.delete_profiles(kind, ["a", 'b"c'])
    assert it.server.heard[0].line == "POST /1/delete/profiles.json HTTP/1.1"
    assert json.loads(it.server.heard[0].body) == {key: ["a", 'b"c']}
    assert [(a.call, a.records) for a in it.attempts] == [("delete_profiles", 2)]


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("FBID", ["secret"], "by identity or objectId, not by FBID"),
        ("identity", [], "1 to 100"),
        ("identity", ["secret"] * 101, "1 to 100"),
    ],
)
def test_a_deletion_that_clevertap_does_not_offer_is_not_sent(
    bench: MakeBench, kind: str, values: list[str], words: str
) -> None:
    it = bench(DONE)
    with pytest.raises(ValueError, match=words):
        it.client.delete_profiles(kind, values)
    assert it.server.heard == []


# Custom lists.

LINK = "https://storage.example.com/list?X-Amz-Signature=secret-signature"


def test_a_list_begins_with_a_link(bench: MakeBench) -> None:
    it = bench(answer(200, {"presignedS3URL": LINK, "expiry": "7 May", "status": "success"}))
    assert it.client.list_url() == LINK
    heard = it.server.heard[0]
    assert heard.line == "POST /get_custom_list_segment_url HTTP/1.1"
    assert heard.body == b""
    assert heard.headers["content-length"] == "0"


NO_URL = "URL not generated, Please come back later"


@pytest.mark.parametrize(
    "refusal",
    [
        answer(200, {"status": "fail", "error": NO_URL}),
        answer(200, NO_URL),
        answer(400, failed(NO_URL, 400)),
        answer(404, NO_URL),
    ],
)
def test_a_link_that_is_not_ready_is_asked_for_again(bench: MakeBench, refusal: Reaction) -> None:
    it = bench(refusal, answer(200, {"status": "success", "presignedS3URL": LINK}))
    assert it.client.list_url() == LINK
    assert [type(attempt.error) for attempt in it.attempts] == [TransientError, type(None)]


@pytest.mark.parametrize(
    "link", [None, "", "http://storage.example.com/secret", "ftp://secret", "//secret"]
)
def test_a_link_that_must_not_be_called_is_not_taken(bench: MakeBench, link: object) -> None:
    it = bench(answer(200, {"status": "success", "presignedS3URL": link}))
    with pytest.raises(UnexpectedAnswer, match="gave a URL that is of no use") as caught:
        it.client.list_url()
    assert "secret" not in str(caught.value)


def test_credentials_that_get_no_link_are_refused(bench: MakeBench) -> None:
    it = bench(answer(401, failed("Invalid Credentials", 401)))
    with pytest.raises(CredentialsRefused):
        it.client.list_url()


def test_a_refusal_to_give_a_link_tells_the_reason(bench: MakeBench) -> None:
    it = bench(answer(409, failed("Too many lists", 409)))
    with pytest.raises(ListRefused, match=r"refuses the list \(409\): Too many lists\.$"):
        it.client.list_url()


CSV = b"Type,Identity\ni,secret-identity\n"


def put(bench: Bench, file: BytesIO, size: int = len(CSV)) -> None:
    bench.client.put_list(f"{bench.server.url}/list?X-Amz-Signature=secret", file, size)


def test_a_file_is_put_whole_with_its_length_and_nothing_of_clevertap(bench: MakeBench) -> None:
    it = bench(answer(200, ""))
    put(it, BytesIO(CSV))
    heard = it.server.heard[0]
    assert heard.line == "PUT /list?X-Amz-Signature=secret HTTP/1.1"
    assert heard.body == CSV
    assert set(heard.headers) == {
        "host",
        "accept-encoding",
        "content-length",
        "user-agent",
    }
    assert heard.headers["content-length"] == str(len(CSV))


def test_a_file_is_put_from_its_beginning_at_every_try(bench: MakeBench) -> None:
    it = bench(answer(503, "<Error/>"), hang_up, answer(204, ""))
    file = BytesIO(CSV)
    file.read(5)
    put(it, file)
    assert [heard.body for heard in it.server.heard] == [CSV] * 3


@pytest.mark.parametrize("size", [0, len(CSV) - 1, len(CSV) + 1])
def test_a_file_of_another_size_is_not_put(bench: MakeBench, size: int) -> None:
    it = bench(answer(200, ""))
    with pytest.raises(ValueError, match="not that of the file"):
        put(it, BytesIO(CSV), size)
    assert it.server.heard == []


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (403, LinkExpired, r"no longer takes the link for the list's file \(403 AccessDenied\)"),
        (400, UnexpectedAnswer, r"did not take the list's file \(400 AccessDenied\)"),
        (301, UnexpectedAnswer, r"\(301 AccessDenied\)"),
        (503, ServerFailed, "not well"),
        (429, Throttled, "too many"),
    ],
)
def test_a_file_that_is_not_taken_is_told_without_the_link(
    bench: MakeBench, status: int, kind: type[CleverTapError], words: str
) -> None:
    xml = "<Error><Code>AccessDenied</Code><Message>X-Amz-Signature=secret</Message></Error>"
    it = bench(answer(status, xml), limit_seconds=0)
    with pytest.raises(kind, match=words) as caught:
        put(it, BytesIO(CSV))
    assert "secret" not in repr(caught.value)


def complete(client: Client, **changes: Any) -> int | None:  # noqa: ANN401 - any argument
    form = {
        "name": "VIP",
        "owner_email": "admin@example.com",
        "creator": "Data team",
        "filename": "list.csv",
        "url": LINK,
    }
    return client.complete_list(**{**form, **changes})


def test_a_list_ends_with_its_form(bench: MakeBench) -> None:
    it = bench(answer(200, {"Segment ID": 1234, "status": "success", "code": 200}))
    assert complete(it.client) == 1234
    heard = it.server.heard[0]
    assert heard.line == "POST /upload_custom_list_segment_completed HTTP/1.1"
    assert json.loads(heard.body) == {
        "name": "VIP",
        "email": "admin@example.com",
        "filename": "list.csv",
        "creator": "Data team",
        "url": LINK,
        "replace": True,
    }


def test_a_list_may_be_taken_without_an_id(bench: MakeBench) -> None:
    assert complete(bench(DONE).client) is None


@pytest.mark.parametrize("status", [200, 401])
def test_a_401_at_the_end_of_a_list_is_about_its_owner(bench: MakeBench, status: int) -> None:
    text = "Email id is either not in the right format or does not belong to a valid admin"
    it = bench(answer(status, failed(text, 401)))
    with pytest.raises(ListRefused) as caught:
        complete(it.client)
    assert str(caught.value) == (
        f"localhost:{it.server.port} refuses the list (401): {text}. "
        "The owner's e-mail address must be that of an admin of the account."
    )


def test_a_refused_list_tells_the_reason_in_one_short_line_without_the_link(
    bench: MakeBench,
) -> None:
    it = bench(answer(200, failed(f"duplicate_name\n\x1b[31m {LINK} {'x' * 500}", 409)))
    with pytest.raises(ListRefused) as caught:
        complete(it.client)
    text = str(caught.value)
    assert "(409): duplicate_name [31m (the link) xxx" in text
    assert text.isprintable()
    assert len(text) < 300
    assert "secret" not in text


def test_a_list_that_replaces_is_completed_again_after_a_lost_answer(bench: MakeBench) -> None:
    it = bench(hang_up, DONE)
    complete(it.client)
    assert len(it.server.heard) == 2


def test_a_list_that_must_be_new_is_not(bench: MakeBench) -> None:
    it = bench(hang_up, DONE)
    with pytest.raises(AnswerLost):
        complete(it.client, replace=False)
    assert json.loads(it.server.heard[0].body)["replace"] is False
    assert len(it.server.heard) == 1
