"""The benchmark of the sandbox measures what it says; how fast it is, is not for a test."""

from __future__ import annotations

import pytest

from benchmarks import sandbox_speed
from benchmarks.runs import BenchFailed


def test_a_load_of_each_kind_is_measured() -> None:
    runs = sandbox_speed.sandbox_speed(calls=3, rounds=1)

    assert [(run.kind, run.records) for run in runs] == [("profiles", 3000), ("events", 3000)]
    assert all(run.seconds > 0 for run in runs)


def test_a_record_that_is_refused_spoils_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"type": "profile", "identity": "", "profileData": {}}
    monkeypatch.setitem(sandbox_speed._RECORDS, "profiles", lambda _: wrong)  # noqa: SLF001 - what is sent

    with pytest.raises(BenchFailed, match="every one of the profiles"):
        sandbox_speed.sandbox_speed(calls=2, rounds=1)
