"""CleverTap's API as far as loading goes: uploads, deletions and custom lists."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final, Generic, TypeVar

import msgspec

from target_clevertap.clevertap import failures
from target_clevertap.clevertap.answers import Answer, Reply, UploadAnswer, decode, match
from target_clevertap.clevertap.regions import check_url
from target_clevertap.clevertap.retries import (
    ANY_FAILURE,
    UNLESS_LOST,
    Attempt,
    Retries,
    RetryOn,
)
from target_clevertap.clevertap.transport import Timeouts, Transport
from target_clevertap.errors import (
    CleverTapError,
    CredentialsRefused,
    RequestRefused,
    TransientError,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from typing_extensions import Self

RECORDS_PER_UPLOAD: Final = 1000
"""CleverTap: P-UP and P-EV, 2026."""

PROFILES_PER_DELETION: Final = 100
"""CleverTap: P-DEL."""

_DELETION_KEYS: Final = {"identity": "identity", "objectId": "guid"}
# The whole text of the one passing failure of the first step (CleverTap: P-CL); its framing and
# status are documented nowhere, so it is looked for in the bytes.
_NO_URL_NOW: Final = b"URL not generated"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls: the id of the account (project) and a passcode of it.

    Raises:
        ValueError: for text that no HTTP header can carry, such as a pasted line end.
    """

    account_id: str
    passcode: str = field(repr=False)

    def __post_init__(self) -> None:
        for name, value in (("account id", self.account_id), ("passcode", self.passcode)):
            if not (value.isascii() and value.isprintable() and value == value.strip() != ""):
                raise ValueError(
                    f"the {name} must be printable ASCII, without spaces or line ends around it"
                )


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    """One call: how it is sent, what is read from its reply, and how many records are in it."""

    name: str
    send: Callable[[], Reply]
    read: Callable[[Reply], T]
    records: int = 0


