"""How long each page of the sandbox takes with a million profiles on disk.

`python -m benchmarks.sandbox_pages [PROFILES]` loads the sandbox as any client would, waits until
its search is up to date, asks for every kind of page, and prints a table.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any, Final

import msgspec
import requests

from target_clevertap.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILES: Final = 1_000_000
A_CALL: Final = 1_000
EVENTS: Final = 1
"""For each profile; one of them has a hundred thousand more."""
BUSY: Final = 100_000
MEMBERS: Final = 200_000
TIMES: Final = 9
GOAL_MILLISECONDS: Final = 100
GREETING: Final = "listening on "
HEADERS: Final = {"X-CleverTap-Account-Id": "TEST-SANDBOX", "X-CleverTap-Passcode": "sandbox"}
FIRST_NAMES: Final = ("Ada", "Grace", "Katherine", "Emmy", "Sofia", "Mary", "Hedy", "Chien-Shiung")
EVENT_NAMES: Final = ("Page viewed", "Added to basket", "Charged", "Newsletter opened")
NOW: Final = 1_790_000_000
YEAR: Final = 365 * 24 * 3600

Record = dict[str, Any]


def main(profiles: int = PROFILES) -> None:
    """Load, wait, measure, print."""
    with tempfile.TemporaryDirectory() as folder, requests.Session() as http:
        http.trust_env = False
        file = Path(folder) / "sandbox.sqlite"
        with _running(file) as url:
            seconds = _load(http, url, profiles)
            _say(f"{profiles:,} profiles and their events came in {seconds:.0f} s.")
            seconds = _until_searchable(http, url, file)
            _say(f"All of them could be searched for {seconds:.0f} s later.")
            _measure(http, url, profiles)


@contextmanager
def _running(file: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0", "--db", str(file)]
    with Popen(command, stdout=PIPE, text=True) as process:  # noqa: S603 - our own server
        try:
            greeting = process.stdout.readline() if process.stdout else ""
            yield greeting.partition(GREETING)[2].strip()
        finally:
            process.terminate()


def _load(http: requests.Session, url: str, profiles: int) -> float:
    """The seconds that it took to bring everything in."""
    chance = random.Random(1)  # noqa: S311 - made-up rows
    started = time.perf_counter()
    for first in range(0, profiles, A_CALL):
        _upload(http, url, [_profile(number) for number in range(first, first + A_CALL)])
        _upload(
            http, url, [_event(chance, chance.randrange(profiles)) for _ in range(A_CALL * EVENTS)]
        )
    for _ in range(0, BUSY, A_CALL):
        _upload(http, url, [_event(chance, 1) for _ in range(A_CALL)])
    _list(http, url, profiles)
    return time.perf_counter() - started


def _profile(number: int) -> Record:
    name = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} Family{number // 10}"
    properties = {
        "Name": name,
        "Email": f"person.{number}@example.com",
        "Phone": f"+4915{number:08d}" if number % 1_000 else "wrong",
        "Plan": "gold",
        "Visits": number % 97,
    }
    return {"type": "profile", "identity": f"customer-{number}", "profileData": properties}


def _event(chance: random.Random, owner: int) -> Record:
    return {
        "type": "event",
        "identity": f"customer-{owner}",
        "evtName": chance.choice(EVENT_NAMES),
        "ts": NOW - chance.randrange(YEAR),
        "evtData": {"Amount": chance.randrange(10_000) / 100, "Currency": "EUR"},
    }


def _upload(http: requests.Session, url: str, records: list[Record]) -> None:
    body = msgspec.json.encode({"d": records})
    http.post(f"{url}/1/upload", data=body, headers=HEADERS, timeout=60).raise_for_status()


def _list(http: requests.Session, url: str, profiles: int) -> None:
    """A custom list whose last tenth has no profile."""
    first = max(0, profiles - MEMBERS * 9 // 10)
    rows = "".join(f"i,customer-{number}\n" for number in range(first, first + MEMBERS))
    place = http.post(f"{url}/get_custom_list_segment_url", headers=HEADERS, timeout=60).json()
    http.put(place["presignedS3URL"], data=f"Type,Identity\n{rows}", timeout=60).raise_for_status()
    http.post(
        f"{url}/upload_custom_list_segment_completed",
        headers=HEADERS,
        json={
            "name": "VIP",
            "email": "admin@example.com",
            "filename": "vip.csv",
            "creator": "bench",
            "url": place["presignedS3URL"],
        },
        timeout=60,
    ).raise_for_status()


def _until_searchable(http: requests.Session, url: str, file: Path) -> float:
    started = time.perf_counter()
    http.get(f"{url}/_sandbox/segments", timeout=600).raise_for_status()
    store = Store(file)
    while store.execute("SELECT COUNT(*) FROM search_waiting").fetchone()[0]:
        time.sleep(1)
    store.close()
    return time.perf_counter() - started


def _addresses(profiles: int) -> dict[str, str]:
    some = profiles // 3 // 1_000 * 1_000 + 7
    return {
        "overview": "/",
        "profiles": "/profiles",
        "profiles, in the middle": f"/profiles?after={profiles // 2}",
        "search by identity": f"/profiles?q=customer-{some}",
        "search by e-mail": f"/profiles?q=person.{some}@",
        "search by phone": f"/profiles?q=%2B49+15+{some:08d}",
        "search by phone, its end": f"/profiles?q=015{some:08d}",
        "search by name": f"/profiles?q=family{some // 10}",
        "search by a name of many": "/profiles?q=ada",
        "search for nothing there": "/profiles?q=nobody",
        "one profile": "/profiles/8",
        f"one profile, {BUSY:,} events": "/profiles/1",
        "events": "/events",
        "events of a name": "/events?name=Charged",
        "events of a name, in the middle": f"/events?name=Charged&after={profiles // 2}",
        "segments": "/segments",
        "one segment": "/segments/1",
        "one segment, unknown members": "/segments/1?only=unknown",
        "calls": "/calls",
        "calls with something refused": "/calls?only=trouble",
        "one call of 1,000 records": f"/calls/{2 * profiles // A_CALL + BUSY // A_CALL}",
        "one old call": "/calls/1",
        "rejections": "/rejections",
        "rejections of a code": "/rejections/516",
        "one rejection": "/rejections/516/1",
        "what the live refresh asks": "/_sandbox/pages/version",
    }


def _measure(http: requests.Session, url: str, profiles: int) -> None:
    _say(f"\n| page | first, ms | median, ms | slowest, ms | kB |\n|---|{'--:|' * 4}")
    slowest = 0.0
    for name, address in _addresses(profiles).items():
        times = []
        for _ in range(TIMES):
            started = time.perf_counter()
            answer = http.get(url + address, timeout=60)
            times.append((time.perf_counter() - started) * 1_000)
            answer.raise_for_status()
        slowest = max(slowest, *times)
        _say(
            f"| {name} | {times[0]:.0f} | {statistics.median(times):.0f} | {max(times):.0f} "
            f"| {len(answer.content) / 1024:.0f} |"
        )
    verdict = "all under" if slowest < GOAL_MILLISECONDS else "NOT all under"
    _say(f"\n{TIMES} times each, one after another: {verdict} {GOAL_MILLISECONDS} ms.")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
