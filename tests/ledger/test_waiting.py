"""Rejected rows wait for another try, each once, in their order, until they have arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_clevertap.ledger import Rejected, WaitingRow, waiting
from tests.ledger.places import digest, sqlite_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from target_clevertap.ledger import Ledger
    from tests.ledger.places import Place

SCHEMA = b'{"properties":{}}'


def wait(ledger: Ledger, key: object, stream: str = "users", *, again: bool = False) -> int:
    (tries,) = ledger.wait([rejected(key, stream, again=again)])
    return tries


def versions(keys: Iterable[object], number: int = 1) -> dict[bytes, int]:
    return {digest(key): number for key in keys}


def rejected(key: object, stream: str = "users", *, again: bool = False) -> Rejected:
    return Rejected(
        stream=stream,
        key=digest(key),
        line=f'{{"record":{{"key":"{key}"}}}}'.encode(),
        number=1,
        schema=SCHEMA,
        key_properties=("id", "day"),
        code="512",
        again=again,
    )


def lines(ledger: Ledger, stream: str | None = None) -> list[str]:
    return [row.line.decode()[18:-3] for row in ledger.waiting(stream)]


def test_a_row_waits_as_its_tap_sent_it(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a")
    with place.open() as ledger:
        assert list(ledger.waiting()) == [
            WaitingRow("users", digest("a"), rejected("a").line, SCHEMA, ("id", "day"), 0)
        ]


def test_rows_wait_in_the_order_in_which_they_came(place: Place) -> None:
    with place.open() as ledger:
        for key in "cab":
            wait(ledger, key)
        wait(ledger, "a")  # a newer version of it, in the place of the older one
        wait(ledger, "z", "orders")
        assert lines(ledger) == ["c", "a", "b", "z"]
        assert lines(ledger, "users") == ["c", "a", "b"]
        assert lines(ledger, "orders") == ["z"]


def test_every_row_comes_when_there_are_many(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "ROWS_AT_ONCE", 4)
    with place.open() as ledger:
        for key in range(12):
            wait(ledger, key)
        assert lines(ledger) == [str(key) for key in range(12)]


def test_rows_that_are_added_while_others_are_read_are_not_among_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ROWS_AT_ONCE", 1)
    with place.open() as ledger:
        for key in "ab":
            wait(ledger, key)
        found = []
        for row in ledger.waiting():
            found.append(row.key)
            wait(ledger, len(found))
        assert found == [digest("a"), digest("b")]


def test_the_newest_schema_of_a_row_comes_with_it(place: Place) -> None:
    with place.open() as ledger:
        for schema in (b'{"version":1}', b'{"version":2}'):
            ledger.wait([replace(rejected("a"), schema=schema)])
        assert [row.schema for row in ledger.waiting()] == [b'{"version":2}']


def test_it_is_counted_how_often_a_row_was_tried_again(place: Place) -> None:
    with place.open() as ledger:
        assert wait(ledger, "a") == 0
        assert [wait(ledger, "a", again=True) for _ in range(3)] == [1, 2, 3]
        assert [row.tries for row in ledger.waiting()] == [3]


def test_many_rows_wait_in_the_order_they_are_given(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "b")
        assert ledger.wait([rejected("c"), rejected("b", again=True), rejected("a")]) == [0, 1, 0]
        assert lines(ledger) == ["b", "c", "a"]


def test_a_newer_version_of_a_row_is_tried_from_the_beginning(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a")
        wait(ledger, "a", again=True)
        newer = replace(rejected("a"), line=b'{"record":{"key":"a","name":"Ada"}}')
        assert ledger.wait([newer]) == [0]


def test_a_row_that_its_tap_repeats_is_no_newer_version(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a")
        wait(ledger, "a", again=True)
        repeated = b'{"record":{"key":"a","_sdc_sequence":5},"time_extracted":"2026-01-02"}'
        assert ledger.wait([replace(rejected("a"), line=repeated)]) == [1]
        gone = b'{"record":{"key":"a","_sdc_deleted_at":"2026-01-02"}}'
        assert ledger.wait([replace(rejected("a"), line=gone)]) == [0]


def test_a_row_waits_under_another_key_when_its_name_has_changed(place: Place) -> None:
    with place.open() as ledger:
        for key in "abc":
            wait(ledger, key)
        wait(ledger, "a", again=True)
        ledger.rename_waiting("users", digest("a"), digest("z"))
        ledger.rename_waiting("users", digest("b"), digest("c"))  # which waits, and is newer
        assert wait(ledger, "z", again=True) == 2
        ledger.rename_waiting("users", digest("c"), None)
        assert [row.key for row in ledger.waiting()] == [digest("z")]
        ledger.superseded("users", versions("z"))
        assert not ledger.waits_for("users")


def test_nothing_waits_of_a_stream_that_is_forgotten(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a")
        wait(ledger, "a", "orders")
        ledger.forget_waiting("users")
        assert [row.stream for row in ledger.waiting()] == ["orders"]
        assert [ledger.waits_for(stream) for stream in ("users", "orders")] == [False, True]


def test_a_row_that_arrived_waits_no_longer(place: Place) -> None:
    with place.open() as ledger:
        for key in "abc":
            wait(ledger, key)
        ledger.superseded("users", versions("axc"))
        assert lines(ledger) == ["b"]
        assert ledger.waits_for("users")
        ledger.superseded("users", versions("b"))
        assert not ledger.waits_for("users")


def test_the_same_key_of_another_stream_waits_on(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a", "users")
        wait(ledger, "a", "orders")
        ledger.superseded("users", versions("a"))
        assert [row.stream for row in ledger.waiting()] == ["orders"]


def test_of_two_versions_the_later_one_waits_in_whatever_order_they_were_rejected(
    place: Place,
) -> None:
    old = replace(rejected("a"), number=10)
    new = replace(old, number=20, line=b'{"record":{"key":"new"}}')
    for name, both in (("users", (old, new)), ("more", (new, old))):
        with place.open() as ledger:
            for row in both:
                ledger.wait([replace(row, stream=name)])
            assert lines(ledger, name) == ["new"]


def test_a_version_that_arrived_ends_the_waiting_of_none_that_was_read_later(place: Place) -> None:
    with place.open() as ledger:
        ledger.wait(
            [
                replace(rejected(key), number=number)
                for key, number in zip("abc", (1, 2, 300), strict=True)
            ]
        )
        ledger.superseded("users", {digest("a"): 1, digest("b"): 1, digest("c"): 1000})
        assert lines(ledger) == ["b"]


def test_what_waits_is_older_than_all_rows_of_the_next_run(place: Place) -> None:
    with place.open() as ledger:
        ledger.wait([replace(rejected(key), number=500) for key in "ab"])
    with place.open() as ledger:
        ledger.claim("users")
        ledger.wait([replace(rejected("a"), number=2, line=b'{"record":{"key":"new"}}')])
        ledger.superseded("users", versions("b", 1))
        assert lines(ledger) == ["new"]


def test_the_next_run_knows_for_which_streams_rows_wait(place: Place) -> None:
    with place.open() as ledger:
        wait(ledger, "a")
    with place.open() as ledger:
        assert ledger.waits_for("users")
        assert not ledger.waits_for("orders")


def test_where_nothing_waits_the_database_is_not_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as ledger:
        monkeypatch.delattr(type(ledger._database), "writing")  # noqa: SLF001 - its absence is what is tested
        ledger.superseded("users", versions("a"))
        monkeypatch.undo()


def test_a_schema_is_forgotten_when_no_row_waits_by_it(sqlite: Place) -> None:
    with sqlite.open() as ledger:
        for key in "ab":
            wait(ledger, key)
        ledger.superseded("users", versions("a"))
    with sqlite_rows(sqlite) as rows:
        assert rows("SELECT count(*) FROM clevertap_ledger_announced") == [(1,)]
    with sqlite.open() as ledger:
        ledger.claim("users")
        ledger.superseded("users", versions("b"))
    with sqlite_rows(sqlite) as rows:
        assert rows("SELECT count(*) FROM clevertap_ledger_announced") == [(0,)]
