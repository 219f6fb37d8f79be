"""Finding profiles by the beginning of a name or an e-mail, by a phone number, or by identity.

What is looked for is not written while calls come in: that would take a quarter of the speed of
uploads. An upload notes which profiles it wrote, and those are taken up between calls.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.codec import decode_json
from target_clevertap.sandbox.identifiers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_clevertap.sandbox.store import Store

MOST = 50
"""Profiles that one way of looking finds."""
SHORTEST_PHONE = 4
"""Digits below which a number is not taken for a phone's."""
_LAST = "\U0010ffff"
"""Sorts behind everything."""
_PHONE_MARKS = str.maketrans("", "", "+-()./ ")
_SEEK = "SELECT DISTINCT profile FROM search_terms WHERE term BETWEEN ? AND ? LIMIT ?"


class Found(Struct, frozen=True):
    """The profiles that were found, by id, and whether there are more than these."""

    profiles: list[int]
    more: bool


class Search:
    """The words by which profiles are found."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, profiles: Iterable[int]) -> None:
        """Note which profiles were written, to take them up later."""
        self._store.execute(
            "INSERT INTO search_waiting (profiles) VALUES (?)", (array("q", profiles).tobytes(),)
        )

    @property
    def is_behind(self) -> bool:
        """Whether profiles wait to be taken up."""
        return self._store.execute("SELECT 1 FROM search_waiting LIMIT 1").fetchone() is not None

    def catch_up(self, calls: int) -> None:
        """Take up the profiles that the oldest so many calls wrote, at most 1,000 each."""
        rows = self._store.execute(
            "SELECT id, profiles FROM search_waiting ORDER BY id LIMIT ?", (calls,)
        ).fetchall()
        for number, profiles in rows:
            ids = array("q")
            ids.frombytes(profiles)
            self._take_up(ids)
            self._store.execute("DELETE FROM search_waiting WHERE id = ?", (number,))

    def _take_up(self, ids: Sequence[int]) -> None:
        self._store.executemany(
            "INSERT OR IGNORE INTO search_terms (term, profile) VALUES (?, ?)",
            (
                (term, profile)
                for profile, properties in self._properties(ids)
                for term in terms_of(properties)
            ),
        )

    def _properties(self, ids: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        marks = msgspec.json.encode(list(ids)).decode()
        for profile, text in self._store.execute(
            "SELECT id, properties FROM profiles WHERE id IN (SELECT value FROM json_each(?))",
            (marks,),
        ):
            yield profile, decode_json(text)

    def find(self, text: str) -> Found:
        """The profiles that a text may mean, the likeliest kind of match first."""
        found: dict[int, None] = {}
        more = False
        for ids in (self._by_identifier(text), *map(self._by_term, _meanings(text))):
            more = more or len(ids) > MOST
            found.update(dict.fromkeys(ids[:MOST]))
        return Found(list(found), more)

    def _by_identifier(self, text: str) -> list[int]:
        found: list[int] = []
        for kind in KINDS:
            rows = self._store.execute(
                "SELECT DISTINCT profile FROM identifiers WHERE kind = ? AND value BETWEEN ? AND ? "
                "ORDER BY value LIMIT ?",
                (kind, text, text + _LAST, MOST + 1),
            )
            found += [profile for (profile,) in rows]
        return found

    def _by_term(self, term: str) -> list[int]:
        """Profiles with a term that begins so, and that have it still."""
        rows = self._store.execute(_SEEK, (term, term + _LAST, MOST + 1)).fetchall()
        properties = dict(self._properties(profile for (profile,) in rows))
        return [
            profile
            for (profile,) in rows
            if any(each.startswith(term) for each in terms_of(properties.get(profile, {})))
        ]


def terms_of(properties: dict[str, Any]) -> Iterator[str]:
    """What a profile is found by: its e-mail, its phone from either end, each end of its name."""
    email, phone, name = (properties.get(key) for key in ("Email", "Phone", "Name"))
    if isinstance(email, str):
        yield f"email {email.casefold()}"
    if isinstance(phone, (int, str)):
        digits = str(phone).translate(_PHONE_MARKS)
        yield f"phone {digits}"
        yield f"enohp {digits[::-1]}"
    if isinstance(name, str):
        words = name.casefold().split()
        for start in range(len(words)):
            yield "name " + " ".join(words[start:])


def _meanings(text: str) -> Iterator[str]:
    """The terms that a text may be the beginning of.

    A phone is found by its first digits, and without its country's code by its last ones.
    """
    digits = text.translate(_PHONE_MARKS)
    if digits.isdecimal() and len(digits) >= SHORTEST_PHONE:
        yield f"phone {digits}"
        yield f"enohp {digits.lstrip('0')[::-1]}"
    folded = " ".join(text.casefold().split())
    yield f"email {folded}"
    yield f"name {folded}"
