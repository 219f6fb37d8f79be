"""From records to what CleverTap takes: compiled once per SCHEMA, pure, without I/O or clock.

`compile_mapping` turns what the settings say about a stream, and the stream's SCHEMA, into rules;
the rules turn a record into an `Item` (or a `Member` of a list), or raise a `Rejection`.
"""

from target_clevertap.mapping.compile import compile_mapping
from target_clevertap.mapping.items import Item, Member, merge
from target_clevertap.mapping.policies import Policies
from target_clevertap.mapping.rejections import REASONS, Adjustment, Rejection
from target_clevertap.mapping.rules import EventRules, ProfileRules, SegmentRules
from target_clevertap.mapping.shortcuts import Shortcut, compile_shortcut
from target_clevertap.mapping.validation import SchemaCheck

__all__ = [
    "REASONS",
    "Adjustment",
    "EventRules",
    "Item",
    "Member",
    "Policies",
    "ProfileRules",
    "Rejection",
    "SchemaCheck",
    "SegmentRules",
    "Shortcut",
    "compile_mapping",
    "compile_shortcut",
    "merge",
]
