"""What a sandbox can be told at its start and, through `/_sandbox/settings`, while it runs.

A setting whose description begins with "guess:" stands where CleverTap documents nothing. Its
default is what seems likeliest; no test of a client should depend on it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from target_clevertap.sandbox.regions import Region
from target_clevertap.sandbox.schema import Schema

UPLOAD_CONCURRENCY = 15
OTHER_CONCURRENCY = 3

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account that is emulated, and how its undocumented corners behave."""

    account_id: Annotated[str, Meta(description="Account id that calls must name.")] = (
        "TEST-SANDBOX"
    )
    passcode: Annotated[str, Meta(description="Passcode that calls must bring.")] = "sandbox"
    region: Annotated[
        Region,
        Meta(description="Region of the account; a call to another region's host is answered 401."),
    ] = "eu1"
    concurrency: Annotated[
        Count, Meta(description="Uploads in flight before the next one is answered 429.")
    ] = UPLOAD_CONCURRENCY
    other_concurrency: Annotated[
        Count, Meta(description="The same for each of the other routes.")
    ] = OTHER_CONCURRENCY
    admin_emails: Annotated[
        tuple[str, ...],
        Meta(description="Admin of the account, who may own custom lists; repeatable."),
    ] = ("admin@example.com",)
    discarded_events: Annotated[
        tuple[str, ...],
        Meta(description="Event name on the account's discard list (code 528); repeatable."),
    ] = ()
    schema: Annotated[
        Schema | None,
        Meta(description="Published schema, a JSON file: what does not fit is dropped unseen."),
    ] = None
    close_connections: Annotated[
        bool, Meta(description="Close the connection after each answer, as recorded in 2018.")
    ] = False
    max_body_bytes: Annotated[
        Count, Meta(description="guess: largest request body; a larger one is answered 413.")
    ] = 64 * 1024 * 1024
    unauthorized_text: Annotated[
        Literal["Invalid Credentials", "Account ID is not valid"],
        Meta(description="guess: which of the two known texts a 401 carries today."),
    ] = "Invalid Credentials"
    refuse_large_batches: Annotated[
        bool, Meta(description="guess: more than 1000 records (100 with a token) get 400.")
    ] = True
    identity_limit: Annotated[
        Count,
        Meta(description="guess: longest identity; documents of 2026 say 1024, 2017's text 120."),
    ] = 1024
    refuse_forbidden_identities: Annotated[
        bool,
        Meta(
            description="guess: identities such as 'null' and 'n/a', which the file imports "
            "forbid, get 523."
        ),
    ] = False
    phone_needs_plus: Annotated[bool, Meta(description="guess: a Phone without '+' gets 516.")] = (
        False
    )
    check_gender: Annotated[
        bool, Meta(description="guess: a Gender other than M or F still gets 514.")
    ] = True
    refuse_system_events: Annotated[
        bool,
        Meta(
            description="guess: system events that are not on the API's own list of reserved "
            "names get 513 as well."
        ),
    ] = True
    ignore_nulls: Annotated[
        bool, Meta(description="guess: a null property is ignored; otherwise it is kept as null.")
    ] = False
    delete_only_name_and_gender: Annotated[
        bool, Meta(description="guess: $delete works on Name and Gender only, as one page says.")
    ] = False
    profile_deletion_seconds: Annotated[
        Seconds,
        Meta(description="guess: time until a deleted profile is gone; in reality up to 48 hours."),
    ] = 0.0
    list_processing_seconds: Annotated[
        Seconds, Meta(description="guess: time until an uploaded custom list is processed.")
    ] = 0.0
    unknown_profile_not_found: Annotated[
        bool,
        Meta(description="guess: profile.json is 404 for an unknown user, not an empty record."),
    ] = False
