"""What the ledger keeps of rows: digests of a fixed size, so that a thousand are one value."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

IDENTITY_BYTES: Final = 16
"""Of a digest: with five million keys, two are the same once in 10^25 such ledgers."""

STREAM_BYTES: Final = 4


def digest(text: bytes) -> bytes:
    """Sixteen bytes that stand for a text."""
    return blake2b(text, digest_size=IDENTITY_BYTES).digest()


def stream_mark(number: int) -> bytes:
    """What a stream of the ledger adds to the marks of its rows."""
    return number.to_bytes(STREAM_BYTES, "big")


def event_mark(stream: bytes, key: bytes) -> bytes:
    """An event by its stream and its key; the stream first, so that one stream can be forgotten."""
    return stream + blake2b(key, digest_size=IDENTITY_BYTES).digest()


def profile_mark(stream: bytes, identity: str) -> bytes:
    """A profile by its identity and stream; the identity first: a deleted one is so in all."""
    return blake2b(identity.encode(), digest_size=IDENTITY_BYTES).digest() + stream
