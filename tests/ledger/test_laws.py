"""Whatever happens to a ledger, it knows what a plain dict would know."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from target_clevertap.ledger import Ledger, recent
from tests.ledger.places import Place, digest, digests, events, profiles

KEYS = range(12)
CONTENTS = range(3)

some_keys = st.lists(st.sampled_from(KEYS), max_size=8, unique=True)
deliver = st.tuples(st.just("deliver"), some_keys)
hold = st.tuples(st.just("hold"), some_keys)
accept = st.tuples(st.just("accept"), some_keys, st.sampled_from(CONTENTS))
forget = st.tuples(st.just("forget"), some_keys)
fly = st.tuples(st.just("fly"), some_keys)
count = st.tuples(st.just("count"), some_keys, st.sampled_from(CONTENTS))
come = st.tuples(st.just("come"), st.just(list(KEYS)), st.sampled_from(CONTENTS))
finish = st.tuples(st.just("finish"))
end = st.tuples(st.just("end"))
crash = st.tuples(st.just("crash"))
steps = st.lists(
    st.one_of(deliver, hold, accept, forget, fly, count, come, finish, end, crash), max_size=25
)


@dataclass(slots=True)
class Model:
    """What should be known: events with whether they are held, and contents of profiles.

    Of counters: those under way, those held on disk, those that may still come in this run, and
    those that have come.
    """

    events: dict[int, bool] = field(default_factory=dict)
    profiles: dict[int, int] = field(default_factory=dict)
    flying: list[int] = field(default_factory=list)
    counting: Counter[tuple[int, int]] = field(default_factory=Counter)
    held: Counter[tuple[int, int]] = field(default_factory=Counter)
    expected: Counter[tuple[int, int]] = field(default_factory=Counter)
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)

    def deliver(self, keys: list[int]) -> None:
        self.events.update(dict.fromkeys(keys, False))

    def hold(self, keys: list[int]) -> None:
        for key in keys:
            self.events.setdefault(key, True)

    def forget(self, keys: list[int]) -> None:
        for key in keys:
            self.profiles.pop(key, None)

    def recover(self) -> None:
        self.hold(self.flying)
        self.forget(self.flying)
        self.flying = []
        self.forget([key for key, _ in self.counting])
        self.held += self.counting
        self.counting, self.expected, self.taken = Counter(), self.held.copy(), Counter()

    def come(self, row: tuple[int, int]) -> bool:
        is_held = self.expected[row] > 0
        if is_held:
            self.expected[row] -= 1
            self.taken[row] += 1
        return is_held

    def finish(self) -> None:
        self.held -= self.taken
        self.taken = Counter()


class Real:
    """A ledger that is opened again and again."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.open()

    def open(self) -> None:
        self.ledger: Ledger = self._place.open(uncertain="hold")
        self.number = self.ledger.claim("rows").number

    def take(self, model: Model, step: tuple[str, list[int], int]) -> None:
        what, keys = step[0], step[1] if len(step) > 1 else []
        marks, people = events(self.number, keys), profiles(self.number, keys)
        if what == "deliver":
            self.ledger.settle(self.ledger.note(marks, b""), events=marks)
            model.deliver(keys)
        elif what == "hold":
            self.ledger.settle(self.ledger.note(marks, b""), held=marks)
            model.hold(keys)
        elif what == "accept":
            contents = digests([step[2]] * len(keys))
            self.ledger.settle(None, profiles=people, contents=contents)
            model.profiles.update(dict.fromkeys(keys, step[2]))
        elif what == "forget":
            self.ledger.settle(self.ledger.note(b"", people), forgotten=digests(keys))
            model.forget(keys)
        elif what == "fly":
            self.ledger.note(marks, people)
            model.flying += keys
        elif what == "count":
            self._count(model, keys, step[2])
        elif what == "come":
            self._come(model, keys, step[2])
        elif what == "finish":
            self.ledger.finish_run()
            model.finish()
        else:
            self._again(model, tidily=what == "end")

    def _count(self, model: Model, keys: list[int], content: int) -> None:
        counters = [profiles(self.number, [key]) + digest(content) for key in keys]
        self.ledger.note(b"", profiles(self.number, keys), b"".join(counters))
        model.counting.update((key, content) for key in keys)

    def _come(self, model: Model, keys: list[int], content: int) -> None:
        for key in keys:
            is_held = self.ledger.take_held_counter(profiles(self.number, [key]), digest(content))
            assert is_held == model.come((key, content))

    def _again(self, model: Model, *, tidily: bool) -> None:
        if tidily:
            self.ledger.close()
        else:  # as when the process is gone
            self.ledger._database.close()  # noqa: SLF001 - see above
        self.open()
        model.recover()

    def compare(self, model: Model) -> None:
        assert dict(self.ledger.known_events(events(self.number, KEYS))) == model.events
        people = profiles(self.number, KEYS)
        for content in CONTENTS:
            same = {key for key, known in model.profiles.items() if known == content}
            found = self.ledger.unchanged_profiles(people, digests([content] * len(KEYS)))
            assert set(found) == same


@settings(max_examples=40, deadline=None)
@given(steps=steps)
def test_a_ledger_knows_what_a_dict_would_know(
    steps: list[tuple[str, list[int], int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, patch.object(recent, "ROWS", 6):
        real, model = Real(Place(None, Path(folder))), Model()
        for step in steps:
            real.take(model, step)
            real.compare(model)
        real.ledger.close()
