"""The checks of one record, in CleverTap's order; the first that fails refuses it.

The order of the profile checks is read off the recordings (INF): what a refused record's echo had
already been normalised to. A check may normalise the record in place, and the echo shows it (REC).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox import refusals
from target_clevertap.sandbox.event_names import RESERVED, SYSTEM, folded
from target_clevertap.sandbox.identifiers import FORBIDDEN, identifiers_of, is_object_id
from target_clevertap.sandbox.token_rules import token_refusal

if TYPE_CHECKING:
    from target_clevertap.sandbox.refusals import Refusal
    from target_clevertap.sandbox.settings import Settings

MAX_EVENT_PROPERTIES = 256  # DOC
MAX_TS = 10**18
"""Guess: a time must fit a long. Milliseconds pass, since nothing says that they do not."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
"""One `@`, something on both sides, no spaces: guess, the real pattern is unknown."""
_PHONE = re.compile(r"\+?[0-9]{5,18}")
"""More than 4 digits (DOC); that 18 are the most, so that it fits a long, is a guess."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DIGITS = re.compile(r"[0-9]{1,18}")

GENDERS = ("M", "F")
YES_OR_NO = ("Y", "N")
EDUCATIONS = ("School", "College", "Graduate")

Properties = dict[str, Any]


class RecordRules:
    """Checks records as an account with these settings would."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        names = RESERVED + (SYSTEM if settings.refuse_system_events else ())
        self._restricted = frozenset(map(folded, names))
        self._discarded = frozenset(map(folded, settings.discarded_events))

    def refusal(self, record: object) -> Refusal | None:
        """Why `record` is refused, or None if it is accepted."""
        if not isinstance(record, dict):
            return refusals.NEITHER  # guess: nothing is known of a record that is no object
        if "ts" in record and not _is_epoch(record["ts"]):
            return refusals.TIMESTAMP
        kind = record.get("type")
        if kind == "token":
            return token_refusal(record)
        return self._identifier_refusal(record) or self._refusal_by_type(kind, record)

    def _refusal_by_type(self, kind: object, record: Properties) -> Refusal | None:
        if kind == "profile":
            return self._profile_refusal(record)
        if kind == "event":
            return self._event_refusal(record)
        return refusals.NEITHER

    def _identifier_refusal(self, record: Properties) -> Refusal | None:
        found = identifiers_of(record)
        if not found:
            return refusals.NO_IDENTIFIER
        for kind, text in found:
            if len(text) > self._settings.identity_limit:
                return refusals.NO_IDENTIFIER
            if self._settings.refuse_forbidden_identities and text.lower() in FORBIDDEN:
                return refusals.NO_IDENTIFIER
            if kind == "objectId" and not is_object_id(text):
                return refusals.OBJECT_ID
        return None

    def _event_refusal(self, record: Properties) -> Refusal | None:
        name = record.get("evtName")
        if not isinstance(name, str) or not name.strip():
            return refusals.NAME_MISSING
        name = folded(name)
        if name in self._restricted:
            return refusals.RESTRICTED_EVENT
        if name in self._discarded:
            return refusals.DISCARDED
        properties = record.get("evtData", {})
        if not isinstance(properties, dict):
            return refusals.EVENT_STRUCTURE
        if len(properties) > MAX_EVENT_PROPERTIES:
            return refusals.TOO_MANY_PROPERTIES
        return None

    def _profile_refusal(self, record: Properties) -> Refusal | None:
        properties = record.get("profileData", {})
        if not isinstance(properties, dict):
            return refusals.NEITHER  # guess
        return self._contact_refusal(properties) or _person_refusal(properties)

    def _contact_refusal(self, properties: Properties) -> Refusal | None:
        if "Gender" in properties and not self._is_gender(properties["Gender"]):
            return refusals.GENDER
        if "Email" in properties and not _is_email(properties["Email"]):
            return refusals.EMAIL
        if "Phone" in properties:
            phone = properties["Phone"]
            if not self._is_phone(phone):
                return refusals.PHONE
            if isinstance(phone, str):
                properties["Phone"] = int(phone)  # REC: from here on a number without the plus
        return None

    def _is_gender(self, value: object) -> bool:
        return not self._settings.check_gender or _is_one_of(value, GENDERS)

    def _is_phone(self, value: object) -> bool:
        if _is_unset(value):
            return True
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not _PHONE.fullmatch(text):
            return False
        return text.startswith("+") or not self._settings.phone_needs_plus


def _person_refusal(properties: Properties) -> Refusal | None:
    if "Employed" in properties and not _is_one_of(properties["Employed"], YES_OR_NO):
        return refusals.EMPLOYED
    if "Education" in properties and not _is_one_of(properties["Education"], EDUCATIONS):
        return refusals.EDUCATION
    if "Married" in properties and not _is_one_of(properties["Married"], YES_OR_NO):
        return refusals.MARRIED
    if "identity" in properties:
        properties["identity"] = _as_text(properties["identity"])  # REC: a string from here on
    if "Age" in properties and not _is_age(properties["Age"]):
        return refusals.AGE
    return None


def _as_text(value: object) -> object:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def _is_unset(value: object) -> bool:
    """Null or an operator: guess, no check of the value is known then."""
    return value is None or isinstance(value, dict)


def _is_one_of(value: object, words: tuple[str, ...]) -> bool:
    return value in words or _is_unset(value)


def _is_email(value: object) -> bool:
    return _is_unset(value) or (isinstance(value, str) and _EMAIL.fullmatch(value) is not None)


def _is_age(value: object) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return not isinstance(value, (bool, list))


def _is_epoch(value: object) -> bool:
    """Whether `value` is a positive whole number, or a string of digits (CODE); not zero (REC)."""
    if isinstance(value, str):
        return _DIGITS.fullmatch(value) is not None and int(value) > 0
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_TS
