"""Typed settings: what a user may configure, and what is wrong with it when it is."""

from target_clevertap.settings.files import read_config
from target_clevertap.settings.schema import config_jsonschema, unreadable_variables
from target_clevertap.settings.settings import LEDGER_OFF, Settings
from target_clevertap.settings.streams import (
    DateUnit,
    EventMapping,
    IdentifierKind,
    IdentifierSource,
    InvalidPolicy,
    LongPolicy,
    NullPolicy,
    Operator,
    ProfileMapping,
    PropertyMapping,
    SegmentMapping,
    Source,
    StreamMapping,
    TimeSource,
    ValueType,
)
from target_clevertap.settings.urls import shown_url

__all__ = [
    "LEDGER_OFF",
    "DateUnit",
    "EventMapping",
    "IdentifierKind",
    "IdentifierSource",
    "InvalidPolicy",
    "LongPolicy",
    "NullPolicy",
    "Operator",
    "ProfileMapping",
    "PropertyMapping",
    "SegmentMapping",
    "Settings",
    "Source",
    "StreamMapping",
    "TimeSource",
    "ValueType",
    "config_jsonschema",
    "read_config",
    "shown_url",
    "unreadable_variables",
]
