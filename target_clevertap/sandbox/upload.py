"""`POST /1/upload`: profiles, events and device tokens (DOC P-UP, P-EV, P-TOK)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.answers import Answer, failure
from target_clevertap.sandbox.codec import NotJsonError, decode_json
from target_clevertap.sandbox.faults import Positionless, RecordError
from target_clevertap.sandbox.ingest import Ingest
from target_clevertap.sandbox.journal import Rejection
from target_clevertap.sandbox.layout import encode
from target_clevertap.sandbox.refusals import SERVER_ERROR, Refusal

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account
    from target_clevertap.sandbox.call import Call
    from target_clevertap.sandbox.layout import Json

MAX_RECORDS = 1000  # DOC
MAX_RECORDS_WITH_TOKEN = 100  # DOC P-TOK


def upload(account: Account, call: Call) -> Answer:
    """Accept or refuse each record by itself; 200 even if every one is refused (REC)."""
    records = _records(call.body)
    if records is None:
        return failure(400)
    if account.settings.refuse_large_batches and len(records) > _most(records):
        return failure(400, f"More than {_most(records)} records")  # guess: status and text
    accepted, rejections = _judge(account, call, records)
    if not call.dry_run:
        _keep(account, call, accepted, rejections)
    return Answer(
        status=200,
        body=_body(len(accepted), rejections),
        records=len(records),
        accepted=len(accepted),
        codes=tuple(rejection.code for rejection in rejections),
    )


def _records(body: bytes) -> list[Any] | None:
    """The array under `d`, or None if there is none (guess: that is malformed too)."""
    try:
        envelope = decode_json(body)
    except NotJsonError:
        return None
    records = envelope.get("d") if isinstance(envelope, dict) else None
    return records if isinstance(records, list) else None


def _most(records: list[Any]) -> int:
    tokens = any(isinstance(record, dict) and record.get("type") == "token" for record in records)
    return MAX_RECORDS_WITH_TOKEN if tokens else MAX_RECORDS


def _judge(
    account: Account, call: Call, records: list[Any]
) -> tuple[list[dict[str, Any]], list[Rejection]]:
    accepted, rejections = [], []
    refusal_of = account.rules.refusal
    forced = _forced(call)
    for position, record in enumerate(records, start=1):
        refusal = forced.get(position) or refusal_of(record)
        if refusal is None:
            accepted.append(record)
        else:
            rejections.append(_rejection(call, position, refusal, record))
    return accepted, rejections


def _forced(call: Call) -> dict[int, Refusal]:
    if not isinstance(call.fault, RecordError):
        return {}
    refusal = Refusal(call.fault.code, SERVER_ERROR.text)
    return dict.fromkeys(call.fault.positions, refusal)


def _rejection(call: Call, position: int, refusal: Refusal, record: object) -> Rejection:
    positionless = isinstance(call.fault, Positionless)
    error = refusal.text.rstrip() if positionless else refusal.error(position)
    return Rejection(
        call=call.number, position=position, code=refusal.code, error=error, record=record
    )


def _keep(
    account: Account, call: Call, accepted: list[dict[str, Any]], rejections: list[Rejection]
) -> None:
    if account.schema is not None:
        accepted, violations = account.schema.run(accepted)
        account.error_stream.add(call.number, violations)
    Ingest(account.store, account.settings, call.number, account.clock.now()).run(accepted)
    account.journal.add_rejections(rejections)


def _body(accepted: int, rejections: list[Rejection]) -> bytes:
    """The counts, and each refusal in input order with its record (REC)."""
    unprocessed: list[Json] = [
        {
            "status": "fail",
            "code": rejection.code,
            "error": rejection.error,
            "record": rejection.record,
        }
        for rejection in rejections
    ]
    status = _status(accepted, len(rejections))
    return encode({"status": status, "processed": accepted, "unprocessed": unprocessed})


def _status(accepted: int, rejected: int) -> str:
    """The word for what became of all records (REC 2018; in 2017 it was always `success`)."""
    if not rejected:
        return "success"
    return "partial" if accepted else "fail"
