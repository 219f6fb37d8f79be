"""Clients of CleverTap that nobody here wrote, run against the sandbox as they are.

`make setup` installs them. Only the host that they reach is another one: CleverTap's library for
Node is led there by `redirect.js`, quickhouse by its option `base_url`.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.api import upload
from tests.support.sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.sandbox import Sandbox

HERE = Path(__file__).with_name("witnesses")
ROOT = HERE.parents[2]
PACKAGES = ROOT / ".tools" / "witnesses" / "node_modules"
SECONDS = 60
NOON = 1_700_049_600
"""12:00 on the day 20231115, UTC."""

PROFILE = {
    "type": "profile",
    "identity": "6264372124",
    "ts": NOON,
    "profileData": {
        "favoriteColor": "green",
        "Age": 30,
        "Phone": "+14155551234",
        "Email": "peter@foo.com",
        "Interests": {"$add": ["jazz", "rock"]},
    },
}
CHARGED = {
    "type": "event",
    "identity": "6264372124",
    "ts": NOON,
    "evtName": "Charged",
    "evtData": {
        "Amount": 300,
        "Currency": "USD",
        "Items": [{"Category": "books", "Book name": "The millionaire next door", "Quantity": 1}],
    },
}


@pytest.fixture(scope="module")
def node() -> str:
    """The `node` of this environment, or else the machine's."""
    own = str(Path(sys.executable).parent)
    found = shutil.which("node", path=own) or shutil.which("node")
    if found is None:
        pytest.skip("there is no node here: `make setup` installs it")
    if not PACKAGES.exists():
        pytest.skip("the packages of the witnesses are missing: `make setup` installs them")
    return found


