"""How the settings come in: from files and the environment, with the SDK's own among them."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import JSONSchemaValidator, _ConfigInput
from singer_sdk.target_base import Target
from typing_extensions import override

from target_clevertap.batch_files import BATCH_CONFIG
from target_clevertap.errors import SettingsError
from target_clevertap.settings import (
    Settings,
    config_jsonschema,
    read_config,
    unreadable_variables,
)
from target_clevertap.settings.parsing import json_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click
    from jsonschema.exceptions import ValidationError

_published_schema = cache(config_jsonschema)
"""Always the same dict: the SDK adds its own settings to it."""


class ConfiguredTarget(Target):
    """A Singer target whose settings are typed, and whose mistakes in them are told all at once."""

    settings: Settings

    @classproperty
    def config_jsonschema(cls) -> dict[str, Any]:
        """The JSON Schema of the settings, which `--version` need not wait for."""
        return _published_schema()

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Adds the SDK's settings without `load_method`, which could have one value only."""
        config_jsonschema["properties"]["batch_config"] = BATCH_CONFIG
        super().append_builtin_config(config_jsonschema)
        config_jsonschema["properties"].pop("load_method", None)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Types the settings.

        Raises:
            SettingsError: whatever `raise_errors` says; without settings there is no target.
        """
        self.settings = self.typed(self._config)
        return []

    @classmethod
    def typed(cls, config: Mapping[str, Any]) -> Settings:
        """The settings that a configuration holds.

        Raises:
            SettingsError: with every mistake: ours and the SDK's.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        own = {field.encode_name for field in msgspec.structs.fields(Settings)}
        properties = cls.config_jsonschema["properties"]
        builtin = {name: properties[name] for name in properties if name not in own}
        faults = JSONSchemaValidator({"properties": builtin}).iter_errors(config)
        mistakes = [_mistake(fault) for fault in faults]
        ours = {name: value for name, value in config.items() if name not in builtin}
        try:
            settings = Settings.parse(ours)
        except SettingsError as error:
            raise SettingsError([*error.mistakes, *mistakes]) from None
        if mistakes:
            raise SettingsError(mistakes)
        return settings

    @classmethod
    def merged(cls, config: _ConfigInput) -> dict[str, Any]:
        """The configuration of the files, and over it that of the environment if asked for.

        Raises:
            SettingsError: naming each variable that cannot be read as what it should be.
        """
        return config.config | (cls._environment() if config.parse_env else {})

    @classmethod
    @override
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Reads the configuration files, JSON or YAML; a later one wins over those before it.

        Raises:
            SettingsError: naming the file that cannot be read, and where it is broken.
        """
        files = [name for name in value if name != "ENV"]
        config: dict[str, Any] = {}
        for name in files:
            config |= read_config(name)
        return _ConfigInput(config=config, parse_env=len(files) < len(value))

    @classmethod
    def _environment(cls) -> dict[str, Any]:
        """The settings in environment variables.

        Raises:
            SettingsError: naming each variable that cannot be read as what it should be.
        """
        config: dict[str, Any] = {}
        with suppress(ValueError):
            config.update(cls._env_var_config)
        # After the SDK has looked: it takes the variables of a .env file on, too.
        cls.append_builtin_config(cls.config_jsonschema)
        if mistakes := list(unreadable_variables(cls._env_var_prefix, cls.config_jsonschema)):
            raise SettingsError(mistakes)
        return config


def _mistake(fault: ValidationError) -> str:
    """Where it is, and what would be right. Its own message has the value, maybe a secret."""
    while fault.context:  # of several forms that it may have: the one that it resembles most
        fault = max(fault.context, key=lambda each: (len(each.path), each.validator == "type"))
    path = ".".join(map(str, fault.absolute_path))
    if fault.validator != "type":
        return f"{path}: must have {fault.validator} {fault.validator_value}"
    kinds: Any = fault.validator_value
    if fault.parent is not None:
        kinds = [kind for each in fault.parent.context or () for kind in _kinds(each, fault)]
    wanted = kinds if isinstance(kinds, str) else " or ".join(kinds)
    return f"{path}: must be {wanted}, not {json_type(fault.instance)}"


def _kinds(fault: ValidationError, like: ValidationError) -> list[str]:
    """The types that a form asks for at the same place."""
    if fault.validator != "type" or fault.absolute_path != like.absolute_path:
        return []
    kinds: Any = fault.validator_value
    return [kinds] if isinstance(kinds, str) else list(kinds)
