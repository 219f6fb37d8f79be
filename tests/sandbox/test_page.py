"""The sandbox's pages as they are answered: what they hold, and what they refuse."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_clevertap.sandbox import refusals
from target_clevertap.sandbox.pages.codes import code_of
from target_clevertap.sandbox.pages.site import PAGES, STATIC
from target_clevertap.sandbox.refusals import Refusal
from tests.sandbox.api import TIMEOUT, call, event, profile, put_list, upload, upload_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox import Sandbox

HOUR = 3600
on_one_sandbox = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def look(sandbox: Sandbox, path: str, **headers: str) -> requests.Response:
    """One page, asked for as a browser would."""
    return requests.get(sandbox.url + path, headers=headers, timeout=TIMEOUT)


def text(sandbox: Sandbox, path: str) -> str:
    """What a page says, without its markup."""
    answer = look(sandbox, path)
    assert answer.status_code == 200, path
    main = answer.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", "<main" + main)).split())


def links(sandbox: Sandbox, path: str, prefix: str) -> list[str]:
    """The addresses on a page that begin so."""
    found = re.findall(r'<a[^>]*href="([^"]+)"', look(sandbox, path).text)
    return [unescape(each) for each in found if each.startswith(prefix)]


def walk(sandbox: Sandbox, path: str) -> Iterator[str]:
    """A page and all that follow it, one after another."""
    while path:
        html = look(sandbox, path).text
        yield html
        following = re.search(r'<a href="([^"]+)" id="page-next"', html)
        path = urljoin(path, unescape(following[1])) if following else ""


def test_an_empty_sandbox_tells_on_every_page_what_to_do(sandbox: Sandbox) -> None:
    assert f"api_url: {sandbox.url}" in text(sandbox, "/")
    for path, hint in {
        "/profiles": "No profiles yet",
        "/events": "No events yet",
        "/segments": "owner_email",
        "/calls": "No calls yet",
        "/rejections": "Nothing has been rejected",
        "/profiles?q=x": "are found by how they begin",
    }.items():
        assert hint in text(sandbox, path)


def test_a_page_may_run_no_script_but_the_sandbox_s_own(sandbox: Sandbox) -> None:
    for path in (
        "/",
        "/profiles/77",
        "/calls/1/body",
        "/_sandbox/state",
        "/_sandbox/pages/page.js",
    ):
        headers = look(sandbox, path).headers
        policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
def test_a_name_that_is_not_this_machine_s_is_refused(sandbox: Sandbox, host: str) -> None:
    for path in ("/", "/profiles", "/_sandbox/state"):
        assert look(sandbox, path, Host=host).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:8080"])
def test_this_machine_s_own_names_are_taken(sandbox: Sandbox, host: str) -> None:
    assert look(sandbox, "/", Host=host).status_code == 200


def test_another_web_site_cannot_reset_the_sandbox(sandbox: Sandbox) -> None:
    upload(sandbox, profile())
    answer = requests.post(
        f"{sandbox.url}/_sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"}, timeout=TIMEOUT
    )

    assert answer.status_code == 403
    assert sandbox.state()["profiles"] == 1


def test_looking_changes_nothing_and_is_no_call(sandbox: Sandbox) -> None:
    upload(sandbox, profile(Name="A"), profile(Phone="x"), event("E"))
    upload_list(sandbox, "Type,Identity\ni,1\n")
    before = {**sandbox.state(), "now": None}
    for path in (*PAGES, *(f"/_sandbox/pages/{name}" for name in STATIC), "/favicon.ico"):
        look(sandbox, path.replace("{number}", "1").replace("{code}", "516"))

    assert {**sandbox.state(), "now": None} == before


def test_pages_take_no_other_method(sandbox: Sandbox) -> None:
    for path in ("/", "/profiles", "/calls/1"):
        assert call(sandbox, "POST", path).status_code == 404


def test_what_is_not_there_is_said_so(sandbox: Sandbox) -> None:
    for path in ("/profiles/1", "/segments/1", "/calls/9", "/rejections/516", "/rejections/516/1"):
        answer = look(sandbox, path)
        assert (answer.status_code, "Not here" in answer.text) == (404, True)
    assert look(sandbox, "/calls/9/body").status_code == 404


@on_one_sandbox
@given(
    page=st.sampled_from(sorted(PAGES)),
    name=st.sampled_from(["q", "after", "only", "name"]),
    value=st.text() | st.integers().map(str) | st.sampled_from(["9" * 20, "1.9" * 9, "identity."]),
    number=st.integers() | st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_any_address_is_answered(
    sandbox: Sandbox, page: str, name: str, value: str, number: object
) -> None:
    path = page.replace("{number}", quote(str(number), safe=""))
    answer = requests.get(
        sandbox.url + path.replace("{code}", "516"), params={name: value}, timeout=TIMEOUT
    )

    assert answer.status_code in {200, 404}


def test_a_value_is_shown_with_its_type(sandbox: Sandbox) -> None:
    upload(
        sandbox,
        profile(
            "1",
            Name="Ada",
            Phone="+4915112345678",
            Visits=12345678901234567890,
            Joined="$D_1700000000",
            Vip=True,
            Tags={"$set": ["a", "b"]},
            Empty="",
        ),
    )
    shown = text(sandbox, "/profiles/1")

    for words in (
        "Name string Ada",
        "Phone phone 4915112345678",
        "Visits number 12345678901234567890",
        "Joined date 2023-11-14 22:13:20 UTC $D_1700000000",
        "Vip boolean true",
        "Tags list a b",
        "Empty string empty text",
    ):
        assert words in shown


def test_events_of_a_profile_stand_in_the_order_of_their_own_time(sandbox: Sandbox) -> None:
    for name, ts in (("Middle", 2_000), ("Early", 1_000), ("Late", 2_000)):
        upload(sandbox, {**event(name), "ts": ts})
    shown = text(sandbox, "/profiles/1")

    assert shown.index("Late") < shown.index("Middle") < shown.index("Early")
    assert "1970-01-01 00:33:20 UTC" in shown


def test_milliseconds_are_shown_to_be_no_time(sandbox: Sandbox) -> None:
    upload(sandbox, {**event("E"), "ts": 1_700_000_000_000})

    assert "1700000000000 (after the year 9999" in text(sandbox, "/profiles/1")
    assert "1 event by" in text(sandbox, "/events?name=E")


def test_long_lists_are_read_page_by_page_without_a_gap_or_a_double(sandbox: Sandbox) -> None:
    upload(sandbox, *(profile(str(number)) for number in range(120)))
    upload(
        sandbox, *({**event("E", "7", N=number), "ts": 5 + number // 60} for number in range(120))
    )
    upload(sandbox, *(profile(str(number), Email="x") for number in range(120)))
    upload_list(sandbox, "Type,Identity\n" + "".join(f"i,{number}\n" for number in range(240)))
    for path, pattern, size in (
        ("/profiles", r'id="profile-(\d+)"', 120),
        ("/profiles/8", r'<details id="event-(\d+)"', 120),
        ("/events?name=E", r'<details id="event-(\d+)"', 120),
        ("/rejections/515", r'id="rejection-(\d+)"', 120),
        ("/calls/3", r'id="record-(\d+)"', 120),
        ("/segments/1", r'<th scope="row" class="value">(\d+)<', 240),
        ("/segments/1?only=unknown", r'<th scope="row" class="value">(\d+)<', 120),
    ):
        pages = [re.findall(pattern, html) for html in walk(sandbox, path)]
        rows = [row for page in pages for row in page]
        assert len(rows) == size, path
        assert len(set(rows)) == size, path
        assert all(len(page) <= 50 for page in pages)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "customer-7",
            "cust",
            "ada.king@example.com",
            "ADA.KING@",
            "Ada King",
            "king",
            "ada  kin",
        ),
        *("+49 151 23456789", "4915123456789", "0151 23456789", "(0151) 2345-6789", "456789"),
    ],
)
def test_a_profile_is_found(sandbox: Sandbox, query: str) -> None:
    upload(
        sandbox,
        profile("other", Name="Grace Hopper", Email="grace@example.com", Phone="+12025550199"),
        profile(
            "customer-7", Name="Ada King", Email="Ada.King@example.com", Phone="+4915123456789"
        ),
    )

    found = links(sandbox, f"/profiles?q={quote(query)}", "/profiles/")

    assert found == ["/profiles/2"]


@pytest.mark.parametrize("query", ["Ada", "ada@", "+49151", "9999"])
def test_a_profile_is_not_found_by_what_it_no_longer_has(sandbox: Sandbox, query: str) -> None:
    upload(sandbox, profile("1", Name="Ada", Email="ada@example.com", Phone="+491519999"))
    assert links(sandbox, f"/profiles?q={quote(query)}", "/profiles/1")
    upload(sandbox, profile("1", Name="Eve", Email="eve@example.com", Phone="+336123456"))

    assert links(sandbox, f"/profiles?q={quote(query)}", "/profiles/1") == []
    assert links(sandbox, "/profiles?q=eve", "/profiles/1")


def test_counts_stay_right_whatever_happens(sandbox: Sandbox) -> None:
    upload(sandbox, *(profile(str(number), Name="A") for number in range(9)), event("E", "new"))
    upload(sandbox, profile("0", Name="B"), event("E", "0"), profile(Phone="x"), profile(Age="x"))
    upload(sandbox, profile("dry"), profile(Phone="x"), query="?dryRun=1")
    upload_list(sandbox, "Type,Identity\ni,1\ni,2\ni,nobody\n")
    call(sandbox, "POST", "/1/delete/profiles.json", json={"identity": ["1", "2", "unknown"]})
    shown = text(sandbox, "/")
    state = sandbox.state()

    assert f"{state['profiles']} profiles {state['events']} events 1 segment 7 calls" in shown
    assert "12 records accepted 2 records rejected" in shown
    assert "Members 0 Unknown members 3" in text(sandbox, "/segments/1")
    assert [each["members"] for each in sandbox.segments()] == [0]


def test_an_api_segment_shows_how_many_it_has_now(sandbox: Sandbox) -> None:
    create = [{"segment_name": "P", "customer_segment_id": "S1"}]
    call(sandbox, "POST", "/api/createSegment", json=create)
    users = [{"identity": "a"}, {"identity": "b"}, {"identity": "c"}]
    for action, some in (("ADD", users), ("REMOVE", users[:1])):
        change = {
            "user_profiles": some,
            "segments": [{"customer_segment_id": "S1", "action": action}],
        }
        call(sandbox, "POST", "/api/updateSegment", json={"bulk_profiles": [change]})

    assert "Members 2 Unknown members 0" in text(sandbox, "/segments/1")


def test_bars_of_events_over_time_stand_where_the_events_are(sandbox: Sandbox) -> None:
    for day in (0, 1, 1, 1, 40, 400):
        upload(sandbox, {**event("E"), "ts": 1_700_000_000 + day * 24 * HOUR})
    html = look(sandbox, "/events?name=E").text

    assert "a bar is 1 week, the highest has 4" in text(sandbox, "/events?name=E")
    assert re.findall(r"<title>(\S+) 00:00:00 UTC: (\d+)</title>", html) == [
        *(("2023-11-09", "4"), ("2023-12-21", "1"), ("2024-12-12", "1"))
    ]
    assert re.findall(r'height="140.0" rx="1"><title>[^<]*: (\d+)<', html) == ["4"]


def test_every_code_is_explained(sandbox: Sandbox) -> None:
    codes = {each.code for each in vars(refusals).values() if isinstance(each, Refusal)}
    assert [code for code in codes if code_of(code).title.startswith("Code without")] == []

    upload(sandbox, profile("9", Phone="+44+441234"))
    shown = text(sandbox, "/rejections/516/1")

    for words in (
        "The standard property Phone takes + and the country's code",
        "profileData.Phone is +44+441234",
        "Profile data is incorrect. Phone number is not valid.Skipped record number : 1",
        "Send the number in international form",
        "record 1 of call 1",
        "9 (has no profile)",
    ):
        assert words in shown


def test_a_call_shows_each_record_with_what_became_of_it(sandbox: Sandbox) -> None:
    upload(sandbox, profile("1"), profile("2", Gender="x"), event("Viewed", "3"))
    shown = text(sandbox, "/calls/1")

    assert re.search(r"1 1 profile accepted", shown)
    assert re.search(r"2 2 profile 514 Gender is not M or F", shown)
    assert re.search(r"3 3 Viewed accepted", shown)
    assert "Viewed" not in text(sandbox, "/calls/1?only=refused").partition("Body and")[0]


def test_a_dry_run_shows_what_would_have_become_of_its_records(sandbox: Sandbox) -> None:
    upload(sandbox, profile("1"), profile("2", Gender="x"), query="?dryRun=1")
    shown = text(sandbox, "/calls/1")

    assert "dry run" in shown
    assert "2 2 profile 514 Gender is not M or F" in shown


def test_a_body_is_given_back_as_it_was_sent(sandbox: Sandbox) -> None:
    for body in (b'{"d":[]}', b"\xff\x00<script>", b""):
        call(sandbox, "POST", "/1/upload", data=body)
    put_list(f"{sandbox.url}/custom-list-uploads/none.csv", "Type,Identity\n")
    answers = [look(sandbox, f"/calls/{number}/body") for number in (1, 2, 3, 4)]

    assert [answer.content for answer in answers] == [
        *(b'{"d":[]}', b"\xff\x00<script>", b"", b"Type,Identity\n")
    ]
    assert {answer.headers["content-disposition"][:10] for answer in answers} == {"attachment"}
    assert {answer.headers["content-type"] for answer in answers} == {"application/octet-stream"}
    assert '{ "status" : "success"' in text(sandbox, "/calls/1")


def test_a_call_whose_connection_was_reset_says_so(sandbox: Sandbox) -> None:
    sandbox.fault(kind="reset_before", calls=[1])
    with pytest.raises(requests.ConnectionError):
        upload(sandbox, profile())

    assert "the connection was reset instead of an answer" in text(sandbox, "/calls/1")
    assert "reset" in text(sandbox, "/calls?only=trouble")


def test_the_oldest_bodies_go_and_the_page_says_so(sandbox: Sandbox) -> None:
    upload(sandbox, profile("9", Phone="wrong"))
    for _ in range(17):
        call(sandbox, "POST", "/1/upload", data=bytes(4 * 1024**2))

    assert "The body is no longer kept" in text(sandbox, "/calls/1")
    assert look(sandbox, "/calls/1/body").status_code == 404
    assert "profileData.Phone is wrong" in text(sandbox, "/rejections/516/1")
    assert len(look(sandbox, "/calls/18/body").content) == 4 * 1024**2
