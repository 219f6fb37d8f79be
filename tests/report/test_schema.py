"""`report.json` is documented: its schema is in the package, and every report fits it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from target_clevertap.report.model import Report
from target_clevertap.report.schema import SCHEMA_FILE, schema, schema_text
from tests.report.samples import ALL, small


def test_the_schema_in_the_package_is_that_of_the_code() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "run: python -c 'from target_clevertap.report.schema import write_schema; write_schema()'"
    )


@pytest.mark.parametrize("name", ALL)
def test_every_report_fits_it_and_can_be_read_again(name: str) -> None:
    report = ALL[name]()
    written = msgspec.json.encode(report)
    jsonschema_rs.validator_for(schema()).validate(msgspec.json.decode(written))
    assert msgspec.json.decode(written, type=Report) == report


def broken(**changes: object) -> dict[str, Any]:
    report: dict[str, Any] = msgspec.to_builtins(small())
    return report | changes


@pytest.mark.parametrize(
    "report",
    [
        broken(version=2),
        broken(streams=[{"name": "users"}]),
        broken(totals={}),
        broken(segments=[{"name": "x", "before": None, "after": -1, "outcome": "uploaded"}]),
        {"version": 1},
    ],
)
def test_what_is_no_report_does_not_fit(report: dict[str, Any]) -> None:
    assert not jsonschema_rs.validator_for(schema()).is_valid(report)


def test_every_member_says_what_it_is() -> None:
    for name, definition in schema()["$defs"].items():
        assert definition["description"], name
        for member, of in definition["properties"].items():
            assert of["title"], (name, member)
        assert definition["required"] == list(definition["properties"])


@pytest.mark.parametrize("name", ALL)
def test_a_run_takes_the_time_from_its_start_to_its_end(name: str) -> None:
    run = ALL[name]().run
    assert (run.ended - run.started).total_seconds() == pytest.approx(run.seconds)


@pytest.mark.parametrize("name", ALL)
def test_counts_of_a_report_add_up(name: str) -> None:
    report = ALL[name]()
    again = [stream.tried_again for stream in report.streams]
    for rows in (*report.streams, report.totals, *again):
        ended = rows.accepted + rows.unchanged + rows.already_delivered
        assert rows.read == ended + rows.rejected + rows.ignored + rows.unsettled
    for stream in report.streams:
        told = sum(reason.count for reason in stream.rejections)
        assert told in {0, stream.rejected + stream.tried_again.rejected}
