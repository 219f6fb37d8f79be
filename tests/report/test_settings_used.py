"""The settings of a run are all shown, but no secret."""

from __future__ import annotations

import msgspec
import pytest

from target_clevertap.report.settings_used import settings_used
from tests.report.samples import settings


def test_all_settings_are_shown_but_the_passcode() -> None:
    names = {field.encode_name for field in msgspec.structs.fields(settings())}
    assert set(settings_used(settings())) == names - {"passcode"}
    assert "marker" not in msgspec.json.encode(settings_used(settings())).decode()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (None, None),
        ("off", "off"),
        ("sqlite:////var/lib/ledger.db", "sqlite:////var/lib/ledger.db"),
        ("sqlite:///ledger.db", "sqlite:///ledger.db"),
        ("postgresql://db:5432/x", "postgresql://db:5432/x"),
        ("postgresql://marker:marker@db:5432/x", "postgresql://db:5432/x"),
        ("postgresql://db/x?user=u&password=marker", "postgresql://db/x"),
        ("postgresql://u:marker@[broken/x", "postgresql://***"),
    ],
)
def test_a_ledger_is_shown_without_its_password(url: str | None, shown: str | None) -> None:
    used = settings_used(settings(ledger_url=url) if url else settings())
    assert used["ledger_url"] == shown
    assert "marker" not in msgspec.json.encode(used).decode()


def test_mappings_are_shown_as_they_were_written() -> None:
    users = settings_used(settings())["streams"]["public-users"]
    assert users["identifier"] == {"kind": "identity", "column": "id"}
    assert users["properties"]["Phone"] == {"column": "mobile"}
