"""All properties of a stream: those that the mapping names, and the columns it leaves to us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from target_clevertap.mapping.charged import ITEMS
from target_clevertap.mapping.limits import MAX_PROPERTIES
from target_clevertap.settings import Source
from target_clevertap.settings.parsing import below

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from target_clevertap.mapping.properties import PropertyCompiler
    from target_clevertap.mapping.steps import Step
    from target_clevertap.settings.streams import PropertyMapping

_BOOKKEEPING = "_sdc_"
"""What Singer adds to rows for its own use begins so; it is sent only when mapped by name."""


@dataclass(frozen=True, slots=True)
class PropertyTable:
    """The compiled properties of one stream, in the order of the mapping, then of the SCHEMA.

    `notices` has a sentence for each column that is not sent because of its name.
    """

    compiler: PropertyCompiler
    path: str
    sources: dict[str, Source]
    steps: tuple[Step, ...]
    notices: tuple[str, ...]

    def using(self, operators: Collection[str]) -> frozenset[str]:
        """The properties that have one of these operators."""
        found = self.sources.items()
        return frozenset(name for name, source in found if source.operator in operators)

    def if_charged(self) -> tuple[Step, ...]:
        """The steps for those rows of the stream whose event turns out to be Charged."""
        if ITEMS not in self.sources:
            return self.steps
        # What the mapping says about its type can only be meant for the other events.
        source = structs.replace(self.sources[ITEMS], type=None, format=None, unit=None)
        items = self.compiler.step(ITEMS, source, below(self.path, ITEMS), charged=True)
        return tuple(items if items and step.name == ITEMS else step for step in self.steps)


def compile_table(
    mapping: PropertyMapping, compiler: PropertyCompiler, path: str, *, charged: bool = False
) -> PropertyTable:
    """The properties of a stream; `charged` says that its rows are all the event Charged.

    Columns that the mapping uses for anything else are not sent once more under their own names,
    so whatever else uses columns has to be compiled before.
    """
    where = below(path, "properties")
    sources = dict(mapping.properties or {})
    steps = _steps(sources, compiler, where, charged=charged)
    notices = []
    _check_excluded(mapping.exclude, compiler, path)
    if mapping.properties is None or mapping.include_unmapped:
        rest: dict[str, Source] = {}
        for column in _unmapped(compiler, {*mapping.exclude, *sources}):
            if fault := compiler.name_fault(column):
                notices.append(f"{path}: the column {column} is not sent: {fault}")
            else:
                rest[column] = Source(column=column)
        steps += _steps(rest, compiler, where, charged=charged)
        sources |= rest
    if len(sources) > MAX_PROPERTIES:
        sentence = f"are {len(sources)}; CleverTap takes at most {MAX_PROPERTIES} of them"
        compiler.mistakes.add(where, sentence)
    return PropertyTable(compiler, where, sources, tuple(steps), tuple(notices))


def _steps(
    sources: dict[str, Source], compiler: PropertyCompiler, path: str, *, charged: bool
) -> list[Step]:
    compiled = (
        compiler.step(name, source, below(path, name), charged=charged)
        for name, source in sources.items()
    )
    return [step for step in compiled if step is not None]


def _unmapped(compiler: PropertyCompiler, taken: Collection[str]) -> Iterator[str]:
    used = frozenset(compiler.roots)
    for column in compiler.columns.names:
        if column not in used and column not in taken and not column.startswith(_BOOKKEEPING):
            yield column


def _check_excluded(exclude: tuple[str, ...], compiler: PropertyCompiler, path: str) -> None:
    for column in exclude:
        if column not in compiler.columns.names:
            compiler.mistakes.add(below(path, "exclude"), compiler.columns.complaint(column))