def official(
    node: str, sandbox: Sandbox, steps: Sequence[Sequence[object]], region: str = "eu1"
) -> list[Any]:
    """What CleverTap's library for Node was answered at each step."""
    wanted = {
        "account": sandbox.account_id,
        "passcode": sandbox.passcode,
        "region": region,
        "steps": steps,
    }
    run = subprocess.run(  # noqa: S603 - the witness
        [node, "--require", str(HERE / "redirect.js"), str(HERE / "official.js")],
        input=json.dumps(wanted),
        env=os.environ | {"NODE_PATH": str(PACKAGES), "SANDBOX_URL": sandbox.url},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers: list[Any] = json.loads(run.stdout)
    return answers


def test_the_official_library_uploads_a_profile_and_reads_it_back(
    node: str, sandbox: Sandbox
) -> None:
    uploaded, by_identity, by_email = official(
        node,
        sandbox,
        [
            ("upload", [PROFILE, CHARGED]),
            ("profile", {"identity": "6264372124"}),
            ("profile", {"email": "peter@foo.com"}),
        ],
    )

    assert uploaded == {"status": "success", "processed": 2, "unprocessed": []}
    assert by_identity == by_email
    assert by_identity["status"] == "success"
    assert by_identity["record"] == {
        "email": "peter@foo.com",
        "identity": "6264372124",
        "profileData": {
            "favoriteColor": "green",
            "Age": 30,
            "Phone": 14155551234,
            "Interests": ["jazz", "rock"],
        },
        "events": {"Charged": {"count": 1, "first_seen": NOON, "last_seen": NOON}},
        "platformInfo": [],
    }


def test_the_official_library_reads_events_back_page_by_page(node: str, sandbox: Sandbox) -> None:
    orders = [{**CHARGED, "evtData": {"Amount": amount}} for amount in range(25)]
    query = {"event_name": "Charged", "from": 20231115, "to": 20231115}
    _, ten_a_page, two_days_later, owners = official(
        node,
        sandbox,
        [
            ("upload", [PROFILE, *orders]),
            ("events", query),
            ("events", {**query, "from": 20231117, "to": 20231117}),
            ("profiles", query),
        ],
    )

    assert [record["event_props"]["Amount"] for record in ten_a_page] == list(range(25))
    assert {record["ts"] for record in ten_a_page} == {20231115120000}
    assert {record["profile"]["identity"] for record in ten_a_page} == {"6264372124"}
    assert two_days_later == []
    assert [record["email"] for record in owners] == ["peter@foo.com"]


def test_the_official_library_cuts_its_uploads_and_finds_each_refusal(
    node: str, sandbox: Sandbox
) -> None:
    profiles: list[dict[str, Any]] = [
        {"type": "profile", "identity": f"user-{number}", "profileData": {"Name": "Ünï 😀"}}
        for number in range(250)
    ]
    profiles[120]["profileData"]["Email"] = "nobody"
    [answers] = official(node, sandbox, [("upload", profiles)])

    assert [answer["processed"] for answer in answers] == [100, 99, 50]
    [refused] = answers[1]["unprocessed"]
    assert refused["code"] == 515
    assert refused["error"].endswith("Skipped record number : 21")
    assert refused["record"]["identity"] == "user-120"
    assert sandbox.state()["profiles"] == 249


def test_the_official_library_deletes_a_profile(node: str, sandbox: Sandbox) -> None:
    _, deleted, gone = official(
        node,
        sandbox,
        [
            ("upload", [PROFILE]),
            ("delete", {"identity": "6264372124"}),
            ("profile", {"identity": "6264372124"}),
        ],
    )

    assert deleted == {"status": "success"}
    assert gone == {"status": "success", "record": {}}
    assert sandbox.profiles() == []


def test_the_official_library_is_turned_away_from_another_region(node: str) -> None:
    with running_sandbox("--region", "in1") as sandbox:
        [away] = official(node, sandbox, [("upload", [PROFILE])], region="sg1")
        [home] = official(node, sandbox, [("upload", [PROFILE])], region="in1")

    assert away == {"status": "fail", "error": "Invalid Credentials", "code": 401}
    assert home["status"] == "success"


def test_the_official_library_understands_that_its_passcode_is_wrong(
    node: str, sandbox: Sandbox
) -> None:
    sandbox.settings(passcode="another")
    [answer] = official(node, sandbox, [("upload", [PROFILE])])

    assert answer == {"status": "fail", "error": "Invalid Credentials", "code": 401}


def test_the_official_library_sends_what_the_sandbox_expects_of_a_call(
    node: str, sandbox: Sandbox
) -> None:
    official(node, sandbox, [("upload", [PROFILE])])
    [seen] = sandbox.calls()

    assert (seen["method"], seen["path"], seen["status"]) == ("POST", "/1/upload", 200)
    assert {"x-clevertap-account-id", "x-clevertap-passcode", "content-type"} <= set(
        seen["header_names"]
    )


def test_quickhouse_exports_events_with_their_times_and_owners(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    quickhouse = pytest.importorskip("quickhouse", reason="`make setup` installs quickhouse")
    orders = [
        {**CHARGED, "ts": NOON + number, "evtData": {"Amount": number + 0.5}}
        for number in range(25)
    ]
    upload(sandbox, PROFILE, *orders)
    columns = {"ts": "TIMESTAMP", "email": "STRING", "amount": "FLOAT"}
    source = quickhouse.CleverTap(
        sandbox.account_id,
        sandbox.passcode,
        "Charged",
        columns,
        paths={"email": "profile.email", "amount": "event_props.Amount"},
        base_url=sandbox.url,
        batch_size=10,
        from_date="2023-11-15",
        to_date="2023-11-15",
    )
    quickhouse.sync(source, quickhouse.Csv(str(tmp_path)), "charged", mode="full")

    [part] = (tmp_path / "charged").glob("part-*.csv")
    with part.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["amount"]) for row in rows] == [number + 0.5 for number in range(25)]
    assert [row["ts"][:19] for row in rows[:2]] == ["2023-11-15T12:00:00", "2023-11-15T12:00:01"]
    assert {row["email"] for row in rows} == {"peter@foo.com"}
