"""Records out of the files that BATCH messages name: JSON Lines and Parquet, on any file system.

The SDK's way (`Sink.process_batch_files`) holds a whole file in memory and routes its records past
stream maps and validation. Here they come one at a time, each as the RECORD line that a tap would
have written for it. Message and settings are the SDK's (`singer_sdk.helpers._batch`). As with the
SDK the files stay where they are: whoever lets a tap write them decides how long they are kept.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast
from urllib.parse import unquote

import fsspec
import msgspec

from target_clevertap.errors import InputError
from target_clevertap.parquet_rows import parquet_rows
from target_clevertap.reader import decode
from target_clevertap.settings import shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    Rows = Callable[[BinaryIO], Iterator[bytes]]

BATCH_CONFIG: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "title": "Batch configuration",
    "description": (
        "Where the files of BATCH messages are, if not where the tap says: `storage.root` is the "
        "folder or URL that has them, `storage.params` what fsspec needs to open it. Without it "
        "S3 takes the usual AWS variables and profiles. `encoding` is not needed: every BATCH "
        "message brings its own."
    ),
    "properties": {
        "encoding": {"type": ["object", "null"]},
        "storage": {
            "type": ["object", "null"],
            "properties": {
                "root": {"type": ["string", "null"]},
                "prefix": {"type": ["string", "null"]},
                "params": {"type": ["object", "null"]},
            },
        },
    },
}
"""The JSON Schema of `batch_config`: the SDK's, with the `params` that it takes but leaves out."""

LINES_BLOCK_BYTES: Final = 4 << 20
"""What one request to a remote store asks for: lines are read from the first to the last."""

PARQUET_BLOCK_BYTES: Final = 64 << 10
"""Read beyond what Parquet asks for: columns are read in turns, so what follows is not needed."""

_GZIP: Final = b"\x1f\x8b"
_COMPRESSIONS: Final = frozenset({None, "none", "gzip"})
_EXTRAS: Final = {"s3": "s3", "s3a": "s3", "http": "s3", "https": "s3"}
"""The extra that opens URLs of a scheme; s3fs brings aiohttp, which fsspec needs for HTTP."""

_TALKATIVE: Final = ("fsspec", "s3fs", "aiobotocore", "botocore", "aiohttp")
"""Loggers that tell at DEBUG of signed URLs, of headers, or of what a file holds."""

_REASONS: Final = (
    (FileNotFoundError, "there is no such file"),
    (PermissionError, "access is denied"),
    (EOFError, "it ends too early"),
)


class Encoding(msgspec.Struct, frozen=True):
    """How the files of a batch are written. Which codec a Parquet file has, it says itself."""

    format: str
    compression: str | None = None


class Batch(msgspec.Struct, frozen=True):
    """A BATCH message."""

    stream: str
    encoding: Encoding
    manifest: list[str]
    version: int | None = None
    time_extracted: str | None = None

    def record(self, members: dict[str, Any] | msgspec.Raw) -> dict[str, Any]:
        """The RECORD message of one row, with what it inherits from the BATCH."""
        inherited = {"version": self.version, "time_extracted": self.time_extracted}
        present = {name: value for name, value in inherited.items() if value is not None}
        return {"type": "RECORD", "stream": self.stream, **present, "record": members}


