"""Stream maps whose mistakes are told as those of any other setting."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Final

from singer_sdk.exceptions import MappingError
from singer_sdk.mapper import CustomStreamMap

from target_clevertap.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.mapper import StreamMap

    from target_clevertap.reader import Message

    Transform = Callable[[Message], Message | None]

ADVICE: Final = (
    "Mend it, or let it take such rows too, as in (name or '').upper(); --preview tries it."
)


@contextmanager
def told(stream: str) -> Iterator[None]:
    """Turns what the SDK raises about the maps of the tap's stream into a SettingsError."""
    try:
        yield
    except MappingError as error:  # it names the expression or the option, and no row is there yet
        raise SettingsError([f"stream_maps.{stream}: {error}"]) from None


def guard(stream: str, maps: Iterable[StreamMap], which_row: Callable[[], str]) -> None:
    """From now on the maps of the tap's stream say in a sentence for which row they fail.

    What Python or the SDK says of it may have a value of the row, so only its kind is told.
    """
    for each in maps:
        if isinstance(each, CustomStreamMap) and not hasattr(each.transform, "__wrapped__"):
            each.transform = _guarded(stream, each.transform, which_row)  # type: ignore[method-assign, assignment]


def _guarded(stream: str, transform: Transform, which_row: Callable[[], str]) -> Transform:
    @wraps(transform)
    def guarded(record: Message) -> Message | None:
        try:
            return transform(record)
        except Exception as error:  # noqa: BLE001 - expressions are a user's, and may raise anything
            what = type(error.__cause__ or error).__name__
        row = f"{which_row()} ({what})"
        raise SettingsError([f"stream_maps.{stream}: an expression fails for {row}. {ADVICE}"])

    return guarded
