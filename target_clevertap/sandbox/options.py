"""The settings as options of the command line: names, types and help from one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click
import msgspec

from target_clevertap.sandbox.settings import Settings

SPELLINGS = {"admin_emails": "--admin-email", "discarded_events": "--discard-event"}
"""Options that take one of a list each time they are given."""
FILES = {"schema"}
"""Options whose value is read from a JSON file."""


def setting_options() -> list[click.Option]:
    """One option for each setting, in order; `show_default` tells its default."""
    hints = get_type_hints(Settings, include_extras=True)
    return [
        _option(field.name, hints[field.name], field.default)
        for field in msgspec.structs.fields(Settings)
    ]


def settings_of(values: dict[str, Any]) -> Settings:
    """The settings that the options spell; msgspec.ValidationError names one out of range."""
    return msgspec.convert(values, Settings, strict=False)


def _option(name: str, hint: Any, default: Any) -> click.Option:  # noqa: ANN401 - as msgspec has it
    kind, *notes = get_args(hint)
    spelling = SPELLINGS.get(name, "--" + name.replace("_", "-"))
    if kind is bool:
        spelling = f"{spelling}/--no-{spelling[2:]}"
    return click.Option(
        [spelling, name],
        type=_JsonFile() if name in FILES else _click_type(kind),
        default=default,
        multiple=name in SPELLINGS,
        show_default=True,
        help=next((note.description for note in notes if note.description), None),
    )


def _click_type(kind: Any) -> Any:  # noqa: ANN401 - a type, or what typing makes of one
    if get_origin(kind) is Literal:
        return click.Choice([str(choice) for choice in get_args(kind)])
    return str if get_origin(kind) is tuple else kind


class _JsonFile(click.Path):
    """A file whose JSON is the value."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True)

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - JSON may be anything
        path = Path(str(super().convert(value, param, ctx)))
        try:
            return msgspec.json.decode(path.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.fail(f"{path} is not JSON: {error}", param, ctx)
