"""What is kept of accepted records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.api import event, profile, upload

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox


def properties(sandbox: Sandbox, identity: str) -> object:
    found = sandbox.profile(identity)
    assert found is not None
    return found["properties"]


def test_profiles_are_merged_by_identifier(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a", Name="A", Plan="gold"))
    upload(sandbox, profile("a", Plan="silver", Age=5))

    assert properties(sandbox, "a") == {"Name": "A", "Plan": "silver", "Age": 5}
    assert len(sandbox.profiles()) == 1


def test_records_of_a_call_apply_in_their_order(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a", n=1), profile("b", n=1), profile("a", n={"$incr": 1}))

    assert properties(sandbox, "a") == {"n": 2}
    assert properties(sandbox, "b") == {"n": 1}


def test_a_phone_is_stored_as_a_number(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a", Phone="+35922333232"))

    assert properties(sandbox, "a") == {"Phone": 35922333232}


def test_an_event_makes_the_profile_it_needs(sandbox: Sandbox) -> None:
    upload(sandbox, event("Viewed", "new"))
    upload(sandbox, profile("new", Name="N"))

    assert len(sandbox.profiles()) == 1
    assert properties(sandbox, "new") == {"Name": "N"}
    assert sandbox.events()[0]["profile"] == sandbox.profiles()[0]["id"]


def test_equal_events_are_all_kept_in_order_of_arrival(sandbox: Sandbox) -> None:
    upload(sandbox, event("A"), event("B"), event("A"))
    upload(sandbox, event("A"))

    assert [each["evtName"] for each in sandbox.events()] == ["A", "B", "A", "A"]
    assert [each["call"] for each in sandbox.events("A")] == [1, 1, 2]


def test_an_event_without_ts_gets_the_time_of_upload(sandbox: Sandbox) -> None:
    sandbox.advance(1000)
    upload(
        sandbox, event("A"), {**event("B"), "ts": 1700000000}, {**event("C"), "ts": "1700000001"}
    )

    now = sandbox.state()["now"]
    times = [each["ts"] for each in sandbox.events()]
    assert now - 60 < times[0] <= now
    assert times[1:] == [1700000000, 1700000001]


def test_each_kind_of_identifier_has_its_own_profiles(sandbox: Sandbox) -> None:
    for kind in ("identity", "objectId", "FBID", "GPID"):
        upload(sandbox, {"type": "profile", kind: "same", "profileData": {"kind": kind}})

    assert [each["identifiers"] for each in sandbox.profiles()] == [
        {"identity": ["same"]},
        {"objectId": ["same"]},
        {"FBID": ["same"]},
        {"GPID": ["same"]},
    ]


def test_a_number_and_its_digits_are_one_identity(sandbox: Sandbox) -> None:
    upload(sandbox, profile(4711, a=1), profile("4711", b=2))

    assert properties(sandbox, "4711") == {"a": 1, "b": 2}


def test_identifiers_sent_together_lead_to_one_profile(sandbox: Sandbox) -> None:
    upload(sandbox, {"type": "profile", "objectId": "device", "profileData": {"a": 1}})
    upload(
        sandbox,
        {"type": "profile", "objectId": "device", "profileData": {"identity": "user", "b": 2}},
    )
    upload(sandbox, profile("user", c=3))

    [only] = sandbox.profiles()
    assert only["identifiers"] == {"identity": ["user"], "objectId": ["device"]}
    assert only["properties"] == {"a": 1, "identity": "user", "b": 2, "c": 3}


def test_a_known_identifier_decides_before_a_new_one(sandbox: Sandbox) -> None:
    upload(sandbox, {"type": "profile", "objectId": "device", "profileData": {"a": 1}})
    upload(sandbox, {**profile("user", b=2), "objectId": "device"})

    [only] = sandbox.profiles()
    assert only["properties"] == {"a": 1, "b": 2}


def test_an_identifier_bound_by_a_call_leads_to_its_profile_within_it(sandbox: Sandbox) -> None:
    upload(sandbox, {"type": "profile", "objectId": "device", "profileData": {"a": 1}})
    upload(sandbox, {**event("E", "user"), "objectId": "device"}, profile("user", b=2))

    [only] = sandbox.profiles()
    assert only["properties"] == {"a": 1, "b": 2}


def test_ignoring_nulls_is_a_switch(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a", n=None), event("E", "a", n=None))
    sandbox.settings(ignore_nulls=True)
    upload(sandbox, profile("b", n=None), event("E", "b", n=None))

    assert properties(sandbox, "a") == {"n": None}
    assert properties(sandbox, "b") == {}
    assert [each["evtData"] for each in sandbox.events()] == [{"n": None}, {}]


def test_the_scope_of_delete_is_a_switch(sandbox: Sandbox) -> None:
    gone = {"$delete": 1}
    upload(sandbox, profile("a", Name="A", Plan="gold"))
    sandbox.settings(delete_only_name_and_gender=True)
    upload(sandbox, profile("a", Name=gone, Plan=gone))
    assert properties(sandbox, "a") == {"Plan": "gold"}

    sandbox.settings(delete_only_name_and_gender=False)
    upload(sandbox, profile("a", Plan=gone))
    assert properties(sandbox, "a") == {}


def test_refused_records_leave_no_trace_among_the_accepted(sandbox: Sandbox) -> None:
    upload(sandbox, profile("a", Email="x"), event("App Launched", "b"))

    assert sandbox.profiles() == []
    assert sandbox.events() == []
    assert [(each["call"], each["position"], each["code"]) for each in sandbox.rejections()] == [
        (1, 1, 515),
        (1, 2, 513),
    ]
    assert sandbox.rejections()[0]["record"] == profile("a", Email="x")
