"""Whatever can go wrong with a call, as an error of our own tree; no other module decides that.

Errors of the libraries below hold the URL, the request or the answer. None of that is taken over:
the sentences here are made of the host, the HTTP status and words of the operating system.
"""

from __future__ import annotations

import os
import re
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import requests
import urllib3

from target_clevertap.errors import (
    AnswerLost,
    CleverTapError,
    CredentialsRefused,
    LinkExpired,
    ListRefused,
    NotReached,
    RequestRefused,
    ServerFailed,
    TerminalError,
    Throttled,
    TransientError,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.clevertap.answers import Answer, Reply

# 413 is documented nowhere, but what stands before the API may limit the size of a body, and a
# layer that halves a refused call then gets through.
_REFUSES_BODY: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_REDIRECTS: Final = range(300, 400)
_SERVER_FAILED: Final = (
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)

_MALFORMED: Final = (
    requests.exceptions.InvalidURL,  # InvalidProxyURL is one too
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)
_NOT_CONNECTED: Final = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,  # NameResolutionError is one too
)
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # the latter since OpenSSL 3.2
_PROXY_REFUSES: Final = re.compile(r"Tunnel connection failed: (4\d\d)")
_STORAGE_CODE: Final = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_TEXT_LIMIT: Final = 200


def without_answer(error: Exception, host: str) -> CleverTapError:
    """What it means that a call ended without an answer; `error` is requests' or urllib3's.

    Only a call that surely never left is NotReached. Whatever is in doubt counts as AnswerLost.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and (failure := _tls_failure(cause, host)):
            return failure
        if isinstance(cause, _MALFORMED):
            return TerminalError(f"{host} cannot be called: the URL or that of the proxy is wrong.")
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return _proxy_failure(error, host)
        if isinstance(cause, _NOT_CONNECTED):
            return NotReached(f"{host} cannot be reached: {_words_of(error)}.")
        if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
            return AnswerLost(f"{host} did not answer in time; it may have received the call.")
    return AnswerLost(
        f"The connection to {host} broke ({_words_of(error)}); it may have received the call."
    )


def unreadable(reply: Reply) -> AnswerLost:
    """What it means that a call was taken (2xx), but the answer is no JSON, or was cut off."""
    return AnswerLost(
        f"{reply.host} answered {reply.status}, but not in JSON; it may have received the call."
    )


def refusal(reply: Reply, answer: Answer | None) -> CleverTapError:
    """What it means that the service did not take a call: by the status, or the code within."""
    code = _code(reply, answer)
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _credentials_refused(code, answer, reply.host)
    if code in _REFUSES_BODY:
        return RequestRefused(f"{reply.host} refuses the call as a whole ({code}).")
    if code in _REDIRECTS:
        return UnexpectedAnswer(
            f"{reply.host} points elsewhere ({code}), where the passcode is not sent: "
            "check the URL of the API."
        )
    return _passing(code, reply) or UnexpectedAnswer(
        f"{reply.host} gave an answer that is documented nowhere ({code})."
    )


def list_refusal(reply: Reply, answer: Answer | None, link: str = "") -> ListRefused:
    """A step of a custom list was refused, for a reason that is the service's own to tell.

    Its text speaks of the list as a whole, its name, owner and file; no member is in it. The
    pre-signed `link` is taken out.
    """
    code, text = _code(reply, answer), (answer.error if answer else None) or "no reason given"
    if link:
        text = text.replace(link, "(the link)")
    advice = ""
    if code == HTTPStatus.UNAUTHORIZED:
        advice = " The owner's e-mail address must be that of an admin of the account."
    return ListRefused(f"{reply.host} refuses the list ({code}): {_one_line(text)}.{advice}")


def storage_refusal(reply: Reply) -> CleverTapError:
    """What it means that the storage behind a pre-signed URL did not take a file."""
    if (failure := _passing(reply.status, reply)) is not None:
        return failure
    code = _STORAGE_CODE.search(reply.body)
    said = f"{reply.status} {code[1].decode()}" if code else f"{reply.status}"
    if reply.status == HTTPStatus.FORBIDDEN:
        return LinkExpired(f"{reply.host} no longer takes the link for the list's file ({said}).")
    return UnexpectedAnswer(f"{reply.host} did not take the list's file ({said}).")


def _code(reply: Reply, answer: Answer | None) -> int:
    """The status of a reply, or the one that its body names under a status of success."""
    return (answer.code if reply.taken and answer else None) or reply.status


def _passing(code: int, reply: Reply) -> TransientError | None:
    """What a code means that speaks of the server instead of the call, else None."""
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(f"{reply.host} has too many calls at once.", reply.retry_after)
    if code in _SERVER_FAILED:
        return ServerFailed(f"{reply.host} is not well ({code}).", reply.retry_after)
    return None


def _credentials_refused(code: int, answer: Answer | None, host: str) -> CredentialsRefused:
    if code == HTTPStatus.FORBIDDEN:
        advice = "check whether the passcode may do this, then the account id and the region"
    elif answer is not None and (answer.error or "").startswith("Account ID"):
        advice = "the account is not known there; check the account id and the region"
    else:
        advice = "check the account id, the passcode and the region"
    return CredentialsRefused(
        f"{host} refuses the credentials ({code}): {advice}. "
        "An account is known in its own region only."
    )


def _tls_failure(cause: ssl.SSLError, host: str) -> TerminalError | None:
    """The failures of TLS that no second try will mend."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = getattr(cause, "verify_message", "it does not fit the host")
        return TerminalError(
            f"The certificate of {host} is not trusted ({reason}). If a proxy of your own stands "
            "between, name its certificates in REQUESTS_CA_BUNDLE."
        )
    if cause.reason in _NOT_TLS:
        return TerminalError(f"{host} does not speak TLS: is its port right, or is it plain http?")
    return None


def _proxy_failure(error: Exception, host: str) -> CleverTapError:
    """A proxy that refuses will go on refusing; one that is away may come back."""
    refused = next(filter(None, map(_PROXY_REFUSES.search, map(str, _causes(error)))), None)
    if refused:
        return TerminalError(
            f"The proxy that the environment names refuses to connect to {host} ({refused[1]}): "
            "look at the user and password in HTTPS_PROXY, and at what the proxy lets through."
        )
    return NotReached(
        f"{host} cannot be reached through the proxy that the environment names: "
        f"{_words_of(error)}."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything wrapped in it: urllib3 and requests each wrap in their own way."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]


def _words_of(error: Exception) -> str:
    """The operating system's words for what happened, which name no URL and no value."""
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "its name is not known"
        if isinstance(cause, urllib3.exceptions.ConnectTimeoutError) and not isinstance(
            cause, urllib3.exceptions.NewConnectionError
        ):
            return "no connection in time"
        if isinstance(cause, ssl.SSLError):  # an OSError whose number is not one of the system's
            return cause.reason or "TLS was cut off"
        if isinstance(cause, OSError) and isinstance(cause.errno, int):
            return os.strerror(cause.errno)
    return "cut off"


def _one_line(text: str) -> str:
    """A short text that cannot break a log line: no control characters, 200 at most."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:_TEXT_LIMIT].rstrip(".")
