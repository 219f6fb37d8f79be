"""The client against a CleverTap that was written without it, over HTTP."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_clevertap.clevertap import (
    UNLESS_LOST,
    Client,
    Credentials,
    Refusal,
    Retries,
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
    Throttled,
)
from tests.clevertap.conftest import Time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox import Sandbox


def profile(identity: str, /, **properties: object) -> bytes:
    record = {"type": "profile", "identity": identity, "profileData": properties}
    return json.dumps(record).encode()


def event(identity: str, name: str = "Seen", /, **properties: object) -> bytes:
    record = {"type": "event", "identity": identity, "evtName": name, "evtData": properties}
    return json.dumps(record).encode()


def client_of(sandbox: Sandbox, time: Time, limit_seconds: float = 60, **options: Any) -> Client:  # noqa: ANN401 - Client's own
    credentials = Credentials(sandbox.account_id, sandbox.passcode)
    return Client(sandbox.url, credentials, retries=time.retries(limit_seconds), **options)


@pytest.fixture
def client(sandbox: Sandbox, time: Time) -> Iterator[Client]:
    with client_of(sandbox, time) as client:
        yield client


def test_profiles_and_events_of_one_call_arrive(sandbox: Sandbox, client: Client) -> None:
    answer = client.upload([profile("ann", Plan="gold"), event("ann", Price=2.5)])
    assert answer == UploadAnswer((), 2)
    ann = sandbox.profile("ann")
    assert ann is not None
    assert ann["properties"]["Plan"] == "gold"
    assert [seen["evtData"] for seen in sandbox.events("Seen", "ann")] == [{"Price": 2.5}]


def test_refused_records_are_found_and_the_others_arrive(sandbox: Sandbox, client: Client) -> None:
    answer = client.upload(
        [profile("ann"), profile("bob", Email="nonsense"), event("ann", ""), event("ann")]
    )
    assert [(refusal.position, refusal.code) for refusal in answer.refusals] == [(1, 515), (2, 509)]
    assert answer.processed == 2
    assert sandbox.profile("bob") is None


def test_all_records_refused_is_an_answer_and_no_error(sandbox: Sandbox, client: Client) -> None:
    answer = client.upload([profile("ann", Phone="1"), profile("bob", Phone="2")])
    assert [refusal.code for refusal in answer.refusals] == [516, 516]
    assert sandbox.profiles() == []


def test_a_thousand_records_go_at_once(sandbox: Sandbox, client: Client) -> None:
    assert client.upload([event(f"user-{number}") for number in range(1000)]).processed == 1000
    assert sandbox.state()["events"] == 1000


def test_a_dry_run_is_answered_and_stores_nothing(sandbox: Sandbox, time: Time) -> None:
    with client_of(sandbox, time, dry_run=True) as client:
        answer = client.upload([profile("ann"), profile("bob", Email="nonsense")])
    assert [refusal.code for refusal in answer.refusals] == [515]
    assert sandbox.profiles() == []


def test_wrong_credentials_are_refused_at_once(sandbox: Sandbox, time: Time) -> None:
    wrong = Credentials(sandbox.account_id, "wrong")
    with Client(sandbox.url, wrong, retries=time.retries()) as client:
        with pytest.raises(CredentialsRefused):
            client.upload([profile("ann")])
        with pytest.raises(CredentialsRefused):
            client.delete_profiles("identity", ["ann"])
        with pytest.raises(CredentialsRefused):
            client.list_url()
    assert time.sleeps == []


def test_a_passing_fault_of_one_record_can_be_told(sandbox: Sandbox, client: Client) -> None:
    sandbox.fault(kind="record_error", code=555, positions=[2])
    (refusal,) = client.upload([profile("ann"), profile("bob")]).refusals
    assert (refusal.position, refusal.transient) == (1, True)


# Whatever the service does to a record before it echoes it, the record is found again.

people = st.fixed_dictionaries(
    {"Name": st.sampled_from(["A", "B"])},
    optional={
        "Phone": st.sampled_from(["+35922333232", "+35922333233", "1", "++"]),
        "Email": st.sampled_from(["a@example.com", "nonsense"]),
        "Married": st.sampled_from(["Y", "Perhaps"]),
        "Age": st.sampled_from([18, "18", "aa"]),
        "identity": st.sampled_from([7, "7"]),
    },
)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), people), min_size=1, max_size=10)
)
def test_a_refusal_without_a_number_is_given_to_its_own_record_or_to_none(
    sandbox_server: Sandbox, batch: list[tuple[str, dict[str, Any]]]
) -> None:
    records = [profile(identity, **properties) for identity, properties in batch]
    sandbox_server.clear_faults()
    with client_of(sandbox_server, Time(), dry_run=True) as client:
        told = client.upload(records).refusals
        sandbox_server.fault(kind="positionless")
        try:
            found = client.upload(records).refusals
        except AnswerUnclear:
            assert len(batch) > 1
            return
    assert _by_record(found, records) == _by_record(told, records)


def _by_record(refusals: tuple[Refusal, ...], records: list[bytes]) -> list[tuple[bytes, int]]:
    return sorted((records[refusal.position], refusal.code) for refusal in refusals)


# Faults on the way.


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 5},
        {"kind": "status", "status": 503},
        {"kind": "non_json", "status": 502},
        {"kind": "reset_before"},
        {"kind": "reset_after"},
        {"kind": "truncated"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_fault_that_passes_is_sat_out(
    sandbox: Sandbox, client: Client, time: Time, fault: dict[str, Any]
) -> None:
    sandbox.fault(calls=[1, 2], **fault)
    assert client.upload([profile("ann", Plan="gold")]).processed == 1
    assert len(sandbox.profiles()) == 1
    assert len(time.sleeps) == 2


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"kind": "status", "status": 429}, Throttled),
        ({"kind": "status", "status": 500}, ServerFailed),
        ({"kind": "non_json", "status": 504}, ServerFailed),
        ({"kind": "reset_before"}, AnswerLost),
        ({"kind": "truncated"}, AnswerLost),
    ],
    ids=lambda value: str(value["kind"]) if isinstance(value, dict) else "",
)
def test_a_fault_that_stays_ends_the_call_when_the_time_is_up(
    sandbox: Sandbox,
    client: Client,
    time: Time,
    fault: dict[str, Any],
    failure: type[CleverTapError],
) -> None:
    sandbox.fault(**fault)
    began = time.now
    with pytest.raises(failure, match=r"Given up after \d+ tries in \d+ s\."):
        client.upload([profile("ann")])
    assert time.now - began <= 60


def test_an_event_whose_answer_was_lost_is_doubled_only_when_that_is_allowed(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.fault(kind="reset_after", calls=[1, 3])
    with pytest.raises(AnswerLost):
        client.upload([event("ann", "Once")], retry_on=UNLESS_LOST)
    client.upload([event("ann", "Other")])
    client.upload([event("ann", "Twice")])
    names = [seen["evtName"] for seen in sandbox.events(identity="ann")]
    assert names == ["Once", "Other", "Twice", "Twice"]


def test_a_spurious_refusal_of_the_call_is_told_at_once(
    sandbox: Sandbox, client: Client, time: Time
) -> None:
    sandbox.fault(kind="malformed", calls=[1])
    with pytest.raises(RequestRefused):
        client.upload([profile("ann")])
    assert time.sleeps == []


def test_an_answer_that_says_nothing_of_the_records_is_unclear(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.fault(kind="nothing_processed")
    with pytest.raises(AnswerUnclear, match="0 taken and 0 refused of 2 sent"):
        client.upload([profile("ann"), profile("bob")])


# Many calls at once.


def test_fifteen_threads_share_one_client(sandbox: Sandbox, client: Client, time: Time) -> None:
    sandbox.latency(0.02)
    with ThreadPoolExecutor(15) as threads:
        answers = list(
            threads.map(lambda n: client.upload([event(f"user-{n}", Number=n)]), range(60))
        )
    assert all(answer == UploadAnswer((), 1) for answer in answers)
    assert sorted(seen["evtData"]["Number"] for seen in sandbox.events()) == list(range(60))
    assert max(call["in_flight"] for call in sandbox.calls()) > 1
    assert time.sleeps == []


def test_calls_beyond_what_the_account_allows_get_through_in_the_end(sandbox: Sandbox) -> None:
    sandbox.settings(concurrency=2)
    sandbox.latency(0.005)
    retries = Retries(base_seconds=0.01, cap_seconds=0.05)
    credentials = Credentials(sandbox.account_id, sandbox.passcode)
    with Client(sandbox.url, credentials, retries=retries) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.upload([event(f"user-{n}")]), range(24)))
    assert [answer.processed for answer in answers] == [1] * 24
    assert 429 in {call["status"] for call in sandbox.calls()}


# Deletions and lists.


@pytest.mark.parametrize("kind", ["identity", "objectId"])
def test_deleted_profiles_are_gone(sandbox: Sandbox, client: Client, kind: str) -> None:
    records = [{"type": "profile", kind: who, "profileData": {"A": 1}} for who in ("ann", "bob")]
    client.upload([json.dumps(record).encode() for record in records])
    client.delete_profiles(kind, ["ann"])
    assert sandbox.profile("ann") is None
    assert sandbox.profile("bob") is not None


def _upload_list(client: Client, *identities: str, name: str = "VIP", replace: bool = True) -> None:
    file = b"Type,Identity\n" + b"".join(f"i,{identity}\n".encode() for identity in identities)
    url = client.list_url()
    client.put_list(url, BytesIO(file), len(file))
    client.complete_list(
        name=name,
        owner_email="admin@example.com",
        creator="Data team",
        filename="vip.csv",
        url=url,
        replace=replace,
    )


def test_a_list_becomes_a_segment_and_another_takes_its_place(
    sandbox: Sandbox, client: Client
) -> None:
    client.upload([profile("ann", A=1), profile("bob", A=1), profile("cem", A=1)])
    _upload_list(client, "ann", "bob")
    _upload_list(client, "cem")
    segment = sandbox.segment("VIP")
    assert segment is not None
    assert [row["value"] for row in segment["rows"]] == ["cem"]
    assert [mail["outcome"] for mail in sandbox.mails()] == ["success", "success"]
    puts = [call for call in sandbox.calls() if call["method"] == "PUT"]
    assert not any(call["passcode_sent"] for call in puts)


def test_a_list_that_must_be_new_does_not_take_the_place_of_another(
    client: Client,
) -> None:
    _upload_list(client, "ann")
    with pytest.raises(ListRefused):
        _upload_list(client, "bob", replace=False)


def test_an_old_link_is_not_taken(sandbox: Sandbox, client: Client) -> None:
    url = client.list_url()
    sandbox.advance(25 * 3600)
    with pytest.raises(LinkExpired):
        client.put_list(url, BytesIO(b"x"), 1)


def test_a_list_of_somebody_who_is_no_admin_is_refused(client: Client) -> None:
    url = client.list_url()
    client.put_list(url, BytesIO(b"Type,Identity\ni,a\n"), 18)
    with pytest.raises(ListRefused, match="must be that of an admin of the account"):
        client.complete_list(
            name="VIP", owner_email="x@example.com", creator="x", filename="x", url=url
        )


def test_a_file_larger_than_memory_blocks_arrives_whole(sandbox: Sandbox, client: Client) -> None:
    client.upload([profile(f"user-{number}", A=1) for number in range(3)])
    _upload_list(client, *(f"user-{number}" for number in range(20_000)))
    segment = sandbox.segment("VIP")
    assert segment is not None
    assert (segment["members"], segment["unknown"]) == (3, 19_997)
