"""The settings of the target: names, types, defaults and what each of them means, in one place."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from target_clevertap.errors import SettingsError
from target_clevertap.settings.parsing import Mistakes, below, build
from target_clevertap.settings.streams import (
    EventMapping,
    InvalidPolicy,
    LongPolicy,
    NullPolicy,
    SegmentMapping,
    StreamMapping,
)
from target_clevertap.settings.urls import has_one_reading

Region = Literal["eu1", "in1", "sg1", "us1", "aps3", "mec1", "sk1", "global"]

LEDGER_OFF = "off"
"""The `ledger_url` of those who want to do without."""

_LOOPBACK = r"localhost|127(?:\.\d{1,3}){3}|\[::1\]"
_API_URL = re.compile(rf"(?:https://[^/@\s?#]+|http://(?:{_LOOPBACK})(?::\d+)?)(?:/[^\s?#]*)?")
_API_URL_RULE = "must be an https URL (http only to localhost), without user or query"
_LEDGER_RULE = "must be off, or a URL that begins with sqlite:/// or postgresql://"
_ENCODING_RULE = (
    "has an @, /, ? or # that may be a part of its password; percent-encode them there: "
    "@ as %40, / as %2F, ? as %3F, # as %23"
)
_HEADER_RULE = (
    "must be printable ASCII, without spaces or line ends around it; "
    "copy it again from the dashboard (Settings > Project)"
)
_ZONE_RULE = "must be the IANA name of a time zone, such as Europe/Berlin"
_COUNTRY_RULE = "must be an ISO 3166 alpha-2 code in capitals, such as DE"


def _ledger_fault(url: str) -> str | None:
    if url == LEDGER_OFF or url.startswith("sqlite:///"):
        return None
    if not url.startswith(("postgresql://", "postgresql+")):
        return _LEDGER_RULE
    return None if has_one_reading(url) else _ENCODING_RULE


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, typed; `parse` is the only place where raw configuration is read."""

    checks: ClassVar[Mapping[str, Callable[[Any], str | None]]] = {
        "account_id": lambda text: None if _is_header(text) else _HEADER_RULE,
        "passcode": lambda text: None if _is_header(text) else _HEADER_RULE,
        "streams": lambda streams: None if streams else "must map at least one stream",
        "api_url": lambda url: None if _API_URL.fullmatch(url) else _API_URL_RULE,
        "timezone": lambda name: None if _is_zone(name) else _ZONE_RULE,
        "ledger_url": _ledger_fault,
        "default_country": lambda code: None if _is_country(code) else _COUNTRY_RULE,
    }

    account_id: Annotated[
        str,
        Meta(
            min_length=1,
            title="Account id",
            description="CleverTap project id (dashboard: Settings > Project).",
        ),
    ]
    passcode: Annotated[
        str,
        Meta(
            min_length=1,
            title="Passcode",
            description="CleverTap project passcode.",
            extra_json_schema={"secret": True, "writeOnly": True},
        ),
    ]
    streams: Annotated[
        dict[str, StreamMapping],
        Meta(
            title="Streams",
            description=(
                "Stream name or glob (`public-*`) to its mapping: how rows become profiles, "
                "events or a segment. An exact name wins over a glob."
            ),
        ),
    ]
    region: Annotated[
        Region,
        Meta(
            title="Region",
            description="Picks the API host; `global` is read as `eu1`.",
        ),
    ] = "eu1"
    api_url: Annotated[
        str | None,
        Meta(
            title="API URL",
            description=(
                "Replaces the host of the region (sandbox, proxy). "
                "Plain `http` only to a loopback address."
            ),
        ),
    ] = None
    unmapped_streams: Annotated[
        Literal["fail", "ignore"],
        Meta(
            title="Unmapped streams",
            description=(
                "What a stream without a mapping does: fail before its first record, "
                "or be skipped with one warning and a count."
            ),
        ),
    ] = "fail"
    default_country: Annotated[
        str | None,
        Meta(
            title="Default country",
            description="ISO 3166 alpha-2 code for phone numbers without a country code.",
        ),
    ] = None
    timezone: Annotated[
        str,
        Meta(
            title="Time zone",
            description="IANA name of the zone of dates and times without an offset.",
        ),
    ] = "UTC"
    invalid_properties: Annotated[
        InvalidPolicy,
        Meta(
            title="Invalid properties",
            description=(
                "A value CleverTap would refuse (bad phone, e-mail, enum): reject the row, "
                "or drop the property and count it as adjusted."
            ),
        ),
    ] = "reject"
    nulls: Annotated[
        NullPolicy,
        Meta(
            title="Nulls",
            description="A null column: leave the property of the profile alone, or delete it.",
        ),
    ] = "omit"
    long_values: Annotated[
        LongPolicy,
        Meta(
            title="Long values",
            description="Text over CleverTap's limit of 512 characters: cut it, or reject the row.",
        ),
    ] = "truncate"
    batch_size_rows: Annotated[
        int,
        Meta(ge=1, le=1000, title="Batch size", description="Records per upload call."),
    ] = 1000
    batch_max_bytes: Annotated[
        int,
        Meta(ge=1000, title="Batch bytes", description="Body bytes per upload call."),
    ] = 4_000_000
    batch_wait_limit_seconds: Annotated[
        int,
        Meta(
            ge=0,
            title="Batch wait limit",
            description=(
                "A partial batch is sent when its oldest row is this old, in seconds, also while "
                "the tap is silent."
            ),
        ),
    ] = 30
    max_concurrency: Annotated[
        int,
        Meta(
            ge=1,
            le=15,
            title="Concurrency",
            description="Ceiling of parallel upload calls; the real number adapts to 429s.",
        ),
    ] = 15
    request_timeout_seconds: Annotated[
        int,
        Meta(
            ge=1,
            title="Request timeout",
            description="Read timeout of one call, in seconds (connecting: 10 s).",
        ),
    ] = 60
    retry_limit_seconds: Annotated[
        int,
        Meta(
            ge=0,
            title="Retry limit",
            description="How long one call is retried before the run stops, in seconds.",
        ),
    ] = 600
    uncertain_events: Annotated[
        Literal["resend", "hold"],
        Meta(
            title="Uncertain events",
            description=(
                "An event call whose outcome is unknown (timeout, reset, crash): send again, or "
                "keep as rejected with reason `uncertain`. Counters of profiles likewise."
            ),
        ),
    ] = "resend"
    max_rejected_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            title="Most rejected rows",
            description=(
                "A stream of 20 rows or more with more rejected than this, or one of which every "
                "row was rejected, makes the run end with exit code 3 after everything else has "
                "been delivered; 100 turns this off."
            ),
        ),
    ] = 10
    retry_rejected: Annotated[
        bool,
        Meta(
            title="Retry rejected rows",
            description=(
                "Rows rejected in earlier runs are tried again at the start of the next run, "
                "unless a newer version of the row has come; ten times at most."
            ),
        ),
    ] = True
    resync: Annotated[
        bool,
        Meta(
            title="Resync",
            description=(
                "For one run: send profiles and segments even if unchanged (events stay sent once)."
            ),
        ),
    ] = False
    dry_run: Annotated[
        bool,
        Meta(
            title="Dry run",
            description=(
                "Uploads go to `?dryRun=1`, which checks and stores nothing; segments are not "
                "uploaded, no state is written, and the ledger is neither read nor written."
            ),
        ),
    ] = False
    ledger_url: Annotated[
        str | None,
        Meta(
            title="Ledger",
            description=(
                "Where is kept what has been delivered: a SQLAlchemy URL of SQLite or PostgreSQL "
                "(extra `postgres`), or `off`. Default: a SQLite file in the work folder."
            ),
            extra_json_schema={"secret": True, "writeOnly": True},
        ),
    ] = None
    work_dir: Annotated[
        str | None,
        Meta(
            title="Work folder",
            description=(
                "Ledger, rejected rows, spooled segments, one folder per account. Default: "
                "`.meltano/target-clevertap` in the Meltano project when run by Meltano, "
                "else the user's state folder."
            ),
        ),
    ] = None

    def faults(self) -> Iterator[tuple[str, str]]:
        """What cannot be done without a ledger."""
        if self.ledger_url != LEDGER_OFF:
            return
        for name, mapping in self.streams.items():
            if isinstance(mapping, EventMapping) and mapping.first_run == "skip":
                yield below(f"streams.{name}", "first_run"), "skip needs the ledger, which is off"
            if isinstance(mapping, SegmentMapping) and mapping.membership == "accumulate":
                where = below(f"streams.{name}", "membership")
                yield where, "accumulate needs the ledger, which is off"

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> Settings:
        """Typed settings from raw configuration.

        Raises:
            SettingsError: with one line per mistake, all of them.
        """
        mistakes = Mistakes()
        settings = build(cls, dict(config), "", mistakes)
        if settings is None:
            raise SettingsError(mistakes.lines)
        return settings

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates and times without an offset."""
        return ZoneInfo(self.timezone)

    @property
    def account_dir(self) -> Path:
        """The folder of this account: what the program keeps on disk is below it.

        Raises:
            SettingsError: when it should be in the home folder of a user who has none.
        """
        try:
            folder = self._work_dir() / quote(self.account_id, safe="")
        except RuntimeError:  # a container's user that is in no list of users, without HOME
            raise SettingsError([NO_HOME]) from None
        return folder

    def _work_dir(self) -> Path:
        if self.work_dir is not None:
            return Path(self.work_dir).expanduser()
        if project := os.environ.get("MELTANO_PROJECT_ROOT"):
            return Path(project) / ".meltano" / "target-clevertap"
        from platformdirs import user_state_path  # noqa: PLC0415 - this branch only

        return user_state_path("target-clevertap")

    def covers(self, stream: str) -> bool:
        """Whether a mapping is there for a stream."""
        return bool(self._keys_for(stream))

    def comes_whole(self, stream: str) -> bool:
        """Whether a stream is the whole of a list in each run."""
        if len(keys := self._keys_for(stream)) != 1:
            return False
        mapping = self.streams[keys[0]]
        return isinstance(mapping, SegmentMapping) and mapping.membership == "snapshot"

    def mapping_for(self, stream: str) -> tuple[str, StreamMapping]:
        """The mapping of a stream, and its key under `streams` for paths in messages.

        Raises:
            SettingsError: when there is none, or two globs match: neither is the better one.
        """
        keys = self._keys_for(stream)
        if not keys:
            advice = "add one, or set unmapped_streams: ignore"
            raise SettingsError([f"streams: no mapping covers stream {stream}; {advice}"])
        if len(keys) > 1:
            names = " and ".join(keys)
            raise SettingsError([f"streams: {names} both match {stream}; name the stream itself"])
        return keys[0], self.streams[keys[0]]

    def _keys_for(self, stream: str) -> list[str]:
        """An exact name wins over a glob."""
        if stream in self.streams:
            return [stream]
        return [key for key in self.streams if fnmatchcase(stream, key)]


NO_HOME = "work_dir: this user has no home folder; set work_dir to an absolute path"


def _is_header(text: str) -> bool:
    """Whether an HTTP header can carry it, unlike a pasted line end."""
    return text.isascii() and text.isprintable() and text == text.strip()


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_country(code: str) -> bool:
    # The metadata of phonenumbers takes a while to import: only those who set a country pay.
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415

    return code in SUPPORTED_REGIONS
