"""The same mapping as a hand-written loop, the least that must be done: `floor.py URL FILE`.

Decode a line, build the item, encode it, and send 1,000 at a time from 15 threads. There is no
checking against the SCHEMA, no retry, no order among calls, no rejected row, no checkpoint; a
phone is whatever a compiled pattern for E.164 takes. Nobody should load customers with this.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

import msgspec
import requests
from requests.adapters import HTTPAdapter

from benchmarks import tap

THREADS: Final = 15
ROWS: Final = 1000

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_is_e164 = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 86_400


class Sender:
    """Makes calls in threads, as many at once as there are threads."""

    def __init__(self, url: str) -> None:
        self._url = url + "/1/upload"
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
        self._pool = ThreadPoolExecutor(THREADS)
        self._room = BoundedSemaphore(THREADS)
        self._taken: list[int] = []

    def send(self, items: list[bytes]) -> None:
        """Start a call; waits while all threads have one."""
        self._room.acquire()
        self._pool.submit(self._post, items)

    def finish(self) -> int:
        """How many records were taken, after the last answer."""
        self._pool.shutdown()
        return sum(self._taken)

    def _post(self, items: list[bytes]) -> None:
        try:
            body = b'{"d":[' + b",".join(items) + b"]}"
            response = self._session.post(
                self._url, body, headers={"Content-Type": "application/json"}
            )
            self._taken.append(_decode(response.content)["processed"])
        finally:
            self._room.release()


def main(url: str, path: str) -> None:
    """Send every row of a file; ends with its last STATE on standard output."""
    sender, state, rows = Sender(url), None, 0
    items: list[bytes] = []
    with Path(path).open("rb") as file:
        for line in file:
            message = _decode(line)
            kind = message["type"]
            if kind == "RECORD":
                make = profile if message["stream"] == tap.USERS else event
                items.append(_encode(make(message["record"])))
                if len(items) == ROWS:
                    rows += ROWS
                    sender.send(items)
                    items = []
            elif kind == "STATE":
                state = message["value"]
    if items:
        sender.send(items)
    if sender.finish() != rows + len(items):
        sys.exit("Not every record was taken.")
    sys.stdout.write(_encode(state).decode() + "\n")


def profile(record: dict[str, Any]) -> dict[str, Any]:
    """A customer as CleverTap's profile."""
    properties = {
        "Name": record["full_name"],
        "Email": record["email"],
        "Phone": _phone(record["mobile"]),
        "DOB": _day(record["birth_date"]),
        "Last login": _moment(record["last_login"]),
        "Plan": record["plan"],
        "City": record["city"],
        "Gender": record["gender"],
        "Balance": record["balance"],
        "Logins": record["logins"],
        "Newsletter": record["newsletter"],
        "Language": record["language"],
    }
    if properties["City"] is None:
        del properties["City"]
    return {"type": "profile", "identity": str(record["id"]), "profileData": properties}


def event(record: dict[str, Any]) -> dict[str, Any]:
    """An order as CleverTap's event."""
    properties = {
        "Order": record["order_id"],
        "Amount": record["total"],
        "Quantity": record["quantity"],
        "Currency": record["currency"],
        "Product": record["product"],
        "Category": record["category"],
        "Coupon": record["coupon"],
        "Gift": record["gift"],
        "Contact": _phone(record["contact"]),
        "Paid": _moment(record["paid_at"]),
        "Due": _day(record["due"]),
        "Method": record["method"],
    }
    if properties["Coupon"] is None:
        del properties["Coupon"]
    return {
        "type": "event",
        "identity": str(record["user_id"]),
        "evtName": "Ordered",
        "ts": int(datetime.fromisoformat(record["ordered_at"]).timestamp()),
        "evtData": properties,
    }


def _phone(text: str) -> str:
    if not _is_e164(text):
        raise ValueError("not a phone number")
    return text


def _day(text: str) -> str:
    return f"$D_{(date.fromisoformat(text).toordinal() - _EPOCH) * _DAY}"


def _moment(text: str) -> str:
    return f"$D_{int(datetime.fromisoformat(text).timestamp())}"


if __name__ == "__main__":
    main(*sys.argv[1:])
