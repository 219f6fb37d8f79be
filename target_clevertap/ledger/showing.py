"""An overview of a ledger in words, and in JSON."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

import msgspec

from target_clevertap.errors import SettingsError
from target_clevertap.ledger.run import moment
from target_clevertap.settings import EventMapping, ProfileMapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_clevertap.ledger.overview import Overview
    from target_clevertap.settings import Settings

STREAMS: Final = ("stream", "kind", "delivered", "held", "profiles", "waiting", "last run")
SEGMENTS: Final = ("segment", "members", "kept", "last upload")


def as_text(found: Overview, settings: Settings) -> str:
    """Two tables: streams and segments."""
    rows: list[Sequence[str]] = [STREAMS]
    for stream in found.streams:
        counts = (stream.delivered, stream.held, stream.profiles, stream.waiting)
        numbers = [f"{count:,}" for count in counts]
        kind, last = kind_of(stream.name, settings), _moment(stream.last_run_at)
        rows.append((stream.name, kind, *numbers, last))
    lines = [f"Ledger of account {settings.account_id}: {found.place}, {_size(found.size)}", ""]
    lines += _table(rows) if found.streams else ["No stream has been delivered yet."]
    if found.segments:
        rows = [SEGMENTS]
        for segment in found.segments:
            members = "-" if segment.members is None else f"{segment.members:,}"
            kept, last = f"{segment.kept:,}", _moment(segment.uploaded_at)
            rows.append((segment.name, members, kept, last))
        lines += ["", *_table(rows)]
    return "\n".join(lines)


def as_json(found: Overview, settings: Settings) -> str:
    """One JSON object; times are ISO 8601 in UTC."""
    overview = {
        "account": settings.account_id,
        "place": found.place,
        "bytes": found.size,
        "streams": [
            {
                "name": stream.name,
                "kind": kind_of(stream.name, settings),
                "delivered": stream.delivered,
                "held": stream.held,
                "profiles": stream.profiles,
                "waiting": stream.waiting,
                "first_run_done_at": _iso(stream.first_run_done_at),
                "last_run_at": _iso(stream.last_run_at),
            }
            for stream in found.streams
        ],
        "segments": [
            {
                "name": segment.name,
                "members": segment.members,
                "kept": segment.kept,
                "uploaded_at": _iso(segment.uploaded_at),
            }
            for segment in found.segments
        ],
    }
    return msgspec.json.format(msgspec.json.encode(overview), indent=2).decode()


def kind_of(stream: str, settings: Settings) -> str:
    """What the settings make of a stream."""
    try:
        _, mapping = settings.mapping_for(stream)
    except SettingsError:
        return "unmapped"
    if isinstance(mapping, EventMapping):
        return "event"
    return "profile" if isinstance(mapping, ProfileMapping) else "segment"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.rjust(width) if _is_number(rows[-1][at]) else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _moment(seconds: int | None) -> str:
    return "-" if seconds is None else moment(seconds)


def _iso(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
