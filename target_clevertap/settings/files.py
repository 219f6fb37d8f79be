"""A configuration file, in JSON or YAML, as the object that it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_clevertap.errors import SettingsError
from target_clevertap.settings.parsing import json_type

if TYPE_CHECKING:
    import yaml

YAML_SUFFIXES = frozenset({".yml", ".yaml"})


def read_config(name: str) -> dict[str, Any]:
    """The object in a file: YAML if its name ends with `.yml` or `.yaml`, else JSON.

    Raises:
        SettingsError: in one line what is wrong with the file, and where, but never what is in it.
    """
    try:
        # A byte order mark in front, as some editors leave it, is no part of either format.
        text = Path(name).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _wrong(name, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _wrong(name, "is not UTF-8 text") from None
    is_yaml = Path(name).suffix.lower() in YAML_SUFFIXES
    try:
        config = _of_yaml(name, text) if is_yaml else _of_json(name, text)
    except RecursionError:
        raise _wrong(name, "is nested too deeply") from None
    if not isinstance(config, dict):
        raise _wrong(name, f"must hold an object of settings, not {json_type(config)}")
    return config


def _wrong(name: str, fault: str) -> SettingsError:
    return SettingsError([f"--config {name}: {fault}"])


def _of_json(name: str, text: str) -> object:
    try:
        found: object = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        hint = (
            "" if text.lstrip().startswith("{") else "; if it is YAML, let its name end with .yml"
        )
        raise _wrong(name, f"is not valid JSON ({where}){hint}") from None
    return found


def _of_yaml(name: str, text: str) -> object:
    import yaml  # noqa: PLC0415 - 50 ms of the start, for those who need it

    from target_clevertap.settings.yaml_values import YamlValues  # noqa: PLC0415 - the same

    try:
        found: object = yaml.load(text, Loader=YamlValues)  # noqa: S506 - a safe loader that makes less
    except yaml.YAMLError as error:
        raise _wrong(name, f"is not valid YAML{_place(error)}") from None
    return found


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    reason = getattr(error, "reason_to_tell", "")
    return f"{where}: {reason}" if reason else where
