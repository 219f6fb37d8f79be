"""Where an account's API is, and what may be called."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.clevertap import REGIONS, Region, api_url, check_url


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu1", "https://api.clevertap.com"),
        ("global", "https://api.clevertap.com"),
        ("in1", "https://in1.api.clevertap.com"),
        ("sg1", "https://sg1.api.clevertap.com"),
        ("us1", "https://us1.api.clevertap.com"),
        ("aps3", "https://aps3.api.clevertap.com"),
        ("mec1", "https://mec1.api.clevertap.com"),
        ("sk1", "https://sk1.api.clevertap.com"),
    ],
)
def test_every_region_has_its_host(region: str, url: str) -> None:
    assert api_url(region) == url


def test_the_type_of_a_region_names_them_all() -> None:
    assert set(get_args(Region)) == set(REGIONS)


def test_an_unknown_region_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="must be one of eu1, in1, sg1"):
        api_url("mars1")


@pytest.mark.parametrize("url", REGIONS.values())
def test_every_region_may_be_called(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example.com/clevertap",
        "HTTPS://example.com",
        "https://example.com:8443/list?X-Amz-Signature=abc",
        "http://localhost",
        "http://LOCALHOST:8080",
        "http://127.0.0.1:8080/prefix",
        "http://127.8.9.10",
        "http://[::1]:8080",
    ],
)
def test_https_may_be_called_anywhere_and_http_on_this_machine(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.clevertap.com",
        "//api.clevertap.com",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://[::1",
        "https://example.com:port",
        "http://example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "http://[::2]",
        "http://0x7f000001.example.com",
        "http://localhost@example.com",
        "https://user:word@example.com",
        "https://user@example.com",
        "http://127.0.0.1\\@example.com",
        "http://example.com\\@127.0.0.1",
        "https://example.com/a b",
        "https://example.com\r\nX-Other: 1",
    ],
)
def test_anything_else_may_not_be_called(url: str) -> None:
    with pytest.raises(ValueError, match=r"^the URL"):
        check_url(url)


@given(
    st.text(alphabet="htps:/@\\.?#[]019locaexmp ", max_size=40), st.sampled_from(["", "http://"])
)
def test_a_refusal_never_repeats_the_url(text: str, scheme: str) -> None:
    url = f"{scheme}{text}-signature"
    try:
        check_url(url)
    except ValueError as error:
        assert "signature" not in str(error)  # noqa: PT017 - a URL that passes is fine too
