"""The routes of CleverTap's API (DOC), and that of the storage host behind custom lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_clevertap.sandbox.api_segments import create_segments, update_segments
from target_clevertap.sandbox.deletion import delete_profiles
from target_clevertap.sandbox.exports import export_events, export_profiles
from target_clevertap.sandbox.lists import list_completed, list_url, put_list
from target_clevertap.sandbox.reading import read_profile
from target_clevertap.sandbox.storage import PREFIX
from target_clevertap.sandbox.upload import upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.answers import Answer
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.settings import Settings

UPLOAD = "/1/upload"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call goes, and what it must bring."""

    path: str
    method: str
    endpoint: Callable[[Account, Call], Answer]
    also: str | None = None
    """Another method that does."""

    @property
    def is_storage(self) -> bool:
        """Whether this is the storage host: no credentials, no limit, and files as bodies."""
        return self.path == PREFIX

    def concurrency(self, settings: Settings) -> int | None:
        """Calls that may be in flight at once; None is no limit (DOC: 15 uploads, 3 others)."""
        if self.is_storage:
            return None
        return settings.concurrency if self.path == UPLOAD else settings.other_concurrency


ROUTES = (
    Route(UPLOAD, "POST", upload),
    Route("/1/profile.json", "GET", read_profile),
    Route("/1/delete/profiles.json", "POST", delete_profiles),
    Route("/1/events.json", "POST", export_events, also="GET"),
    Route("/1/profiles.json", "POST", export_profiles, also="GET"),
    Route("/get_custom_list_segment_url", "POST", list_url),
    Route("/upload_custom_list_segment_completed", "POST", list_completed),
    Route("/api/createSegment", "POST", create_segments),
    Route("/api/updateSegment", "POST", update_segments),
)
STORAGE = Route(PREFIX, "PUT", put_list)

_by_path = {route.path: route for route in ROUTES}


def route_of(path: str) -> Route | None:
    """The route that `path` leads to, or None."""
    return STORAGE if path.startswith(PREFIX) else _by_path.get(path)
