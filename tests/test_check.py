"""`--check`: what a run needs, one line each, asked of real servers and real folders."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from target_clevertap.check import Line, OpenLedger, check, ledger_of
from target_clevertap.errors import WorkDirError
from target_clevertap.ledger import MARK_BYTES, open_ledger
from target_clevertap.settings import Settings
from tests.clevertap.scripted import Scripted, answer, hang_up, raw
from tests.support.pipeline import config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox import Sandbox

USERS = {"type": "profile", "identifier": {"identity": "id"}}
VIP = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "ada@shop.de",
}
NOBODY = 65534
DEAD = "http://127.0.0.1:9"

NETWORK = (
    "Look whether this machine has a network, and whether DNS, a firewall or a proxy (HTTPS_PROXY, "
    "NO_PROXY) keeps it from there."
)


@pytest.fixture
def right(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    """Settings with which a run could begin."""
    return config(sandbox, tmp_path / "work", streams={"users": USERS, "vip": VIP})


@pytest.fixture
def keeping(right: dict[str, Any]) -> dict[str, Any]:
    """The same with a ledger, in a file in the work folder."""
    return {name: value for name, value in right.items() if name != "ledger_url"}


def lines(
    settings: dict[str, Any],
    open_ledger: OpenLedger = nullcontext,
) -> dict[str, Line]:
    """The lines by the first word of their subject."""
    found = list(check(Settings.parse(settings), open_ledger))
    return {line.subject.partition(" ")[0]: line for line in found}


def faulty(found: dict[str, Line]) -> set[str]:
    return {subject for subject, line in found.items() if not line.ok}


def fault(found: dict[str, Line], subject: str) -> str:
    """What is wrong with the one thing that is wrong."""
    assert faulty(found) == {subject}
    return str(found[subject])


def test_everything_is_ok_where_a_run_could_begin(right: dict[str, Any]) -> None:
    found = check(Settings.parse(right), nullcontext)

    assert [str(line) for line in found] == [
        "settings: ok (2 stream mappings)",
        f"host {right['api_url'].removeprefix('http://')}: ok",
        f"credentials: ok (account {right['account_id']})",
        f"work_dir {right['work_dir']}/{right['account_id']}: ok",
        "ledger: ok",
        "segment VIP: ok (if its owner is an admin of the account, which an upload will show)",
    ]


def test_nothing_is_stored_and_the_one_call_is_a_dry_run(
    right: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    lines(right)
    assert [call["path"] for call in sandbox.calls()] == ["/1/upload?dryRun=1"]
    assert sandbox.profiles() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_call_could_not_be_stored_even_if_it_were_no_dry_run(right: dict[str, Any]) -> None:
    with Scripted(answer(200, {"status": "success", "processed": 1, "unprocessed": []})) as server:
        assert faulty(lines(right | {"api_url": server.url})) == set()
    # The one record names no customer in any of the four ways, which is refused with 523.
    assert server.heard[0].body == b'{"d":[{"type":"profile","profileData":{}}]}'


@pytest.mark.parametrize("wrong", [{"passcode": "marker"}, {"account_id": "TEST-OTHER"}])
def test_wrong_credentials_say_where_to_look_and_ask_nowhere_else(
    wrong: dict[str, str], right: dict[str, Any], sandbox: Sandbox
) -> None:
    said = fault(lines(right | wrong), "credentials")
    assert "check the account id, the passcode and the region" in said
    assert "Now api_url is set, and no other was tried" in said
    assert "marker" not in said
    assert len(sandbox.calls()) == 1


def test_the_region_is_named_where_one_is_used(
    right: dict[str, Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_clevertap.check.api_url", lambda _region: sandbox.url)
    wrong = right | {"region": "in1", "passcode": "wrong"}
    del wrong["api_url"]
    said = fault(lines(wrong), "credentials")
    assert "Now the region is in1, and no other was tried." in said


def test_an_account_that_is_not_known_leaves_the_passcode_out_of_doubt(
    right: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.settings(unauthorized_text="Account ID is not valid")
    said = fault(lines(right | {"account_id": "TEST-OTHER"}), "credentials")
    assert "check the account id and the region" in said


def test_a_dead_port_is_a_host_that_cannot_be_reached(right: dict[str, Any]) -> None:
    found = lines(right | {"api_url": DEAD})
    assert faulty(found) == {"host", "credentials"}
    assert "127.0.0.1:9 cannot be reached: Connection refused" in str(found["host"])
    assert str(found["host"]).endswith(
        "on this machine: does clevertap-sandbox run there, or what else is meant? "
        "Is api_url the right one?"
    )
    assert "not tried" in str(found["credentials"])


def test_a_name_that_nobody_knows_is_told_apart(right: dict[str, Any]) -> None:
    found = lines(right | {"api_url": "https://clevertap.invalid"})
    assert f"its name is not known. {NETWORK}" in str(found["host"])


def test_a_region_that_cannot_be_reached_is_told_with_what_to_do(
    right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_clevertap.check.api_url", lambda _region: DEAD)
    del right["api_url"]
    said = str(lines(right)["host"])
    assert said == f"host 127.0.0.1:9: 127.0.0.1:9 cannot be reached: Connection refused. {NETWORK}"


def test_a_proxy_that_is_away_is_told_apart(
    right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", DEAD)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    found = lines(right | {"api_url": "https://api.clevertap.invalid"})
    assert "through the proxy that the environment names" in str(found["host"])
    assert NETWORK in str(found["host"])


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_is_told_with_what_to_do(
    status: int, right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Scripted(answer(status, "")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        found = lines(right | {"api_url": "https://api.clevertap.invalid"})
    assert f"refuses to connect to api.clevertap.invalid ({status}): look at the user and" in str(
        found["host"]
    )


def test_a_certificate_that_is_not_trusted_is_told_apart(right: dict[str, Any]) -> None:
    with Scripted(hang_up, tls=True) as server:
        found = lines(right | {"api_url": server.url})
    assert "The certificate of localhost" in str(found["host"])
    assert "is not trusted" in str(found["host"])
    assert "name its certificates in REQUESTS_CA_BUNDLE" in str(found["host"])


def test_plain_http_behind_https_is_told_apart(right: dict[str, Any]) -> None:
    with Scripted(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), deaf=True) as server:
        found = lines(right | {"api_url": server.url.replace("http:", "https:")})
    assert "does not speak TLS" in str(found["host"])


@pytest.mark.parametrize(
    "page",
    [
        answer(200, "<html>Welcome</html>"),
        answer(404, "<html>Not found</html>"),
        answer(302, "", {"Location": "https://elsewhere.example"}),
        hang_up,
    ],
    ids=["a page", "no page", "another place", "nothing"],
)
def test_a_server_that_is_no_clevertap_says_nothing_about_the_credentials(
    page: Any,  # noqa: ANN401 - a Reaction, whose name is for type checkers only
    right: dict[str, Any],
) -> None:
    with Scripted(page) as server:
        found = lines(right | {"api_url": server.url})
    assert faulty(found) == {"host", "credentials"}
    assert "Is api_url the right one?" in str(found["host"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (answer(429, ""), "too many calls at once. Try again in a while."),
        (answer(503, ""), "is not well (503). Try again in a while."),
        (
            answer(400, {"status": "fail", "error": "Malformed request", "code": 400}),
            "refuses the call as a whole (400)",
        ),
    ],
    ids=["429", "503", "400"],
)
def test_credentials_that_were_not_looked_at_are_not_called_wrong(
    kind: Any,  # noqa: ANN401 - a Reaction, whose name is for type checkers only
    said: str,
    right: dict[str, Any],
) -> None:
    with Scripted(kind) as server:
        found = fault(lines(right | {"api_url": server.url}), "credentials")
    assert found.startswith("credentials: not known:")
    assert said in found


def test_counts_that_do_not_add_up_still_prove_the_credentials(right: dict[str, Any]) -> None:
    strange = answer(200, {"status": "fail", "processed": 0, "unprocessed": []})
    with Scripted(strange) as server:
        assert faulty(lines(right | {"api_url": server.url})) == set()


@contextmanager
def unprivileged() -> Iterator[None]:
    """For the time being nobody, to whom alone a folder can be read-only."""
    if is_root := os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_read_only_folder_is_told_with_what_to_do(right: dict[str, Any]) -> None:
    lines(right)  # loads whatever is loaded late, while it may be read
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with unprivileged():
            said = fault(lines(right | {"work_dir": f"{folder}/work"}), "work_dir")
    assert "cannot be written: Permission denied; make room, or set work_dir" in said


def test_a_folder_that_even_root_cannot_write_is_told(right: dict[str, Any]) -> None:
    said = fault(lines(right | {"work_dir": "/proc/self/work"}), "work_dir")
    assert "cannot be written" in said


def test_a_file_in_the_place_of_the_folder_is_told(right: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = fault(lines(right | {"work_dir": str(tmp_path / "file")}), "work_dir")
    assert "cannot be written: Not a directory" in said


def test_a_disk_that_takes_nothing_is_told(right: dict[str, Any]) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        said = fault(lines(right), "work_dir")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot be written: File too large; make room" in said


def test_the_folders_that_are_made_are_nobody_elses(right: dict[str, Any], tmp_path: Path) -> None:
    account = tmp_path / "state" / "work" / right["account_id"]
    before = os.umask(0)
    try:
        lines(right | {"work_dir": str(account.parent)})
    finally:
        os.umask(before)
    for folder in (account, account.parent, account.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700, folder


def test_the_ledger_is_opened_and_closed(right: dict[str, Any]) -> None:
    heard = []

    @contextmanager
    def ledger(_settings: Settings) -> Iterator[None]:
        heard.append("opened")
        yield
        heard.append("closed")

    lines(right, ledger)
    assert heard == ["opened", "closed"]


def test_a_ledger_that_cannot_be_opened_says_why(right: dict[str, Any]) -> None:
    def broken(_settings: Settings) -> NoReturn:
        raise WorkDirError("The ledger cannot be reached: is its server running?")

    said = fault(lines(right, broken), "ledger")
    assert said == "ledger: The ledger cannot be reached: is its server running?"


def test_the_ledger_of_a_run_is_made_and_left_in_peace(
    keeping: dict[str, Any], tmp_path: Path
) -> None:
    assert faulty(lines(keeping, ledger_of)) == set()
    assert faulty(lines(keeping, ledger_of)) == set()
    assert list(tmp_path.rglob("ledger.*")) != []
    folder = Settings.parse(keeping).account_dir
    with open_ledger(None, account=keeping["account_id"], folder=folder, uncertain="hold"):
        said = fault(lines(keeping, ledger_of), "ledger")
    assert "Another run has the ledger" in said


def test_the_ledger_of_another_clevertap_is_told_and_a_new_one_not_yet_bound(
    keeping: dict[str, Any],
) -> None:
    settings = Settings.parse(keeping)
    of_account: dict[str, Any] = {"account": settings.account_id, "folder": settings.account_dir}
    assert faulty(lines(keeping, ledger_of)) == set()
    with open_ledger(None, uncertain="hold", local=False, **of_account):
        pass
    said = fault(lines(keeping, ledger_of), "ledger")
    assert "what the real CleverTap has of account" in said
    assert "set another work_dir" in said


def test_what_a_run_that_was_cut_off_has_left_stays_for_the_next_run(
    keeping: dict[str, Any],
) -> None:
    settings = Settings.parse(keeping)
    marks = bytes(MARK_BYTES)
    of_account: dict[str, Any] = {"account": settings.account_id, "folder": settings.account_dir}
    with open_ledger(None, uncertain="hold", **of_account) as ledger:
        ledger.note(marks, b"")

    lines(keeping, ledger_of)

    with open_ledger(None, uncertain="hold", **of_account) as ledger:
        assert ledger.recovered.events == 1


def test_the_ledger_of_a_newer_program_is_told(keeping: dict[str, Any], tmp_path: Path) -> None:
    assert faulty(lines(keeping, ledger_of)) == set()
    (file,) = tmp_path.rglob("ledger.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE clevertap_ledger_version SET version = 999")
    assert "was written by a newer target-clevertap" in fault(lines(keeping, ledger_of), "ledger")


def test_a_ledger_that_is_off_is_not_made(right: dict[str, Any], tmp_path: Path) -> None:
    found = lines(right | {"ledger_url": "off"}, ledger_of)
    assert str(found["ledger"]).startswith("ledger: ok (off:")
    assert list(tmp_path.rglob("ledger*")) == []


def test_a_ledger_that_is_no_database_says_so(right: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"marker" * 1000)
    said = fault(lines(right | {"ledger_url": f"sqlite:///{tmp_path}/file"}, ledger_of), "ledger")
    assert "marker" not in said


def test_without_a_ledger_it_says_what_that_means(right: dict[str, Any]) -> None:
    assert str(lines(right, lambda _settings: None)["ledger"]).startswith("ledger: ok (off:")


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("ada@localhost", "not like an e-mail address"),
        ("ada@shop..de", "not like an e-mail address"),
        ("admin@example.com", "an example that nobody has"),
        ("admin@shop.example", "an example that nobody has"),
    ],
)
def test_the_owner_of_a_segment_needs_an_address_of_a_real_admin(
    owner: str,
    said: str,
    right: dict[str, Any],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("target_clevertap.check.api_url", lambda _region: sandbox.url)
    real = right | {"streams": {"vip": VIP | {"owner_email": owner}}}
    del real["api_url"]
    found = fault(lines(real), "segment")
    assert said in found
    assert "it must be the e-mail address of an admin of the account" in found


def test_a_stand_in_for_clevertap_takes_the_addresses_of_examples(right: dict[str, Any]) -> None:
    demo = right | {"streams": {"vip": VIP | {"owner_email": "admin@example.com"}}}
    assert faulty(lines(demo)) == set()


def test_what_is_wrong_in_several_places_is_told_in_all_of_them(right: dict[str, Any]) -> None:
    wrong = right | {"passcode": "wrong", "work_dir": "/proc/self/work"}
    assert faulty(lines(wrong)) == {"credentials", "work_dir"}


# the command


def command(settings: object, folder: Path, *, config: str = "config.json") -> tuple[int, str, str]:
    """The exit code of `--check` and what it says; its input never ends, as it reads none."""
    (folder / "config.json").write_text(json.dumps(settings))
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(folder / config), "--check"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        out, log = process.stdout.read(), process.stderr.read()
        return process.wait(30), out, log


def test_the_command_says_one_line_for_each_thing_and_ends_with_0(
    right: dict[str, Any], tmp_path: Path
) -> None:
    code, out, log = command(right, tmp_path)
    assert (code, log) == (0, "")
    subjects = [line.partition(":")[0].partition(" ")[0] for line in out.splitlines()]
    assert subjects == ["settings", "host", "credentials", "work_dir", "ledger", "segment"]
    assert all(": ok" in line for line in out.splitlines())


def test_the_command_opens_the_ledger_of_a_run(keeping: dict[str, Any], tmp_path: Path) -> None:
    code, out, _ = command(keeping, tmp_path)
    assert code == 0
    assert "ledger: ok\n" in out
    assert len(list(tmp_path.rglob("ledger.sqlite"))) == 1


def test_the_command_ends_with_1_when_credentials_are_wrong_and_tries_no_other_region(
    right: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    code, out, log = command(right | {"passcode": "marker"}, tmp_path)
    assert (code, log) == (1, "")
    (said,) = (line for line in out.splitlines() if ": ok" not in line)
    assert said.startswith("credentials: ")
    assert "refuses the credentials (401)" in said
    assert "check the account id, the passcode and the region" in said
    assert "no other was tried" in said
    assert "marker" not in out
    assert len(sandbox.calls()) == 1


def test_the_command_says_of_everything_that_is_wrong_what_to_do(
    right: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "ledger").write_bytes(b"marker" * 1000)
    wrong = {
        "api_url": DEAD,
        "work_dir": "/proc/self/work",
        "ledger_url": f"sqlite:///{tmp_path}/ledger",
        "streams": {"vip": VIP | {"owner_email": "ada@localhost"}},
    }
    code, out, log = command(right | wrong, tmp_path)
    assert (code, log) == (1, "")
    settings, host, credentials, work_dir, ledger, segment = out.splitlines()
    assert settings == "settings: ok (1 stream mapping)"
    assert host.startswith("host 127.0.0.1:9: ")
    assert host.endswith("Is api_url the right one?")
    assert credentials == "credentials: not tried, since nothing answered as CleverTap does"
    assert work_dir.startswith("work_dir /proc/self/work/")
    assert work_dir.endswith("make room, or set work_dir to a folder that can be written")
    assert ledger.startswith("ledger: ")
    assert "move it away; then a new one begins" in ledger
    assert segment.startswith("segment VIP: owner_email is not like an e-mail address; it must be")
    assert "marker" not in out


def test_the_command_ends_with_1_when_the_settings_are_wrong(
    right: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = right | {"region": "mars", "batch_size_rows": 0, "flattening_enabled": "x"}
    code, out, log = command(wrong, tmp_path)
    assert (code, log) == (1, "")
    assert "settings: region: must be one of eu1" in out
    assert "settings: batch_size_rows: must be an integer >= 1" in out
    assert "settings: flattening_enabled: " in out
    assert sandbox.calls() == []


def test_the_command_takes_the_environment_too(
    right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in right.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"TARGET_CLEVERTAP_{name.upper()}", text)
    done = subprocess.run(
        [sys.executable, "-m", "target_clevertap", "--config", "ENV", "--check"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"settings: ok (2 stream mappings)")


def test_a_configuration_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    code, out, log = command({}, tmp_path, config="missing.json")
    assert (code, out) == (2, "")
    assert "missing.json: cannot be read: No such file or directory" in log