class Storage(msgspec.Struct, frozen=True):
    """`batch_config.storage`: the place of the files as seen from here, and how to open it."""

    root: str | None = None
    params: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row: the RECORD line that a tap would have written for it, and where it stands."""

    batch: Batch
    raw: bytes
    file: str
    number: int

    @property
    def line(self) -> bytes:
        """The RECORD line."""
        return msgspec.json.encode(self.batch.record(msgspec.Raw(self.raw)))

    @property
    def message(self) -> dict[str, Any]:
        """The RECORD message.

        Raises:
            InputError: when the row is no JSON object.
        """
        try:
            record = decode(self.raw)
        except (ValueError, RecursionError):
            raise self.error("is not valid JSON") from None
        if not isinstance(record, dict):
            raise self.error("is no record: no JSON object")
        return self.batch.record(record)

    def error(self, problem: str) -> InputError:
        """What is wrong with the row, by file and number (from 1)."""
        return InputError(
            f"Row {self.number} of the batch file {self.file} {problem}. "
            "The tap broke the Singer contract; look at that file."
        )


def batch_rows(batch: Batch, storage: Storage) -> Generator[BatchRow, None, None]:
    """The rows of all files of a batch, in the order of the manifest; memory holds a few of them.

    Raises:
        InputError: for a format nobody knows, before the first row; for a file that cannot be
            opened or read, when its turn comes.
    """
    _keep_quiet()
    rows, block_bytes = _reading_of(batch.encoding)
    for url in batch.manifest:
        name = _name(url)
        with _explained(url), _opened(url, storage, block_bytes) as file:
            for number, raw in enumerate(rows(file), start=1):
                if raw and not raw.isspace():
                    yield BatchRow(batch, raw.strip(), name, number)


def _keep_quiet() -> None:
    """Whatever the level of the program is: its own lines tell what can be told."""
    for logger in map(logging.getLogger, _TALKATIVE):
        logger.setLevel(max(logger.level, logging.INFO))


def _reading_of(encoding: Encoding) -> tuple[Rows, int]:
    """What gives the rows of a file as JSON, and how much of a remote file to read ahead."""
    if encoding.format == "parquet":
        return parquet_rows, PARQUET_BLOCK_BYTES
    if encoding.format == "jsonl" and encoding.compression in _COMPRESSIONS:
        return _lines, LINES_BLOCK_BYTES
    raise InputError(
        "A BATCH message has files of an unknown format or compression; known are jsonl, plain or "
        "gzip, and parquet. Set the encoding in the tap's batch_config."
    )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, unpacked if it is packed.

    Not what the message says of the compression decides, but the file: the SDK's taps pack
    every JSON Lines file, also those that they declare as plain. No JSON begins like gzip does.
    """
    with BufferedReader(cast("Any", file), 1 << 20) as buffered:
        if buffered.peek(len(_GZIP))[: len(_GZIP)] == _GZIP:
            with gzip.GzipFile(fileobj=buffered) as unpacked:
                yield from unpacked
        else:
            yield from buffered


def _opened(url: str, storage: Storage, block_bytes: int) -> BinaryIO:
    try:
        files, path = fsspec.core.url_to_fs(_found_from_here(url, storage), **storage.params or {})
        if "file" in _protocols(files) and not files.exists(path):
            path = unquote(path)  # the SDK's taps write some paths as URLs are written
        return cast("BinaryIO", files.open(path, "rb", block_size=block_bytes))
    except (TypeError, AttributeError) as error:
        # What is set there goes to whatever package knows such URLs.
        raise InputError(
            f"The batch file {_name(url)} cannot be opened ({type(error).__name__}): see whether "
            "batch_config.storage.params are right for its URL."
        ) from None


def _found_from_here(url: str, storage: Storage) -> str:
    """The place of a file: where the tap says, or by its name in the root that is set here.

    The SDK always takes the name alone, and so loses the folders below the root (`prefix`).
    """
    if not storage.root:
        return url
    params = storage.params or {}
    files, path = fsspec.core.url_to_fs(url, **params)
    root_files, root = fsspec.core.url_to_fs(storage.root, **params)
    if type(files) is type(root_files) and path.startswith(root.rstrip("/") + "/"):
        return url
    return f"{storage.root.rstrip('/')}/{url.rpartition('/')[2]}"


def _protocols(files: Any) -> tuple[str, ...]:  # noqa: ANN401 - fsspec has no types
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turns what goes wrong with a file into one sentence; whatever its text was may hold values.

    The name of a file is told without its query: a pre-signed URL is a secret.
    """
    try:
        yield
    except ImportError as error:
        raise InputError(_missing_package(url, error)) from None
    except _failures() as error:
        raise InputError(
            f"The batch file {_name(url)} cannot be read: {_reason(error)}. "
            "See that this machine reaches what the tap wrote, and run again."
        ) from None


def _failures() -> tuple[type[Exception], ...]:
    """All that opening and reading raises, here and in the packages that are loaded by then."""
    optional = {"botocore.exceptions": "BotoCoreError", "aiohttp": "ClientError"}
    known = [OSError, EOFError, zlib.error, ValueError, NotImplementedError, OverflowError]
    loaded = [getattr(sys.modules[name], optional[name]) for name in optional & sys.modules.keys()]
    return (*known, asyncio.TimeoutError, *loaded)


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return getattr(error, "strerror", None) or type(error).__name__


def _missing_package(url: str, error: ImportError) -> str:
    scheme = url.partition("://")[0]
    parquet = str(error.name).startswith("pyarrow")
    if not parquet and scheme not in _EXTRAS:
        return f"The batch file {_name(url)} needs the package that fsspec uses for {scheme} URLs."
    return (
        f"The batch file {_name(url)} needs a package that is not installed: "
        f"pip install 'target-clevertap[{'parquet' if parquet else _EXTRAS[scheme]}]'."
    )


def _name(url: str) -> str:
    """What names a file to a person: the last part of its path."""
    return shown_url(url).rpartition("/")[2] or "without a name"
