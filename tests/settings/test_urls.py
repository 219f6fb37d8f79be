"""A URL is told without what may be a secret in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.settings import shown_url

SECRET = st.text("sS3:@/?#[]%\n &=", min_size=1).map(lambda text: f"zq{text}zq")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/data/rows @ 1?#.jsonl", "/data/rows @ 1?#.jsonl"),
        ("off", "off"),
        ("sqlite:////data/a@b.db", "sqlite:////data/a@b.db"),
        ("https://u:pw@host:8080/a/b.gz?sig=x/y#frag/ment", "https://host:8080/a/b.gz"),
        ("https://u:pw@host/b.gz?sig=x@y", "https://***"),
        ("https://token@host", "https://host"),
        ("postgresql://u:p@[::1]:5432/x", "postgresql://[::1]:5432/x"),
        ("s3://bucket/a@b/c", "s3://bucket/a@b/c"),
        ("postgresql://u:p@ss@host/x", "postgresql://***"),
        ("postgresql://u:p/ss@host/x", "postgresql://***"),
        ("postgresql://u:p#ss@host/x", "postgresql://***"),
    ],
)
def test_a_url_is_told_by_scheme_host_and_path(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@given(SECRET)
def test_no_password_is_told_however_it_is_written(password: str) -> None:
    assert "zq" not in shown_url(f"postgresql://me:{password}@host/x")


@given(SECRET)
def test_no_query_is_told_whatever_is_in_it(query: str) -> None:
    assert shown_url(f"https://host/file.gz?{query}") == "https://host/file.gz"