class Client:
    """Calls CleverTap's API for one account, each call with its retries; knows no queue and no row.

    Safe to use from up to 15 threads, the number of uploads that CleverTap allows at once; all
    other calls are limited to 3 at once (CleverTap: P-LIM, 2026-03).

    Every method raises a CleverTapError when its call failed for good, and a ValueError for
    arguments that it could not send. No error, no log line and no repr holds the passcode, a
    record, or a pre-signed URL.
    """

    def __init__(  # noqa: PLR0913 - each has a name and most a default
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        user_agent: str = "target-clevertap",
        dry_run: bool = False,
        on_attempt: Callable[[Attempt], None] | None = None,
        slot: Callable[[str], AbstractContextManager[None]] = lambda _call: nullcontext(),
    ) -> None:
        """A client; nothing is sent yet.

        Args:
            base_url: of the API (`api_url(region)`), `https` unless its host is this machine.
            credentials: sent to that host only.
            timeouts: of each try.
            retries: of each call.
            user_agent: the name of the calling program.
            dry_run: let uploads be checked and answered as usual, but not stored (`?dryRun=1`).
            on_attempt: is told of every try when it has ended, in the thread that made it.
            slot: what is held while a try of a call (the name of the method) is made; entering
                it may wait, and it sees the error that the try ends with.

        Raises:
            ValueError: when the URL is one that a passcode must not be sent to.
        """
        check_url(base_url)
        self._base_url = base_url.rstrip("/")
        self._timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._agent = {"User-Agent": user_agent}
        self._headers = {
            **self._agent,
            "X-CleverTap-Account-Id": credentials.account_id,
            "X-CleverTap-Passcode": credentials.passcode,
            "Content-Type": "application/json",
        }
        self._upload_path = "/1/upload?dryRun=1" if dry_run else "/1/upload"
        self._on_attempt = on_attempt or _ignore
        self._slot = slot
        self._transport = Transport(self._timeouts)
        self._refused: CredentialsRefused | None = None
        """Once CleverTap refuses the account, it is not asked again: other calls may wait ready."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def upload(self, records: Sequence[bytes], *, retry_on: RetryOn = ANY_FAILURE) -> UploadAnswer:
        """What became of each record: profiles and events, in one call.

        Args:
            records: each one JSON object in UTF-8, at most 1,000.
            retry_on: the failures after which the call is sent again. Events and counters have
                been done twice when a lost answer (AnswerLost) was in truth a success: pass
                `UNLESS_LOST` where that matters more than losing them.

        Raises:
            AnswerUnclear: when the answer does not tell the outcome of each record. It is raised
                at once, since the same records may well be answered in the same way.
            RequestRefused: when CleverTap refuses the call because of something in it.
        """
        if not 0 < len(records) <= RECORDS_PER_UPLOAD:
            raise ValueError(f"an upload has 1 to {RECORDS_PER_UPLOAD} records, not {len(records)}")
        body = _upload_body(records)
        call = _Call("upload", lambda: self._post(self._upload_path, body), _answer, len(records))
        return match(self._run(call, retry_on), records)

    def delete_profiles(self, kind: str, values: Sequence[str]) -> None:
        """Returns when CleverTap has noted the profiles for deletion, which it does at night.

        Args:
            kind: of the identifiers, `identity` or `objectId` (CleverTap: P-DEL; no other kind
                can be deleted by).
            values: the identifiers, at most 100.
        """
        if kind not in _DELETION_KEYS:
            raise ValueError(f"profiles are deleted by identity or objectId, not by {kind}")
        if not 0 < len(values) <= PROFILES_PER_DELETION:
            raise ValueError(f"a deletion has 1 to {PROFILES_PER_DELETION} values")
        body = msgspec.json.encode({_DELETION_KEYS[kind]: list(values)})
        path = "/1/delete/profiles.json"
        self._run(_Call("delete_profiles", lambda: self._post(path, body), _answer, len(values)))

    def list_url(self) -> str:
        """A pre-signed URL for the file of one custom list, good for 24 hours. It is a secret."""
        path = "/get_custom_list_segment_url"
        return self._run(_Call("list_url", lambda: self._post(path), _link))

    def put_list(self, url: str, file: BinaryIO, size: int) -> None:
        """Returns when the storage has taken the whole file of a custom list.

        Args:
            url: from `list_url`. Nothing of CleverTap's goes there: no header, no connection.
            file: opened in binary mode; read from its beginning, at every try.
            size: of the file, in bytes. The storage refuses a file that ends before.

        Raises:
            LinkExpired: when the URL is too old; ask for a new one.
        """
        if file.seek(0, os.SEEK_END) != size:
            raise ValueError("the size given is not that of the file")
        with Transport(self._timeouts) as storage:

            def put() -> Reply:
                file.seek(0)
                return storage.send("PUT", url, self._agent, file, size)

            self._run(_Call("put_list", put, _stored))

    def complete_list(  # noqa: PLR0913 - the fields of CleverTap's form
        self,
        *,
        name: str,
        owner_email: str,
        creator: str,
        filename: str,
        url: str,
        replace: bool = True,
    ) -> int | None:
        """The id of the segment that CleverTap now begins to make of the uploaded file.

        It does so in the background and mails the outcome to the owner. None: it told no id.

        Args:
            name: of the segment.
            owner_email: of an admin of the account.
            creator: free text, shown in the dashboard.
            filename: free text.
            url: the one that the file was put to.
            replace: take the place of a segment of this name, if there is one.

        Raises:
            ListRefused: with the service's reason.
        """
        form = {
            "name": name,
            "email": owner_email,
            "filename": filename,
            "creator": creator,
            "url": url,
            "replace": replace,
        }
        body, path = msgspec.json.encode(form), "/upload_custom_list_segment_completed"
        call = _Call(
            "complete_list",
            lambda: self._post(path, body),
            lambda reply: _list_answer(reply, url).segment_id,
        )
        # Sent twice, a list that must not replace another would meet its own name.
        return self._run(call, ANY_FAILURE if replace else UNLESS_LOST)

    def _post(self, path: str, body: bytes = b"") -> Reply:
        url = self._base_url + path
        return self._transport.send("POST", url, self._headers, BytesIO(body), len(body))

    def _run(self, call: _Call[T], retry_on: RetryOn = ANY_FAILURE) -> T:
        """What the call reads from its reply, tried again as long as that may help."""
        return self._retries.run(lambda number: self._try(call, number), retry_on)

    def _try(self, call: _Call[T], number: int) -> T:
        if self._refused is not None:
            raise self._refused
        began, status = self._retries.clock(), None

        def tell(error: CleverTapError | None) -> None:
            took = self._retries.clock() - began
            self._on_attempt(Attempt(call.name, number, call.records, took, status, error))

        try:
            with self._slot(call.name):
                began = self._retries.clock()
                reply = call.send()
                status = reply.status
                result = call.read(reply)
        except CleverTapError as error:
            tell(error)
            if isinstance(error, CredentialsRefused):
                self._refused = error
            raise
        tell(None)
        return result


def _upload_body(records: Sequence[bytes]) -> bytes:
    """The records as CleverTap's list `d`. Joined at once: a second copy has half a megabyte."""
    parts = list(records)
    parts[0] = b'{"d":[' + parts[0]
    parts[-1] += b"]}"
    return b",".join(parts)


def _answer(reply: Reply) -> Answer:
    """The answer to a call that was taken, whether or not each of its records was."""
    answer = decode(reply.body)
    if reply.taken and answer is None:
        raise failures.unreadable(reply)
    if not reply.taken or answer is None or answer.refuses_request:
        raise failures.refusal(reply, answer)
    return answer


def _stored(reply: Reply) -> None:
    """Nothing, if the storage has taken the file."""
    if not reply.taken:
        raise failures.storage_refusal(reply)


def _link(reply: Reply) -> str:
    """The URL in an answer to the first step of a custom list."""
    if _NO_URL_NOW in reply.body:
        raise TransientError(f"{reply.host} has no URL for a list just now.")
    link = _list_answer(reply).segment_url or ""
    try:
        check_url(link)
    except ValueError as error:
        raise UnexpectedAnswer(f"{reply.host} gave a URL that is of no use: {error}.") from None
    return link


def _list_answer(reply: Reply, link: str = "") -> Answer:
    """The answer to a step of a custom list; a refusal that gives a reason is a ListRefused.

    Once there is a link, a 401 is about the owner: the same credentials have brought the link.
    """
    answer = decode(reply.body)
    try:
        return _answer(reply)
    except CredentialsRefused:
        if not link:
            raise
    except (RequestRefused, UnexpectedAnswer):
        if answer is None or not answer.error:
            raise
    raise failures.list_refusal(reply, answer, link)


def _ignore(_attempt: Attempt) -> None:
    """Nobody wants to know."""
