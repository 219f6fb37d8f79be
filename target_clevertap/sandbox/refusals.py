"""The codes and texts with which a single record is refused.

Each text ends as CleverTap's does before `Skipped record number : N`: the profile texts run into
it, the others have a space. Texts marked *guess* give the documented meaning of a code whose
wording nobody has published.
"""

from __future__ import annotations

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Why a record is refused: the first failing check alone (REC)."""

    code: int
    text: str

    def error(self, position: int) -> str:
        """The `error` of the answer for the record at `position`, counted from 1."""
        return f"{self.text}Skipped record number : {position}"


NAME_MISSING = Refusal(  # 3P
    509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. "
)
EVENT_STRUCTURE = Refusal(512, "Event structure is not valid. ")  # DOC; text: guess
RESTRICTED_EVENT = Refusal(  # REC 2024
    513, "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. "
)
GENDER = Refusal(514, "Profile data is incorrect. Gender needs to be M/F.")  # REC 2017
EMAIL = Refusal(515, "Profile data is incorrect. Email is not valid.")  # REC 2018
PHONE = Refusal(516, "Profile data is incorrect. Phone number is not valid.")  # REC 2018
EMPLOYED = Refusal(517, "Profile data is incorrect. Employed needs to be Y/N.")  # REC 2017
EDUCATION = Refusal(  # REC 2018, with two dots
    518, "Profile data is incorrect. Education needs to be School/College/Graduate.."
)
MARRIED = Refusal(519, "Profile data is incorrect. Married needs to be Y/N.")  # REC
AGE = Refusal(520, "Profile data is incorrect. Age is invalid.")  # REC 2018
TOO_MANY_PROPERTIES = Refusal(522, "Event has too many properties. ")  # DOC; text: guess
NO_IDENTIFIER = Refusal(  # REC 2017
    523,
    "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the "
    "user. ",
)
NEITHER = Refusal(524, "Record is neither an event nor a profile. ")  # DOC; text: guess
TIMESTAMP = Refusal(525, "Timestamp should be present in the Unix Epoch format. ")  # REC
OBJECT_ID = Refusal(526, "objectId is not valid. ")  # DOC; text: guess
DISCARDED = Refusal(528, "Event is on the discard list. ")  # DOC; text: guess
TOKEN_OBJECT_ID = Refusal(530, "objectId of the token is not valid. ")  # DOC; text: guess
TOKEN_STRUCTURE = Refusal(531, "Token is not valid. ")  # DOC; text: guess
TOKEN_ID = Refusal(532, "Token id is missing. ")  # DOC; text: guess
TOKEN_TYPE = Refusal(533, "Token type is missing. ")  # DOC; text: guess
TOKEN_TYPE_UNKNOWN = Refusal(535, "Token type is not valid. ")  # DOC; text: guess
SERVER_ERROR = Refusal(555, "Something went wrong, please retry. ")  # DOC; text: guess
