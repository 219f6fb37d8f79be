"""Refused records: by code, those of one code, and one with why it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from target_clevertap.sandbox.codec import decode_json
from target_clevertap.sandbox.identifiers import identifiers_of
from target_clevertap.sandbox.pages.codes import Code, code_of
from target_clevertap.sandbox.pages.paging import SIZE, after, stretch, whole
from target_clevertap.sandbox.pages.screen import Screen
from target_clevertap.sandbox.pages.values import Value, pretty, value_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_clevertap.sandbox.account import Account

_SELECT = "SELECT id, call, position, code, error, record FROM rejections"


class Refused(Struct, frozen=True):
    """One refused record; `position` counts from 1 within its call."""

    id: int
    call: int
    position: int
    code: int
    error: str
    record: Any

    @property
    def about(self) -> Code:
        """What its code means."""
        return code_of(self.code)

    @property
    def whose(self) -> str:
        """The identifier in it, or nothing."""
        found = identifiers_of(self.record) if isinstance(self.record, dict) else []
        return found[0][1] if found else ""

    @property
    def what(self) -> str:
        """The name of its event, or its type."""
        if not isinstance(self.record, dict):
            return ""
        return str(self.record.get("evtName") or self.record.get("type", ""))

    @property
    def culprit(self) -> Value | None:
        """The value that it was refused for; None where there is none to show."""
        value = self.about.culprit(self.record)
        return None if value is None else value_of(value)

    @property
    def text(self) -> str:
        """The record as JSON."""
        return pretty(self.record)


def refused(row: tuple[int, int, int, int, str, str]) -> Refused:
    """A row of the table of refused records."""
    number, call, position, code, error, record = row
    return Refused(number, call, position, code, error, decode_json(record))


def rejections(account: Account, _: Request) -> Screen:
    """How many records were refused with each code, the commonest code first."""
    counts = account.tallies.of("rejections")
    found = sorted(counts.items(), key=lambda each: -each[1])
    codes = [(code_of(int(number)), count) for number, count in found]
    total = sum(counts.values())
    return Screen("rejections.html", "Rejections", {"codes": codes, "total": total})


def rejections_of_code(account: Account, request: Request) -> Screen | None:
    """The records that were refused with one code, the newest first."""
    number = whole(request.path_params["code"])
    count = account.tallies.of("rejections").get(str(number))
    if number is None or not count:
        return None
    rows = account.store.execute(
        f"{_SELECT} WHERE code = ? AND id < ? ORDER BY id DESC LIMIT ?",
        (number, after(request), SIZE + 1),
    )
    code = code_of(number)
    page = stretch([refused(row) for row in rows], request, lambda each: each.id)
    values = {"code": code, "count": count, "page": page}
    return Screen("code.html", f"{number}: {code.title}", values)


def rejection(account: Account, request: Request) -> Screen | None:
    """One refused record."""
    code, number = (whole(request.path_params[name]) for name in ("code", "number"))
    row = account.store.execute(f"{_SELECT} WHERE id = ? AND code = ?", (number, code)).fetchone()
    if row is None:
        return None
    one = refused(row)
    found = identifiers_of(one.record) if isinstance(one.record, dict) else []
    profiles = account.people.find(found)
    values = {
        "refused": one,
        "place": ".".join(one.about.place),
        "profile": next(iter(profiles.values()), None),
    }
    return Screen("rejection.html", f"{one.code}: {one.about.title}", values)
