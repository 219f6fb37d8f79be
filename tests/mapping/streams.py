"""Streams for the tests of the mapping: settings and a SCHEMA in, rules and sent JSON out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import SettingsError
from target_clevertap.mapping import (
    EventRules,
    Policies,
    ProfileRules,
    Rejection,
    SegmentRules,
    compile_mapping,
)
from target_clevertap.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_clevertap.mapping import Item

Json = dict[str, Any]

TEXT: Json = {"type": ["string", "null"]}
NUMBER: Json = {"type": ["number", "null"]}
INTEGER: Json = {"type": ["integer", "null"]}
BOOLEAN: Json = {"type": ["boolean", "null"]}
DATE: Json = {"type": ["string", "null"], "format": "date"}
DATE_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
TIME: Json = {"type": ["string", "null"], "format": "time"}
TEXTS: Json = {"type": ["array", "null"], "items": TEXT}
OBJECT: Json = {"type": ["object", "null"]}
ANYTHING: Json = {}

PROFILE: Json = {"type": "profile", "identifier": {"identity": "id"}}
EVENT: Json = {"type": "event", "identifier": {"identity": "id"}, "event_name": "Bought"}
SEGMENT: Json = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}


def compiled(
    mapping: Json,
    columns: Mapping[str, object],
    *,
    key: Sequence[str] = ("id",),
    **settings: object,
) -> ProfileRules | EventRules | SegmentRules:
    """The rules of a stream named `s`, which always has a column `id` beside `columns`."""
    config = {"account_id": "A", "passcode": "P", "streams": {"s": mapping}, **settings}
    typed = Settings.parse(config)
    schema = {"type": "object", "properties": {"id": ANYTHING, **columns}}
    return compile_mapping(
        typed.streams["s"], schema, Policies.of(typed), path="streams.s", key_properties=key
    )


def profile(mapping: Json, columns: Mapping[str, object], **settings: object) -> ProfileRules:
    """The rules of a profile stream; `mapping` holds what differs from the plainest one."""
    rules = compiled(PROFILE | mapping, columns, **settings)  # type: ignore[arg-type] # key is never in here
    assert isinstance(rules, ProfileRules)
    return rules


def event(mapping: Json, columns: Mapping[str, object], **settings: object) -> EventRules:
    """The rules of an event stream; `mapping` holds what differs from the plainest one."""
    plain = dict(EVENT)
    if "event_name_column" in mapping:
        del plain["event_name"]
    rules = compiled(plain | mapping, columns, **settings)  # type: ignore[arg-type] # key is never in here
    assert isinstance(rules, EventRules)
    return rules


def segment(mapping: Json, columns: Mapping[str, object]) -> SegmentRules:
    """The rules of a segment stream; `mapping` holds what differs from the plainest one."""
    rules = compiled(SEGMENT | mapping, columns)
    assert isinstance(rules, SegmentRules)
    return rules


def of_profile(source: object, schema: Json, value: object, **settings: object) -> Item:
    """The item of a profile whose property `P` comes from the column `c` with this value."""
    rules = profile({"properties": {"P": source}}, {"c": schema}, **settings)
    return rules.item({"id": "1", "c": value})


def of_event(source: object, schema: Json, value: object, **settings: object) -> Item:
    """The item of an event whose property `P` comes from the column `c` with this value."""
    rules = event({"properties": {"P": source}}, {"c": schema}, **settings)
    return rules.item({"id": "1", "c": value})


def sent(item: Item) -> Json:
    """The record of the upload, as CleverTap would read it."""
    record = json.loads(item.body)
    assert isinstance(record, dict)
    return record


def properties(item: Item) -> Json:
    """The properties that an item carries."""
    record = sent(item)
    found = record["profileData" if item.kind == "profile" else "evtData"]
    assert isinstance(found, dict)
    return found


def rejection(rules: ProfileRules | EventRules | SegmentRules, record: Json) -> Rejection:
    """Why a record is not taken."""
    with pytest.raises(Rejection) as caught:
        _ = rules.member(record) if isinstance(rules, SegmentRules) else rules.item(record)
    return caught.value


def mistakes(mapping: Json, columns: Mapping[str, object], **settings: object) -> list[str]:
    """What is wrong with a mapping, line by line."""
    with pytest.raises(SettingsError) as caught:
        compiled(mapping, columns, **settings)  # type: ignore[arg-type] # key is never in here
    return list(caught.value.mistakes)
