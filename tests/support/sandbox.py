"""A sandbox in a process of its own, and what a test asks of it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT_ID = "TEST-SANDBOX"
PASSCODE = "sandbox"
GREETING = "clevertap-sandbox listening on "
PAGE = 10_000
STOP_SECONDS = 20


class Sandbox:
    """Talks to a running sandbox through `/_sandbox/`.

    Attributes: `url` (the API's base address), `account_id`, `passcode`.
    """

    def __init__(self, url: str, account_id: str = ACCOUNT_ID, passcode: str = PASSCODE) -> None:
        self.url = url
        self.account_id = account_id
        self.passcode = passcode
        self._http = requests.Session()
        self._http.trust_env = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate a call to the API."""
        return {
            "X-CleverTap-Account-Id": self.account_id,
            "X-CleverTap-Passcode": self.passcode,
        }

    def reset(self) -> None:
        """Forget everything that was sent or set; calls count from 1 again."""
        self._post("/reset")

    def profiles(self) -> list[dict[str, Any]]:
        """All profiles, oldest first: `identifiers` by kind, `properties`, first and last call."""
        return self._all("/profiles")

    def profile(self, identity: str) -> dict[str, Any] | None:
        """The profile that `identity` (of any kind) leads to, or None."""
        found = self._all("/profiles", identity=identity)
        return found[0] if found else None

    def events(self, name: str | None = None, identity: str | None = None) -> list[dict[str, Any]]:
        """Events in the order of arrival: `identity`, `evtName`, `ts`, `evtData`, `call`."""
        return self._all("/events", name=name, identity=identity)

    def segments(self) -> list[dict[str, Any]]:
        """Segments, each with its `rows` (kind, value, known) beside the counts."""
        segments: list[dict[str, Any]] = self._get("/segments")
        return [
            {**segment, "rows": self._all(f"/segments/{segment['id']}/members")}
            for segment in segments
        ]

    def segment(self, name: str) -> dict[str, Any] | None:
        """The segment of that name, as in `segments`, or None."""
        return next((each for each in self.segments() if each["name"] == name), None)

    def mails(self) -> list[dict[str, Any]]:
        """The mails that CleverTap would have sent: `to`, `segment`, `outcome`, `text`."""
        mails: list[dict[str, Any]] = self._get("/mails")
        return mails

    def calls(self, path: str | None = None) -> list[dict[str, Any]]:
        """Calls to the API by number, all or those of one path (given without its query)."""
        return self._all("/calls", path=path)

    def rejections(self) -> list[dict[str, Any]]:
        """Refused records: `call`, `position`, `code`, `error`, `record`."""
        return self._all("/rejections")

    def fault(self, **fault: Any) -> None:  # noqa: ANN401 - each kind has its own fields
        """Set one fault, such as `kind="status", status=503, calls=[1]`.

        It counts the calls to its path (default `/1/upload`) from now on.
        """
        self._post("/faults", [fault])

    def clear_faults(self) -> None:
        """Take all faults away."""
        self._http.delete(f"{self.url}/_sandbox/faults").raise_for_status()

    def latency(self, seconds: float, jitter: float = 0.0, seed: int = 0) -> None:
        """Let each call take `seconds`, plus or minus `jitter`."""
        self._post("/latency", {"seconds": seconds, "jitter": jitter, "seed": seed})

    def settings(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - each setting has its type
        """Change settings; returns all of them."""
        settings: dict[str, Any] = self._post("/settings", changes)
        return settings

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once: URLs expire, lists are processed."""
        self._post("/clock", {"advance": seconds})

    def state(self) -> dict[str, Any]:
        """How many rows the sandbox holds of each kind."""
        state: dict[str, Any] = self._get("/state")
        return state

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _all(self, path: str, /, **query: str | None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self._get(path, offset=len(rows), limit=PAGE, **query)
            rows += page
            if len(page) < PAGE:
                return rows

    def _get(self, path: str, /, **query: str | int | None) -> Any:  # noqa: ANN401 - JSON
        return self._answer(self._http.get(f"{self.url}/_sandbox{path}", params=query))

    def _post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        return self._answer(self._http.post(f"{self.url}/_sandbox{path}", json=body))

    @staticmethod
    def _answer(response: requests.Response) -> Any:  # noqa: ANN401 - JSON
        assert response.ok, response.text
        return response.json()


@contextmanager
def running_sandbox(*options: str) -> Iterator[Sandbox]:
    """Start `clevertap-sandbox` on a free port with further `options`; end it afterwards."""
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own server
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline().strip()
            assert greeting.startswith(GREETING), f"the sandbox said {greeting!r}"
            sandbox = Sandbox(greeting.removeprefix(GREETING))
            try:
                yield sandbox
            finally:
                sandbox.close()
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
