"""A record that does not fit its SCHEMA is refused, whatever is in it."""

from __future__ import annotations

from typing import Any

import pytest

from target_clevertap.mapping import Rejection, SchemaCheck

SCHEMA = {
    "properties": {
        "id": {"type": "integer"},
        "code": {"type": "string", "pattern": "^a"},
        "place": {"type": "object", "properties": {"zip": {"type": "integer"}}},
    }
}
HALF = "\ud800"


@pytest.mark.parametrize(
    "record", [{"id": HALF}, {"code": HALF}, {"place": {"zip": HALF}}, {"id": "x", HALF: 1}]
)
def test_text_that_is_no_unicode_is_refused_like_any_other_misfit(record: dict[str, Any]) -> None:
    with pytest.raises(Rejection) as refused:
        SchemaCheck("s", SCHEMA).refuse_misfit(record)
    assert refused.value.code == "text_invalid"
