"""CleverTap's REST API alone: one call at a time, with retries, into types.

It knows nothing of Singer, of rows or of mappings. `Client` is the way in; what a call can end
with is in `target_clevertap.errors`, below CleverTapError.
"""

from target_clevertap.clevertap.answers import Refusal, UploadAnswer
from target_clevertap.clevertap.client import (
    PROFILES_PER_DELETION,
    RECORDS_PER_UPLOAD,
    Client,
    Credentials,
)
from target_clevertap.clevertap.meanings import REFUSAL_MEANINGS, meaning_of
from target_clevertap.clevertap.regions import REGIONS, Region, api_url, check_url, is_local
from target_clevertap.clevertap.retries import (
    ANY_FAILURE,
    NO_RETRY,
    UNLESS_LOST,
    Attempt,
    Retries,
    RetryOn,
)
from target_clevertap.clevertap.transport import Timeouts

__all__ = [
    "ANY_FAILURE",
    "NO_RETRY",
    "PROFILES_PER_DELETION",
    "RECORDS_PER_UPLOAD",
    "REFUSAL_MEANINGS",
    "REGIONS",
    "UNLESS_LOST",
    "Attempt",
    "Client",
    "Credentials",
    "Refusal",
    "Region",
    "Retries",
    "RetryOn",
    "Timeouts",
    "UploadAnswer",
    "api_url",
    "check_url",
    "is_local",
    "meaning_of",
]
