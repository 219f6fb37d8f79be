"""Rows that come in files leave no trace in a log, nor does what opens the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.looking import assert_private
from tests.privacy.rows import SCHEMAS, bookmark, member
from tests.support.s3 import SECRET_KEY, running_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.privacy.children import Children
    from tests.privacy.marks import Marks
    from tests.support.pipeline import Message
    from tests.support.s3 import Bucket

MEMBERS = [schema for schema in SCHEMAS if schema["stream"] == "members"]
Settings = dict[str, Any]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with running_bucket() as bucket:
        yield bucket


def batch(url: str) -> Message:
    return {
        "type": "BATCH",
        "stream": "members",
        "encoding": {"format": "jsonl", "compression": "none"},
        "manifest": [url],
    }


@pytest.mark.parametrize("is_signed", [True, False], ids=["a signed URL", "credentials"])
@pytest.mark.parametrize("is_there", [True, False], ids=["a file", "no file"])
def test_what_opens_a_file_and_what_is_in_it_are_not_told(
    is_signed: bool, is_there: bool,  # noqa: FBT001 - parameters of the test
    children: Children, settings: Settings, marks: Marks, bucket: Bucket,
) -> None:  # fmt: skip
    url = bucket.put("members.jsonl", rows_of(marks))
    if not is_there:
        url += ".gone"
    if is_signed:
        url = bucket.signed(url.removeprefix("s3://").partition("/")[2])
    else:
        settings |= {"batch_config": bucket.storage()}
    told = children.run(settings, [*MEMBERS, batch(url), last := bookmark(marks)])
    assert told.code == (0 if is_there else 1), told.log
    assert_private(told, children, marks, states=[last])
    for secret in ("signature", SECRET_KEY, "authorization", "x-amz-"):
        assert secret not in told.log.lower()


def rows_of(marks: Marks) -> bytes:
    rows = [member(marks)["record"] for _ in range(3)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
