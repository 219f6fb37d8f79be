"""An S3 server on the loopback, with one bucket."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET: Final = "customer-files"
ACCESS_KEY: Final = "sandbox"
SECRET_KEY: Final = "made-up"
REGION: Final = "us-east-1"


@dataclass(frozen=True)
class Bucket:
    """The bucket, as its owner sees it."""

    endpoint: str

    def put(self, key: str, content: bytes) -> str:
        """Keep a file; returns its `s3` URL."""
        self._client().put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def signed(self, key: str) -> str:
        """A URL that reads a file without credentials: it has a signature instead."""
        url: str = self._client().generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": key}
        )
        return url

    def storage(self) -> dict[str, Any]:
        """`batch_config` with what opens the bucket."""
        params = {
            "key": ACCESS_KEY,
            "secret": SECRET_KEY,
            "client_kwargs": {"endpoint_url": self.endpoint, "region_name": REGION},
        }
        return {"storage": {"params": params}}

    def create(self) -> None:
        """Make the bucket."""
        self._client().create_bucket(Bucket=BUCKET)

    def _client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
        )


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """A server with an empty bucket, ended on leaving."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        bucket = Bucket(f"http://127.0.0.1:{port}")
        bucket.create()
        yield bucket
    finally:
        server.stop()
