"""The CSV of a custom list: a header `Type,Identity`, then `g` or `i` and a value (DOC)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.sandbox.identifiers import Identifier

KINDS = {"g": "objectId", "i": "identity"}
"""What the `Type` column says about the `Identity` column (DOC)."""
HEADER = ["type", "identity"]
"""In any case: the documentation writes capitals, scripts succeed without them (3P)."""


class BadListError(Exception):
    """The file is not a custom list; the message says why, for the mail to the owner."""


def read_list(file: BinaryIO) -> Iterator[Identifier]:
    """The identifiers in `file`, row by row; BadListError at the first row that is none.

    Guesses: the text is UTF-8, quoting is RFC 4180, blank lines are skipped, a list may be empty.
    """
    file.seek(0)
    rows = csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline=""), strict=True)
    try:
        if [cell.strip().lower() for cell in next(rows, [])] != HEADER:
            raise BadListError("The header is not Type,Identity")
        for row in rows:
            if row:
                yield _identifier(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadListError("The file is not UTF-8 CSV") from error


def _identifier(row: list[str]) -> Identifier:
    if len(row) != len(HEADER):
        raise BadListError("A row does not have two columns")
    kind, value = row
    if kind not in KINDS:
        raise BadListError("A Type is neither g nor i")
    return KINDS[kind], value
