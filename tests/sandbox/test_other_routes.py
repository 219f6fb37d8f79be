"""Deleting and reading profiles, and API segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.api import call, event, profile, upload

if TYPE_CHECKING:
    import requests

    from tests.support.sandbox import Sandbox


def delete(sandbox: Sandbox, body: Any) -> requests.Response:  # noqa: ANN401 - any JSON
    return call(sandbox, "POST", "/1/delete/profiles.json", json=body)


def read(sandbox: Sandbox, query: str) -> requests.Response:
    return call(sandbox, "GET", f"/1/profile.json?{query}")


def identities(sandbox: Sandbox) -> list[str]:
    return [each["identifiers"].get("identity", [""])[0] for each in sandbox.profiles()]


@pytest.mark.parametrize("wanted", ["a", ["a"], ["a", "c", "nobody"]])
def test_profiles_are_deleted_by_identity(sandbox: Sandbox, wanted: object) -> None:
    upload(sandbox, profile("a"), profile("b"))

    assert delete(sandbox, {"identity": wanted}).content == b'{ "status" : "success"}'
    assert identities(sandbox) == ["b"]


def test_profiles_are_deleted_by_guid(sandbox: Sandbox) -> None:
    upload(sandbox, {"type": "profile", "objectId": "x", "profileData": {}}, profile("x"))
    delete(sandbox, {"guid": "x"})

    assert identities(sandbox) == ["x"]


@pytest.mark.parametrize(
    "body", [{"identity": "a", "guid": "b"}, {}, [], {"identity": []}, {"identity": ["a"] * 101}]
)
def test_a_delete_that_is_not_as_documented_is_refused(sandbox: Sandbox, body: object) -> None:
    upload(sandbox, profile("a"))

    assert delete(sandbox, body).status_code == 400
    assert identities(sandbox) == ["a"]


def test_events_outlive_their_profile_and_stay_apart_from_a_new_one(sandbox: Sandbox) -> None:
    upload(sandbox, event("A", "a"))
    delete(sandbox, {"identity": "a"})
    upload(sandbox, event("B", "a"))

    first, second = sandbox.events()
    assert first["profile"] != second["profile"]
    assert [each["id"] for each in sandbox.profiles()] == [second["profile"]]


def test_the_time_until_a_profile_is_gone_is_a_switch(sandbox: Sandbox) -> None:
    sandbox.settings(profile_deletion_seconds=3600)
    upload(sandbox, profile("a"))
    delete(sandbox, {"identity": "a"})
    assert identities(sandbox) == ["a"]

    sandbox.advance(3600)
    assert identities(sandbox) == []


@pytest.mark.parametrize("query", ["identity=a", "email=a%40example.com", "objectId=device"])
def test_a_profile_is_read_with_a_summary_of_its_events(sandbox: Sandbox, query: str) -> None:
    upload(
        sandbox,
        {
            **profile("a", Name="A", Email="a@example.com", Plan="gold"),
            "objectId": "device",
        },
        {**event("Viewed", "a"), "ts": 1700000000},
        {**event("Viewed", "a"), "ts": 1600000000},
        {"type": "token", "objectId": "device", "tokenData": {"id": "t", "type": "fcm"}},
    )

    assert read(sandbox, query).json() == {
        "status": "success",
        "record": {
            "email": "a@example.com",
            "name": "A",
            "identity": "a",
            "profileData": {"Plan": "gold"},
            "events": {"Viewed": {"count": 2, "first_seen": 1600000000, "last_seen": 1700000000}},
            "platformInfo": [{"push_token": "t", "objectId": "device"}],
        },
    }


@pytest.mark.parametrize("query", ["", "identity=", "phone=1", "identity=a&email=b"])
def test_a_profile_is_read_by_exactly_one_key(sandbox: Sandbox, query: str) -> None:
    assert read(sandbox, query).status_code == 400


def test_the_answer_for_an_unknown_user_is_a_switch(sandbox: Sandbox) -> None:
    assert read(sandbox, "identity=a").json() == {"status": "success", "record": {}}
    sandbox.settings(unknown_profile_not_found=True)
    assert read(sandbox, "identity=a").status_code == 404


def create(sandbox: Sandbox, *segments: dict[str, Any]) -> requests.Response:
    return call(sandbox, "POST", "/api/createSegment", json=list(segments))


def change(sandbox: Sandbox, users: list[dict[str, str]], **segment: object) -> requests.Response:
    bulk = {"user_profiles": users, "segments": [segment]}
    return call(sandbox, "POST", "/api/updateSegment", json={"bulk_profiles": [bulk]})


def test_an_api_segment_gains_and_loses_members(sandbox: Sandbox) -> None:
    upload(sandbox, {"type": "profile", "objectId": "device", "profileData": {}})
    assert create(sandbox, {"segment_name": "P", "customer_segment_id": "S1"}).status_code == 200

    change(
        sandbox, [{"identity": "new"}, {"guid": "device"}], customer_segment_id="S1", action="ADD"
    )
    change(
        sandbox, [{"guid": "device", "identity": "new"}], customer_segment_id="S1", action="REMOVE"
    )

    segment = sandbox.segment("P")
    assert segment is not None
    assert segment["rows"] == [{"kind": "objectId", "value": "device", "known": True}]
    assert identities(sandbox) == ["", "new"]


def test_each_change_of_membership_is_an_event(sandbox: Sandbox) -> None:
    create(sandbox, {"segment_name": "P", "customer_segment_id": "S1"})
    change(sandbox, [{"identity": "a"}], ct_segment_id=1, action="ADD")

    [raised] = sandbox.events("Segment Membership Change")
    assert raised["evtData"] == {
        "Action": "ADD",
        "Segment Name": "P",
        "Segment ID": 1,
        "Customer_Segment_ID": "S1",
    }


def test_names_and_ids_of_api_segments_are_unique(sandbox: Sandbox) -> None:
    one = {"segment_name": "P", "customer_segment_id": "S1"}

    assert create(sandbox, one, {**one, "customer_segment_id": "S2"}).status_code == 400
    assert create(sandbox, one, {**one, "segment_name": "Q"}).status_code == 400
    assert create(sandbox, one).status_code == 200
    assert create(sandbox, {**one, "segment_name": "Q"}).status_code == 400
    assert len(sandbox.segments()) == 1


def test_an_unknown_segment_is_skipped(sandbox: Sandbox) -> None:
    assert change(sandbox, [{"identity": "a"}], ct_segment_id=9, action="ADD").status_code == 200
    assert sandbox.profiles() == []


@pytest.mark.parametrize("body", ["", [], {"bulk_profiles": [{}]}, {"bulk_profiles": 5}])
def test_an_update_that_is_not_as_documented_is_refused(sandbox: Sandbox, body: object) -> None:
    assert call(sandbox, "POST", "/api/updateSegment", json=body).status_code == 400


def test_a_hundred_segments_are_the_most_of_one_request(sandbox: Sandbox) -> None:
    wanted = [{"segment_name": str(number)} for number in range(101)]

    assert create(sandbox, *wanted).status_code == 400
    assert create(sandbox, *wanted[:100]).status_code == 200
