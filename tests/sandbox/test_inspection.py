"""`/_sandbox/`: looking at a sandbox and setting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.api import call, event, list_url, profile, upload

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox


def test_a_call_is_recorded_with_what_a_test_needs_to_know(sandbox: Sandbox) -> None:
    body = b'{"d":[{"type":"event","identity":"1","evtName":"E"},{"type":"x","identity":"1"}]}'
    call(sandbox, "POST", "/1/upload?dryRun=0", data=body)

    [recorded] = sandbox.calls("/1/upload")
    assert recorded["number"] == 1
    assert (recorded["method"], recorded["path"]) == ("POST", "/1/upload?dryRun=0")
    assert (recorded["status"], recorded["records"], recorded["accepted"]) == (200, 2, 1)
    assert recorded["codes"] == [524]
    assert recorded["body_bytes"] == len(body)
    assert recorded["passcode_sent"]
    assert "x-clevertap-passcode" in recorded["header_names"]
    assert (recorded["in_flight"], recorded["fault"], recorded["dry_run"]) == (1, None, False)
    assert recorded["started"] <= recorded["ended"]


def test_calls_are_listed_by_path(sandbox: Sandbox) -> None:
    upload(sandbox)
    list_url(sandbox)

    assert [each["number"] for each in sandbox.calls()] == [1, 2]
    assert [each["number"] for each in sandbox.calls("/get_custom_list_segment_url")] == [2]


def test_looking_is_not_a_call(sandbox: Sandbox) -> None:
    sandbox.state()

    assert sandbox.calls() == []


def test_a_reset_brings_back_the_start(sandbox: Sandbox) -> None:
    settings = sandbox.settings()
    upload(sandbox, profile(), event(), profile(""))
    sandbox.fault(kind="status", status=503)
    sandbox.latency(3600)
    sandbox.settings(concurrency=1)
    sandbox.advance(10**6)
    now = sandbox.state()["now"]

    sandbox.reset()
    state = sandbox.state()
    assert now - state.pop("now") > 10**6 - 60
    assert state.pop("in_flight") == {}
    assert set(state.values()) == {0}
    assert sandbox.settings() == settings
    assert upload(sandbox).status_code == 200
    assert [each["number"] for each in sandbox.calls()] == [1]


def test_profiles_and_events_come_in_pages(sandbox: Sandbox) -> None:
    upload(sandbox, *(event("E", str(number)) for number in range(5)))

    page = call(sandbox, "GET", "/_sandbox/events?offset=1&limit=2").json()
    assert [each["identity"] for each in page] == ["1", "2"]
    page = call(sandbox, "GET", "/_sandbox/profiles?offset=4").json()
    assert [each["identifiers"] for each in page] == [{"identity": ["4"]}]


def test_events_are_found_by_name_and_identity(sandbox: Sandbox) -> None:
    upload(sandbox, event("A", "1"), event("B", "1"), event("A", "2"))

    assert [each["identity"] for each in sandbox.events("A")] == ["1", "2"]
    assert [each["evtName"] for each in sandbox.events(identity="1")] == ["A", "B"]
    assert len(sandbox.events("A", "2")) == 1


def test_an_unknown_profile_is_none(sandbox: Sandbox) -> None:
    assert sandbox.profile("nobody") is None


@pytest.mark.parametrize("kind", ["identity", "objectId", "FBID", "GPID"])
def test_a_profile_is_found_by_any_identifier(sandbox: Sandbox, kind: str) -> None:
    upload(sandbox, {"type": "profile", kind: "x", "profileData": {"a": 1}})

    found = sandbox.profile("x")
    assert found is not None
    assert found["identifiers"] == {kind: ["x"]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/profiles?limit=0", None),
        ("GET", "/events?offset=-1", None),
        ("GET", "/calls?limit=x", None),
        ("GET", f"/calls?offset={10**30}", None),
        ("POST", "/settings", {"concurrency": 0}),
        ("POST", "/settings", {"colour": "red"}),
        ("POST", "/settings", []),
        ("POST", "/latency", {"seconds": -1}),
        ("POST", "/clock", {"advance": -1}),
        ("POST", "/clock", {"advance": 1e300}),
        ("POST", "/clock", {}),
    ],
)
def test_a_request_that_cannot_be_is_explained(
    sandbox: Sandbox,
    method: str,
    path: str,
    body: Any,  # noqa: ANN401 - any JSON
) -> None:
    before = sandbox.settings()
    answer = call(sandbox, method, f"/_sandbox{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.settings() == before
