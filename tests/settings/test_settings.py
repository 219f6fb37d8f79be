"""Settings are typed once, and every mistake is named with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from target_clevertap.clevertap import REGIONS, check_url
from target_clevertap.errors import SettingsError
from target_clevertap.settings import ProfileMapping, Settings, Source
from target_clevertap.settings.settings import Region

if TYPE_CHECKING:
    from pathlib import Path

TYPES = "string, number, integer, boolean, date, phone, email, json, list"
PROFILE = {"type": "profile", "identifier": {"identity": "id"}}
EVENT = {"type": "event", "identifier": {"identity": "id"}, "event_name": "Bought"}
SEGMENT = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}


def config(**settings: object) -> dict[str, Any]:
    return {"account_id": "A", "passcode": "P", "streams": {"users": PROFILE}} | settings


def mistakes(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        Settings.parse(raw)
    return list(error.value.mistakes)


def test_defaults_are_the_documented_ones() -> None:
    settings = Settings.parse(config())
    assert (settings.region, settings.timezone, settings.unmapped_streams) == ("eu1", "UTC", "fail")
    assert (settings.batch_size_rows, settings.batch_max_bytes) == (1000, 4_000_000)
    assert (settings.request_timeout_seconds, settings.retry_limit_seconds) == (60, 600)
    assert (settings.nulls, settings.long_values) == ("omit", "truncate")
    assert (settings.invalid_properties, settings.dry_run) == ("reject", False)


@pytest.mark.parametrize("name", ["account_id", "passcode"])
@pytest.mark.parametrize("text", ["secret\n", " secret", "s\u00e9same"])
def test_credentials_that_no_call_can_carry_are_a_mistake(name: str, text: str) -> None:
    (line,) = mistakes(config(**{name: text}))
    assert line.startswith(f"{name}: must be printable ASCII, without spaces or line ends")
    assert text.strip() not in line


def test_all_mistakes_are_shown_at_once_each_with_its_path() -> None:
    lines = mistakes(
        {
            "account_id": 7,
            "regio": "in1",
            "region": "mars",
            "batch_size_rows": 1001,
            "timezone": "Europe/Nowhere",
            "streams": {
                "users": PROFILE | {"properties": {"Phone": {"column": "p", "type": "fone"}}},
                "orders": {"type": "evnt"},
            },
        }
    )
    assert sorted(lines) == sorted(
        [
            "regio: is not a setting; did you mean region?",
            "account_id: must be a string, not an integer",
            "passcode: is required",
            (
                "streams.users.properties.Phone.type: must be one of string, number, integer, "
                "boolean, date, phone, email, json, list"
            ),
            "streams.orders.type: must be one of profile, event, segment",
            "region: must be one of eu1, in1, sg1, us1, aps3, mec1, sk1, global",
            "batch_size_rows: must be an integer <= 1000",
            "timezone: must be the IANA name of a time zone, such as Europe/Berlin",
        ]
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"streams": {}}, "streams: must map at least one stream"),
        ({"streams": []}, "streams: must be an object, not a list"),
        ({"streams": {"u": 1}}, "streams.u: must be an object, not a number"),
        (
            {"api_url": "http://example.com"},
            "api_url: must be an https URL (http only to localhost), without user or query",
        ),
        (
            {"api_url": "http://127.0.0.1.example.com"},
            "api_url: must be an https URL (http only to localhost), without user or query",
        ),
        (
            {"api_url": "https://user:pw@example.com"},
            "api_url: must be an https URL (http only to localhost), without user or query",
        ),
        (
            {"default_country": "UK"},
            "default_country: must be an ISO 3166 alpha-2 code in capitals, such as DE",
        ),
        ({"batch_size_rows": 0}, "batch_size_rows: must be an integer >= 1"),
        ({"batch_size_rows": True}, "batch_size_rows: must be an integer, not a boolean"),
        ({"dry_run": "yes"}, "dry_run: must be a boolean, not a string"),
        ({"nulls": "erase"}, "nulls: must be one of omit, delete"),
        ({"load_method": "upsert"}, "load_method: is not a setting; known here: "),
        (
            {"streams": {"u": PROFILE | {"identifier": {}}}},
            "streams.u.identifier: must name exactly one of identity, objectId, FBID, GPID",
        ),
        (
            {"streams": {"u": PROFILE | {"identifier": {"email": "e"}}}},
            "streams.u.identifier.email: must be one of identity, objectId, FBID, GPID",
        ),
        (
            {"streams": {"u": PROFILE | {"identifier": {"identity": ""}}}},
            "streams.u.identifier.identity: must be the name of a column",
        ),
        (
            {"streams": {"u": PROFILE | {"on_delete": "drop"}}},
            "streams.u.on_delete: must be one of ignore, delete",
        ),
        (
            {
                "streams": {
                    "u": {"type": "profile", "identifier": {"FBID": "f"}, "on_delete": "delete"}
                }
            },
            "streams.u.on_delete: delete needs identity or objectId as the identifier",
        ),
        (
            {"streams": {"u": PROFILE | {"properties": {"A": {}}}}},
            "streams.u.properties.A: needs exactly one of column, value, template",
        ),
        (
            {"streams": {"u": PROFILE | {"properties": {"A": {"column": "a", "value": 1}}}}},
            "streams.u.properties.A: needs exactly one of column, value, template",
        ),
        (
            {
                "streams": {
                    "u": PROFILE
                    | {"properties": {"A": {"column": "a", "unit": "ms", "format": "%Y"}}}
                }
            },
            "streams.u.properties.A: takes format (for text) or unit (for numbers), not both",
        ),
        (
            {
                "streams": {
                    "u": PROFILE
                    | {"properties": {"A": {"column": "a", "type": "email", "country": "c"}}}
                }
            },
            "streams.u.properties.A.type: must be phone when country is given",
        ),
        (
            {"streams": {"u": PROFILE | {"properties": {"A": 5}}}},
            "streams.u.properties.A: must be a column's name or an object, not a number",
        ),
        (
            {"streams": {"e": EVENT | {"event_name_column": "kind"}}},
            "streams.e: needs exactly one of event_name, event_name_column",
        ),
        (
            {"streams": {"s": SEGMENT | {"max_shrink_percent": 101}}},
            "streams.s.max_shrink_percent: must be an integer <= 100",
        ),
        (
            {"streams": {"s": SEGMENT | {"owner_email": "admin"}}},
            "streams.s.owner_email: must be the e-mail address of an admin of the account",
        ),
        (
            {"streams": {"s": SEGMENT | {"segment_name": " "}}},
            "streams.s.segment_name: must not be empty",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_would_be_right(
    settings: dict[str, Any], expected: str
) -> None:
    (line,) = mistakes(config(**settings))
    assert line.startswith(expected)


def test_the_regions_are_those_that_the_client_knows() -> None:
    # The settings stand below the client and cannot ask it.
    assert set(get_args(Region)) == {*REGIONS, "global"}


@pytest.mark.parametrize(
    "url",
    ["https://proxy.example.com/ct", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:9"],
)
def test_an_api_url_that_is_accepted_is_one_that_the_client_calls(url: str) -> None:
    check_url(Settings.parse(config(api_url=url)).api_url or "")


@pytest.mark.parametrize("password", ["a@s3cr3t", "s3cr3t/a", "s3cr3t#a", "s3cr3t?a", "a@b/s3cr3t"])
def test_a_password_that_could_be_taken_for_the_host_is_a_mistake(password: str) -> None:
    (line,) = mistakes(config(ledger_url=f"postgresql://me:{password}@db/x"))
    assert line.startswith("ledger_url: has an @, /, ? or # that may be a part of its password; ")
    assert "@ as %40" in line
    assert "s3cr3t" not in line


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:a%40b%2Fc%23@db:5432/x",
        "postgresql+psycopg://db/x?user=me&host=/run",
        "postgresql://[::1]/x",
        "sqlite:////data/a@b.db",
    ],
)
def test_a_ledger_with_one_reading_is_taken(url: str) -> None:
    assert Settings.parse(config(ledger_url=url)).ledger_url == url


def test_a_mistake_never_shows_the_passcode() -> None:
    assert mistakes(config(passcode=["s3cr3t"])) == ["passcode: must be a string, not a list"]


def test_the_shorthand_of_a_property_is_a_column() -> None:
    mapping = Settings.parse(
        config(streams={"users": PROFILE | {"properties": {"Name": "full_name"}}})
    ).streams["users"]
    assert isinstance(mapping, ProfileMapping)
    assert mapping.properties == {"Name": Source(column="full_name")}


def test_an_exact_stream_name_wins_over_a_glob() -> None:
    settings = Settings.parse(config(streams={"public-*": PROFILE, "public-vip": SEGMENT}))
    assert settings.mapping_for("public-vip") == ("public-vip", settings.streams["public-vip"])
    assert settings.mapping_for("public-users") == ("public-*", settings.streams["public-*"])
    assert (settings.covers("public-users"), settings.covers("other")) == (True, False)


def test_a_stream_without_a_mapping_is_a_mistake_with_advice() -> None:
    with pytest.raises(SettingsError, match="no mapping covers stream other; add one, or set"):
        Settings.parse(config()).mapping_for("other")


def test_two_globs_for_one_stream_are_a_mistake() -> None:
    settings = Settings.parse(config(streams={"public-*": PROFILE, "*-users": PROFILE}))
    with pytest.raises(SettingsError, match=r"public-\* and \*-users both match public-users"):
        settings.mapping_for("public-users")


def test_the_account_has_a_folder_of_its_own_below_work_dir(tmp_path: Path) -> None:
    settings = Settings.parse(config(account_id="TEST-1/2", work_dir=str(tmp_path)))
    assert settings.account_dir == tmp_path / "TEST-1%2F2"


def test_work_dir_is_in_the_meltano_project_when_meltano_runs_the_target(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    expected = tmp_path / ".meltano" / "target-clevertap" / "A"
    assert Settings.parse(config()).account_dir == expected


def test_work_dir_is_the_users_state_folder_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert Settings.parse(config()).account_dir == tmp_path / "target-clevertap" / "A"
