"""Whether a record fits its stream's SCHEMA, by jsonschema-rs.

The stock validator of the SDK takes most of a run's time, and its messages quote the record.
"""

from __future__ import annotations

import math
from typing import Any

from target_clevertap.errors import InputError
from target_clevertap.mapping.rejections import Rejection


class SchemaCheck:
    """A SCHEMA, compiled."""

    def __init__(self, stream: str, schema: dict[str, Any]) -> None:
        # Loading it takes a sixth of the start of the program; `--version` need not wait for it.
        import jsonschema_rs  # noqa: PLC0415

        try:
            self._validator = jsonschema_rs.validator_for(schema)
        except ValueError:
            raise InputError(
                f"The SCHEMA of stream {stream} is not a valid JSON Schema; look at what the tap "
                "announces, or set validate_records: false."
            ) from None

    def refuse_misfit(self, record: dict[str, Any]) -> None:
        """Pass a record that fits.

        Raises:
            Rejection: naming the column, never the value.
        """
        try:
            self._refuse_misfit(record)
        except UnicodeEncodeError:  # half of a surrogate pair, which the validator cannot read
            raise Rejection("text_invalid") from None

    def _refuse_misfit(self, record: dict[str, Any]) -> None:
        if self._validator.is_valid(record):
            return
        for fault in self._validator.iter_errors(record):
            # NaN is no JSON, but a number to Python's taps: the mapping decides about it.
            value = _at(record, fault.instance_path)
            if isinstance(value, float) and not math.isfinite(value):
                continue
            # The column only: what follows in the path may be a key of the record's own.
            column = fault.instance_path[0] if fault.instance_path else None
            raise Rejection("schema_violation", None if column is None else str(column))


def _at(value: Any, path: list[str | int]) -> Any:  # noqa: ANN401 - any JSON
    """What stands at a path of a record (the validator shows NaN as null)."""
    for part in path:
        value = value[part]
    return value
