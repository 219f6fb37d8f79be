"""The configuration of target-clevertap, read as the target itself reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from target_clevertap.errors import SettingsError
from target_clevertap.settings import (
    Settings,
    config_jsonschema,
    read_config,
    unreadable_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT: Final = "ENV"
PREFIX: Final = "TARGET_CLEVERTAP_"


def read_settings(files: Iterable[str]) -> Settings:
    """Settings of the files, later ones over earlier ones, and over them those of ENV.

    Raises:
        SettingsError: with one line for each mistake.
    """
    names = list(files)
    config: dict[str, Any] = {}
    for name in names:
        if name != ENVIRONMENT:
            config |= read_config(name)
    if ENVIRONMENT in names:
        config |= _of_environment()
    # The SDK has settings of its own, which are of no concern here.
    ours = config_jsonschema()["properties"]
    return Settings.parse({name: value for name, value in config.items() if name in ours})


def _of_environment() -> dict[str, Any]:
    # Imports the whole SDK: only those who ask for it pay.
    from singer_sdk.configuration._dict_config import (  # noqa: PLC0415 - see above; its only place
        parse_environment_config,
    )

    try:
        return parse_environment_config(config_jsonschema(), PREFIX)
    except ValueError:
        raise SettingsError(unreadable_variables(PREFIX, config_jsonschema())) from None
