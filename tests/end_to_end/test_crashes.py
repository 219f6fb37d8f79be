"""The target is killed at random moments: nothing is lost, and no event sent twice for nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.forks import Forks, forking
from tests.support.pipeline import Message, config, lines, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

Row = tuple[str, int]
"""Its stream and its number."""

KILLS = int(os.environ.get("CRASHES", "20"))
"""Of each policy; `CRASHES=200 make test` takes some minutes more."""

ROWS = 400
ROWS_A_CALL = 20
CALLS_AT_ONCE = 4
LONGEST_LIFE = 0.4

STREAMS = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Name": "name"},
    },
    "orders": {
        "type": "event",
        "identifier": {"identity": "user"},
        "event_name": "Ordered",
        "properties": {"Number": "id"},
    },
    "visits": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Visits": {"column": "times", "operator": "increment"}},
    },
    "vip": {
        "type": "segment",
        "identifier": {"identity": "user"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
        "membership": "accumulate",
    },
    "staff": {
        "type": "segment",
        "identifier": {"identity": "user"},
        "segment_name": "Staff",
        "owner_email": "admin@example.com",
    },
}
SCHEMAS = [
    schema("users", "user", user="string", name="string"),
    schema("orders", "id", id="integer", user="string"),
    schema("visits", "id", id="integer", user="string", times="integer"),
    schema("vip", "user", user="string"),
    schema("staff", "user", user="string"),
]
STAFF = {f"s{number}" for number in range(100)}
"""All of them come in each run."""


@pytest.fixture
def forks() -> Iterator[Forks]:
    with forking() as forks:
        yield forks


def tap(since: int, until: int) -> list[Message]:
    """An incremental tap: the rows after a bookmark, and, as all of them do, the one at it."""
    messages: list[Message] = list(SCHEMAS)
    for number in range(max(0, since - 1), until):
        user = f"u{number}"
        messages.append(record("users", user=user, name=f"Name {number}"))
        messages.append(record("orders", id=number, user=user))
        messages.append(record("visits", id=number, user=visitor(number), times=1))
        if number % 10 == 0:
            messages.append(record("vip", user=user))
        if number % 7 == 0:
            messages.append(state(number + 1))
    return [*messages, *(record("staff", user=user) for user in sorted(STAFF)), state(until)]


def visitor(number: int) -> str:
    """Who comes two times, so that two rows say the same of one customer."""
    return f"v{number // 2}"


@dataclass
class Pipeline:
    """A tap, the target and the state between them, as a scheduler would run them."""

    forks: Forks
    folder: Path
    settings: dict[str, Any]
    chance: random.Random
    bookmark: int = 0
    kills: int = 0
    told: dict[str, Counter[Row]] = field(default_factory=lambda: defaultdict(Counter))
    rejects: dict[Path, list[Row]] = field(default_factory=dict)

    @property
    def held(self) -> Counter[Row]:
        """How often each row was listed as rejected, because it may have been delivered."""
        return Counter(row for rows in self.rejects.values() for row in rows)

    def run(self, until: int, *, kill: bool) -> None:
        """One run; the next one begins at the last state that this one wrote."""
        paths = {name: self.folder / name for name in ("config", "input", "output", "told")}
        for name in ("output", "told"):
            paths[name].unlink(missing_ok=True)
        paths["config"].write_text(json.dumps(self.settings))
        paths["input"].write_bytes(lines(tap(self.bookmark, until)))
        arguments = ["--config", str(paths["config"]), "--input", str(paths["input"])]
        process = self.forks.start(arguments, paths["output"], paths["told"])
        if kill:
            time.sleep(self.chance.uniform(0, LONGEST_LIFE))
            with suppress(ProcessLookupError):  # it may have been faster
                os.kill(process, signal.SIGKILL)
        code = self.forks.ended()
        assert code in ({0, -signal.SIGKILL} if kill else {0}), self._log()
        self.kills += code == -signal.SIGKILL
        states = paths["output"].read_text().splitlines() if paths["output"].exists() else []
        self.bookmark = json.loads(states[-1]) if states else self.bookmark
        self._count_told(paths["told"])
        self._list_held()  # now, since the folders of old runs are removed

    def _count_told(self, path: Path) -> None:
        for line in path.read_text().splitlines() if path.exists() else ():
            what, rows = json.loads(line)
            self.told[what].update(map(tuple, rows))

    def _list_held(self) -> None:
        for path in self.folder.rglob("rejected.jsonl"):
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            self.rejects[path] = [
                (row["stream"], row["record"]["id"])
                for row in rows
                if row["type"] == "RECORD" and row["rejected"]["code"] == "uncertain"
            ]

    def _log(self) -> str:
        return (self.folder / "output.log").read_text()


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_killed_at_any_moment_and_started_again_nothing_is_lost_and_no_event_doubled(
    policy: str, forks: Forks, sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = config(
        sandbox,
        tmp_path / "work",
        streams=STREAMS,
        uncertain_events=policy,
        batch_size_rows=ROWS_A_CALL,
        max_concurrency=CALLS_AT_ONCE,
        retry_limit_seconds=60,
    )
    del settings["ledger_url"]
    sandbox.latency(0.02, jitter=0.02)
    pipeline = Pipeline(forks, tmp_path, settings, random.Random(policy))  # noqa: S311 - the same every time
    until = 0
    while pipeline.kills < KILLS:
        until += ROWS
        while pipeline.bookmark < until and pipeline.kills < KILLS:
            pipeline.run(until, kill=True)
    pipeline.run(until, kill=False)

    assert pipeline.bookmark == until
    rows = range(until)
    profiles = {
        identity: each["properties"]
        for each in sandbox.profiles()
        for identity in each["identifiers"]["identity"]
    }
    users, visitors = {f"u{n}" for n in rows}, {visitor(n) for n in rows}
    assert users <= profiles.keys() <= users | visitors
    if policy == "resend":
        assert not pipeline.held
    check_events(pipeline, sandbox, rows)
    # Who has no profile has come in held rows only.
    visits = {name: profiles[name]["Visits"] if name in profiles else 0 for name in visitors}
    check_counters(pipeline, visits, rows)
    assert listed(sandbox, "VIP") == {f"u{n}" for n in range(0, until, 10)}
    assert listed(sandbox, "Staff") == STAFF


def listed(sandbox: Sandbox, name: str) -> set[str]:
    segment = sandbox.segment(name)
    assert segment is not None
    return {row["value"] for row in segment["rows"]}


def check_events(pipeline: Pipeline, sandbox: Sandbox, rows: range) -> None:
    sent = Counter(("orders", event["evtData"]["Number"]) for event in sandbox.events())
    held = {row for row in pipeline.held if row[0] == "orders"}
    assert sent.keys() | held == {("orders", number) for number in rows}
    again = {row for row, times in sent.items() if times > 1}
    if pipeline.settings["uncertain_events"] == "hold":
        assert again == set()
        assert len(pipeline.held) <= pipeline.kills * ROWS_A_CALL * CALLS_AT_ONCE
    else:
        settled = pipeline.told["settled"]
        assert max(settled[row] for row in sent) == 1, "what was answered is not sent again"
        assert len(again) <= pipeline.kills * ROWS_A_CALL * CALLS_AT_ONCE


def check_counters(pipeline: Pipeline, visits: dict[str, int], rows: range) -> None:
    """Counters are added each time that their row comes, and never for nothing.

    A row comes again when no state has covered it, also one that was answered.
    """
    answered, held = pipeline.told["answered"], pipeline.held
    for number in rows:
        row = ("visits", number)
        assert answered[row] or held[row], "nothing is lost"
    for name, total in visits.items():
        first = 2 * int(name[1:])
        both = [("visits", first), ("visits", first + 1)]
        least = sum(answered[row] for row in both)
        assert total >= least
        if pipeline.settings["uncertain_events"] == "hold":
            assert total <= least + sum(held[row] for row in both)
