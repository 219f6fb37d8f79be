"""JSON without loss: decimals stay decimals, integers of any length stay exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")

encode_json = _encoder.encode


class NotJsonError(ValueError):
    """The text is not JSON, or nested too deeply to be read."""


def decode_json(text: bytes | str) -> Any:  # noqa: ANN401 - JSON may be anything
    """The value that `text` holds, with `Decimal` for every number that is not an integer."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotJsonError from error
