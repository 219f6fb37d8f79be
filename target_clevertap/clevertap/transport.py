"""One HTTP call: sent, answered or not, without retries and without a redirect."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from typing_extensions import override
from urllib3.util.ssl_ import create_urllib3_context

from target_clevertap.clevertap.answers import Reply
from target_clevertap.clevertap.failures import without_answer
from target_clevertap.clevertap.regions import check_url, host_of, is_local
from target_clevertap.errors import TerminalError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

POOL_SIZE: Final = 15
"""Connections kept open: the calls that CleverTap allows at once (P-LIM, 2026-03)."""

BLOCK_BYTES: Final = 1 << 20
"""A body is sent in blocks of this size, which a slow line passes within the timeout. With smaller
ones the threads take the interpreter from each other so often that a run is a quarter slower."""

_SECONDS: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one call may be silent, in seconds.

    `connect` is for making the connection, and for handing each block of 1 MiB to the network;
    `read` is for waiting for the answer, and between its parts.
    """

    connect: float = 10.0
    read: float = 60.0


class Transport:
    """Sends calls over a pool of connections, from any number of threads.

    One pool for all threads rather than one session a thread: connections then outlive the
    threads, and can all be closed from one place. urllib3's pools are safe to share; what is not
    safe in a requests.Session (cookies, redirects, default headers) is not used here.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        _mask_queries_in_logs()
        self._timeouts = (timeouts.connect, timeouts.read)
        self._session = _Session()
        self._environments: dict[str, Mapping[str, Any]] = {}
        adapter = _Adapter(pool_maxsize=POOL_SIZE, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: BinaryIO | None = None,
        size: int = 0,
    ) -> Reply:
        """The answer to one call, whatever its status. The body is read from where it stands.

        A body is sent in blocks, with its size as Content-Length: in one piece it would have to
        pass through a slow line within the timeout for connecting, which is urllib3's limit for
        each piece.

        Raises:
            NotReached, AnswerLost, TerminalError: when there is no answer.
            ValueError: when the URL is one that must not be called.
        """
        check_url(url)
        # Prepared without the session: it would add a password from ~/.netrc, and cookies.
        request = requests.Request(method, url, headers=dict(headers)).prepare()
        if body is not None:
            blocks = iter(partial(body.read, BLOCK_BYTES), b"")
            request.body = blocks  # type: ignore[assignment]  # documented, but not in the types
            request.headers["Content-Length"] = str(size)
        host = host_of(url)
        try:
            response = self._send(request)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = without_answer(error, host)
        else:
            wait = _wait_asked_for(response.headers)
            return Reply(host, response.status_code, response.content, wait)
        # Outside of the handler, so that not even the context of the error leads to the request.
        raise failure

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        environment = self._environment(request.url or "")
        return self._session.send(
            request, timeout=self._timeouts, allow_redirects=False, **environment
        )

    def _environment(self, url: str) -> Mapping[str, Any]:
        """The proxies and certificates that the environment names for a host.

        Asked once for each host: going through all variables took a quarter of a call's time.
        """
        host = host_of(url)
        if host not in self._environments:
            found = self._session.merge_environment_settings(url, {}, None, None, None)
            if is_local(url):
                # A proxy could not reach this machine, and plain http would show it the passcode.
                found["proxies"] = {}
            self._environments[host] = found
        return self._environments[host]


class _Session(requests.Session):
    """A session that follows no redirect, so that the passcode goes where it was sent, only."""

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: even when told not to follow, requests prepares the call that would follow."""


class _Adapter(HTTPAdapter):
    """An adapter that reads the trusted certificates once instead of for each new connection.

    That costs 27 ms of CPU, as much as decoding thousands of records, and CleverTap has been seen
    to close the connection after every answer.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of HTTPAdapter
        self._contexts: dict[str, ssl.SSLContext] = {}
        super().__init__(**options)

    @override
    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None = None,
    ) -> Any:
        host, tls = super().build_connection_pool_key_attributes(request, True, cert)  # noqa: FBT003
        if host["scheme"] == "https":
            # A path when the environment names a bundle, else True.
            bundle = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
            tls["ssl_context"] = self._trusting(bundle)
        return host, tls

    @override
    def cert_verify(self, conn: object, url: str, verify: bool | str, cert: object) -> None:
        """Nothing to add: the context has the certificates, and asks for one by itself."""

    def _trusting(self, bundle: str) -> ssl.SSLContext:
        if bundle not in self._contexts:
            # Two threads may both come here at first; setdefault lets them share one context.
            self._contexts.setdefault(bundle, _context(bundle))
        return self._contexts[bundle]


def _context(bundle: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    try:
        if Path(bundle).is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError:
        raise TerminalError(
            f"The trusted certificates in {bundle} cannot be read: does REQUESTS_CA_BUNDLE or "
            "CURL_CA_BUNDLE name the right file?"
        ) from None
    return context


def _wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """The seconds of a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3).

    A date is compared with the server's own clock where the answer tells it.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until, now = _epoch(value), _epoch(headers.get("Date", ""))
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _epoch(date: str) -> float | None:
    # Seldom needed: the start of the program does not wait for the e-mail package.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None  # the parser of the standard library fails in as many ways


class _QueryMask(logging.Filter):
    """Leaves the query out of the URLs that urllib3 logs: that of a pre-signed URL is a secret."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_without_query, record.args))
        return True


def _without_query(value: object) -> object:
    return value.partition("?")[0] if isinstance(value, str) else value


_query_mask: Final = _QueryMask()


def _mask_queries_in_logs() -> None:
    """Masks from now on, in the whole process; logging keeps one of many equal filters."""
    for name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_query_mask)
