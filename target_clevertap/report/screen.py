"""How a run stands, on a terminal: a few lines that are drawn anew, below whatever is logged."""

from __future__ import annotations

import io
import logging
import time
from threading import Lock
from typing import TYPE_CHECKING, Final, TextIO, cast

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    from target_clevertap.report.progress import Standing, StreamStanding

LINES_AROUND: Final = 6
"""Of the terminal that are not for streams: headers, the total, and room for the log."""

SECONDS_BETWEEN_PRINTS: Final = 0.1

COLUMNS: Final = ("Read", "Rows/s", "Accepted", "Skipped", "Rejected", "Waiting")
NARROW_COLUMNS: Final = ("Accepted", "Rejected")
"""Where there is no room for all: a number that is cut looks like another one."""

WIDE: Final = 80
"""Characters of a terminal that all columns fit."""


class Screen:
    """Draws on a terminal, which is as it was when it has been wiped.

    Its first second is left empty: a short run need not wait for rich.
    """

    first = 1.0
    every = 0.25

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live: Live | None = None
        self._above: Above | None = None
        self._moved: list[logging.StreamHandler[TextIO]] = []

    def show(self, standing: Standing) -> None:
        """Draw it over what was drawn before."""
        live = self._live = self._live or self._start()
        if self._above is not None:
            self._above.release()
        live.update(_table(standing, live.console), refresh=True)

    def wipe(self) -> None:
        """Take away what was drawn; the next `show` draws again."""
        if self._live is None or self._above is None:
            return
        self._above.release()
        self._live.stop()
        self._live = None
        for handler in self._moved:
            handler.setStream(self._stream)
        self._moved.clear()
        # What another thread has logged meanwhile; nothing is drawn any more that it could meet.
        self._above.release()

    def _start(self) -> Live:
        from rich.console import Console  # noqa: PLC0415 - takes longer than all else at the start
        from rich.live import Live  # noqa: PLC0415 - the same

        console = Console(file=self._stream, force_terminal=True)
        live = Live(
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        live.start()
        # A process that is ended at once, by a second signal, would leave no cursor behind.
        console.show_cursor(show=True)
        self._above = Above(console)
        for handler in _handlers_of(self._stream):
            handler.setStream(cast("TextIO", self._above))
            self._moved.append(handler)
        return live


class Above(io.TextIOBase):
    """Prints whole lines above what is drawn, where they stay; for any thread.

    Each time all is drawn again, which costs 3.5 ms, and at full speed a run logs hundreds of lines
    a second: so lines that come fast are held back until the next one, or until `release`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = Lock()
        self._held = ""
        self._next = 0.0

    @override
    def write(self, text: str) -> int:
        with self._lock:
            self._held += text
            if time.monotonic() >= self._next:
                self._print()
        return len(text)

    def release(self) -> None:
        """Print what is held back."""
        with self._lock:
            self._print()

    def _print(self) -> None:
        from rich.text import Text  # noqa: PLC0415 - rich is there by now

        lines, end, self._held = self._held.rpartition("\n")
        if end:
            self._console.print(Text.from_ansi(lines), soft_wrap=True, highlight=False)
            self._next = time.monotonic() + SECONDS_BETWEEN_PRINTS


def _handlers_of(stream: TextIO) -> Iterator[logging.StreamHandler[TextIO]]:
    """What logs to a stream; drawn lines must not be written over by it."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for logger in loggers:
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                yield handler


def _table(standing: Standing, console: Console) -> Table:
    """The streams that the terminal has room for, their total, and the calls in flight."""
    from rich import box  # noqa: PLC0415 - rich is there by now
    from rich.table import Table  # noqa: PLC0415 - the same

    calls = "call" if standing.in_flight == 1 else "calls"
    clock = f"{int(standing.seconds) // 60}:{int(standing.seconds) % 60:02}"
    table = Table(
        box=box.SIMPLE_HEAD,
        caption=f"{clock} min  ·  {standing.in_flight} {calls} in flight",
        caption_justify="left",
        pad_edge=False,
    )
    columns = COLUMNS if console.width >= WIDE else NARROW_COLUMNS
    table.add_column("Stream", no_wrap=True, overflow="ellipsis", max_width=32)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    room = max(1, console.height - LINES_AROUND)
    for stream in standing.streams[-room:]:
        table.add_row(*_cells(stream, columns))
    if len(standing.streams) > 1:
        table.add_section()
        table.add_row(*_cells(standing.total, columns), style="bold")
    return table


def _cells(stream: StreamStanding, columns: Sequence[str]) -> Iterator[Text]:
    from rich.text import Text  # noqa: PLC0415 - rich is there by now

    tally = stream.tally
    skipped = tally.unchanged + tally.already_delivered + tally.ignored
    numbers = {
        "Read": tally.read,
        "Rows/s": stream.rows_a_second,
        "Accepted": tally.accepted,
        "Skipped": skipped,
        "Rejected": tally.rejected,
        "Waiting": tally.read - tally.accepted - tally.rejected - skipped,
    }
    styles = {"Accepted": "green", "Rejected": "bold red" if tally.rejected else ""}
    # As Text, so that no name is read as markup.
    yield Text("".join(char if char.isprintable() else "?" for char in stream.name))
    for column in columns:
        yield Text(f"{numbers[column]:,.0f}", style=styles.get(column, ""))
