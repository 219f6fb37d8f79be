"""What each code of a refused record means, and how to mend it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Code(Struct, frozen=True):
    """A code; `place` leads to what is wrong with the record, where a single value is."""

    number: int
    title: str
    meaning: str
    mending: str
    place: tuple[str, ...] = ()

    def culprit(self, record: object) -> Any:  # noqa: ANN401 - any JSON
        """The value that the code is about, or None where the record has none there."""
        for name in self.place:
            record = record.get(name) if isinstance(record, dict) else None
        return record if self.place else None


_CODES = (
    Code(
        509,
        "Event without a name",
        "An event needs a name: text that is not empty.",
        "Give every row an event name: a fixed one, or a column that is never empty.",
        ("evtName",),
    ),
    Code(
        512,
        "Event is not built right",
        "The properties of an event, `evtData`, are not an object of names and values.",
        "Send the properties of an event as one flat object.",
        ("evtData",),
    ),
    Code(
        513,
        "Restricted system event",
        "CleverTap keeps this event name for itself, in any case and with or without spaces.",
        "Give the event a name of your own, such as “Store App Launched”.",
        ("evtName",),
    ),
    Code(
        514,
        "Gender is not M or F",
        "The standard property Gender takes the letters M and F and nothing else.",
        "Map other words to M and F, or load the column into a property of another name.",
        ("profileData", "Gender"),
    ),
    Code(
        515,
        "E-mail is not valid",
        "The standard property Email must look like an address: something@domain.",
        "Correct the address at its source, or leave the property out of this row.",
        ("profileData", "Email"),
    ),
    Code(
        516,
        "Phone number is not valid",
        "The standard property Phone takes + and the country's code, then the digits of the "
        "number and nothing else.",
        "Send the number in international form, such as +4915112345678: without spaces, and with "
        "the code of its country once.",
        ("profileData", "Phone"),
    ),
    Code(
        517,
        "Employed is not Y or N",
        "The standard property Employed takes Y and N and nothing else.",
        "Map other values to Y and N.",
        ("profileData", "Employed"),
    ),
    Code(
        518,
        "Education is not a known level",
        "The standard property Education takes School, College and Graduate and nothing else.",
        "Map other words to these three, or load the column into a property of another name.",
        ("profileData", "Education"),
    ),
    Code(
        519,
        "Married is not Y or N",
        "The standard property Married takes Y and N and nothing else.",
        "Map other values to Y and N.",
        ("profileData", "Married"),
    ),
    Code(
        520,
        "Age is not a number",
        "The standard property Age takes a number.",
        "Send a number, or load the column into a property of another name.",
        ("profileData", "Age"),
    ),
    Code(
        522,
        "Too many event properties",
        "An event may have 256 properties.",
        "Choose the properties that are needed, or send the rest as one text.",
        ("evtData",),
    ),
    Code(
        523,
        "No usable identifier",
        "A record needs an identity (or objectId, FBID or GPID): text that is neither empty nor "
        "longer than CleverTap takes.",
        "Map a column that is never empty, and leave rows without an owner out at the source.",
        ("identity",),
    ),
    Code(
        524,
        "Neither an event nor a profile",
        "The `type` of a record must be `profile` or `event`, and what belongs to it an object.",
        "Send `type` as one of these, and `profileData` as an object.",
        ("type",),
    ),
    Code(
        525,
        "Time is not in epoch seconds",
        "`ts` takes whole seconds since 1970-01-01 UTC, above zero.",
        "Send whole seconds: no text of a date, no fraction, not zero.",
        ("ts",),
    ),
    Code(
        526,
        "objectId is not well-formed",
        "An objectId has 1 to 64 letters, digits and ( ) ! : @ $ _ - characters.",
        "Use the CleverTap ID as the SDK of the app reports it, or identify by identity.",
        ("objectId",),
    ),
    Code(
        528,
        "Event is on the discard list",
        "Someone has discarded this event in the account: what is sent under its name is dropped.",
        "Restore the event in CleverTap's dashboard, or send under another name.",
        ("evtName",),
    ),
    Code(
        530,
        "objectId of the token is not valid",
        "A device token belongs to a device, which its objectId names.",
        "Send the CleverTap ID of the device that the token is for.",
        ("objectId",),
    ),
    Code(
        531,
        "Device token is not valid",
        "`tokenData` must be an object with `id` and `type`.",
        "Send both in one object.",
        ("tokenData",),
    ),
    Code(
        532,
        "Device token without an id",
        "`tokenData` needs an `id`: the token itself.",
        "Leave out devices that have no token.",
        ("tokenData",),
    ),
    Code(
        533,
        "Device token without a type",
        "`tokenData` needs a `type`: the service that the token is for.",
        "Send the service, such as fcm or apns.",
        ("tokenData",),
    ),
    Code(
        534,
        "Device token of another platform",
        "The `type` of the token is not of the platform that its objectId is of.",
        "Send the token under the objectId of its own device.",
        ("tokenData", "type"),
    ),
    Code(
        535,
        "Device token of an unknown type",
        "The `type` of the token is not a service that CleverTap knows.",
        "Send a service that CleverTap names, such as fcm or apns.",
        ("tokenData", "type"),
    ),
    Code(
        555,
        "Something went wrong at CleverTap",
        "CleverTap could not take the record at that moment; nothing is wrong with it.",
        "Send the record again. This is the only code with which that helps.",
    ),
)

_BY_NUMBER = {code.number: code for code in _CODES}


def code_of(number: int) -> Code:
    """What is known of a code; for one that is not documented, that it is not."""
    return _BY_NUMBER.get(number) or Code(
        number,
        "Code without documentation",
        "CleverTap does not document this code.",
        "Read the text of the refusal; if it does not help, ask CleverTap's support.",
    )
