"""What an answer to an upload says about each record, or that it does not say it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.clevertap import REFUSAL_MEANINGS, Refusal, UploadAnswer, meaning_of
from target_clevertap.clevertap.answers import decode, match
from target_clevertap.errors import AnswerUnclear

Record = dict[str, Any]


def profile(identity: object, /, **properties: object) -> Record:
    return {"type": "profile", "identity": identity, "profileData": properties}


def event(identity: object, /, **properties: object) -> Record:
    return {"type": "event", "identity": identity, "evtName": "Seen", "evtData": properties}


def encoded(*records: Record) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def refused(code: int = 516, number: int | None = None, record: object = None) -> Record:
    text = "Profile data is incorrect. Phone number is not valid."
    if number is not None:
        text += f"Skipped record number : {number}"
    echo = {} if record is None else {"record": record}
    return {"status": "fail", "code": code, "error": text, **echo}


def outcome(records: list[bytes], processed: object, *entries: Record) -> UploadAnswer:
    body = {"status": "partial", "processed": processed, "unprocessed": list(entries)}
    answer = decode(json.dumps(body).encode())
    assert answer is not None
    return match(answer, records)


def positions(answer: UploadAnswer) -> list[int]:
    return [refusal.position for refusal in answer.refusals]


# Answers recorded from the real service in 2018, and one of 2024.


def test_a_recorded_success() -> None:
    body = b'{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}'
    answer = decode(body)
    assert answer is not None
    assert match(answer, encoded(profile("1"))) == UploadAnswer((), 1)


def test_a_recorded_partial_success() -> None:
    body = (
        b'{ "status" : "partial" , "processed" : 1 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 515 , "error" : "Profile data is incorrect. Email is not valid.Skipped record '
        b'number : 2" , "record" : { "identity" : "4" , "ts" : 1521649274 , "type" : "profile" , '
        b'"profileData" : { "Email" : "1234"}}}]}'
    )
    answer = decode(body)
    assert answer is not None
    result = match(answer, encoded(profile("1"), profile("4", Email="1234")))
    text = "Profile data is incorrect. Email is not valid.Skipped record number : 2"
    assert result == UploadAnswer((Refusal(1, 515, text),), 1)


def test_a_recorded_failure_of_all_records_refuses_records_and_not_the_request() -> None:
    body = (
        b'{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , '
        b'"code" : 516 , "error" : "Profile data is incorrect. Phone number is not valid.Skipped '
        b'record number : 1" , "record" : { "identity" : "1414" , "type" : "profile" , '
        b'"profileData" : { "ID" : "1414" , "Name" : "John" , "Phone" : "+44+441234"}}}]}'
    )
    answer = decode(body)
    assert answer is not None
    assert not answer.refuses_request
    assert positions(match(answer, encoded(profile("1414")))) == [0]


def test_a_recorded_refusal_of_the_request() -> None:
    answer = decode(b'{ "status" : "fail" , "error" : "Account ID is not valid" , "code" : 401}')
    assert answer is not None
    assert answer.refuses_request
    assert answer.code == 401


@pytest.mark.parametrize(
    "text",
    [
        "ErrorCode: 509 - Event name is mandatory. Skipped record number : 2",
        "Education needs to be School/College/Graduate..Skipped record number : 2",
        "Timestamp should be present in the Unix Epoch format. Skipped record number : 2",
        "Name is Skipped record number : 1.Skipped record number : 2",
    ],
)
def test_the_number_is_read_from_every_known_text(text: str) -> None:
    entry = {"code": 509, "error": text}
    assert positions(outcome(encoded(*map(profile, "abc")), 2, entry)) == [1]


# Without a number, by the echoed record.


def test_an_echo_finds_its_record() -> None:
    records = encoded(profile("a"), profile("b"), profile("c"))
    assert positions(outcome(records, 2, refused(record=profile("b")))) == [1]


def test_an_echo_that_is_text_finds_its_record() -> None:
    records = encoded(profile("a"), profile("b"), profile("c"))
    assert positions(outcome(records, 2, refused(record=json.dumps(profile("b"))))) == [1]


def test_an_echoed_phone_may_be_a_number_and_an_identity_text() -> None:
    sent = {"type": "event", "identity": 7, "evtName": "Seen"}
    records = encoded(
        profile(7, Phone="+4930123", identity=7), profile(7, Phone="+4930124", identity=7), sent
    )
    echo = profile("7", Phone=4930124, identity="7")
    assert positions(outcome(records, 2, refused(520, record=echo))) == [1]


def test_an_echo_changed_beyond_recognition_is_of_the_only_record_of_its_owner() -> None:
    records = encoded(profile("a", Name="A"), event("a"), profile("b", Name="B"))
    assert positions(outcome(records, 2, refused(record=profile("a", Name="?")))) == [0]


def test_an_echo_that_fits_two_records_is_of_the_one_that_no_number_has_named() -> None:
    records = encoded(event("a", Price=1), event("a", Price=2), event("a", Price=1.0))
    entries = refused(record=event("a", Price=1)), refused(number=1)
    assert positions(outcome(records, 1, *entries)) == [0, 2]


def test_records_that_are_the_same_bytes_may_stand_for_one_another() -> None:
    records = encoded(event("a"), event("b"), event("a"), event("a"))
    entries = [refused(record=event("a")), refused(record=event("a"))]
    assert positions(outcome(records, 2, *entries)) == [0, 2]


def test_a_record_sent_alone_is_the_one_whatever_the_echo() -> None:
    assert positions(outcome(encoded(profile("a")), 0, refused())) == [0]


# When it does not add up.


@pytest.mark.parametrize(
    ("processed", "entries"),
    [
        (0, []),
        (1, [refused(number=1)]),
        (3, [refused(number=1)]),
        (4, []),
        (None, []),
        (-1, [refused(number=n) for n in (1, 2, 3, 3)]),
        (1, [refused(number=2), refused(number=2)]),
        (2, [refused(number=0)]),
        (2, [refused(number=4)]),
        (2, [refused(number=999999999999)]),
        (2, [refused()]),
        (2, [refused(record={})]),
        (2, [refused(record=[1])]),
        (2, [refused(record="no JSON")]),
        (2, [refused(record=profile("z"))]),
        (1, [refused(record=profile("b")), refused(record=profile("b"))]),
        (1, [refused(number=2), refused(record=profile("b"))]),
    ],
)
def test_an_answer_that_does_not_tell_each_outcome_tells_none(
    processed: object, entries: list[Record]
) -> None:
    records = encoded(profile("a"), profile("b"), profile("c"))
    with pytest.raises(AnswerUnclear):
        outcome(records, processed, *entries)


def test_an_echo_that_fits_two_records_that_differ_is_not_guessed_at() -> None:
    records = encoded(profile("a", Phone="+4930123"), profile("a", Phone="4930123"))
    with pytest.raises(AnswerUnclear):
        outcome(records, 1, refused(record=profile("a", Phone=4930123)))


@pytest.mark.parametrize("echo", [None, {}, "", []])
def test_an_empty_echo_is_not_that_of_a_record_that_names_nobody(echo: object) -> None:
    nobody = {"profileData": {"Name": "A"}}
    with pytest.raises(AnswerUnclear):
        outcome(encoded(nobody, profile("a")), 1, refused(record=echo))


def test_what_does_not_add_up_is_told_in_numbers() -> None:
    with pytest.raises(AnswerUnclear, match=r"add up: 1 taken and 0 refused of 2 sent\.$"):
        outcome(encoded(profile("a"), profile("b")), 1)


# What a refusal tells.


def test_only_a_fault_of_the_service_is_passing() -> None:
    answer = outcome(encoded(*map(profile, "abc")), 1, refused(555, 3), refused(516, 1))
    assert [(refusal.position, refusal.transient) for refusal in answer.refusals] == [
        (0, False),
        (2, True),
    ]


def test_a_refusal_is_shown_without_the_words_of_the_service() -> None:
    refusal = Refusal(3, 516, "Phone +49 is not valid")
    assert refusal.meaning == "Phone is not a valid number"
    assert "+49" not in repr(refusal)


def test_every_documented_code_of_a_profile_or_event_has_a_meaning() -> None:
    documented = {509, *range(512, 521), *range(522, 527), 528, 555}
    assert set(REFUSAL_MEANINGS) == documented
    assert meaning_of(521) == "CleverTap refused the record with code 521"


def test_numbers_written_as_text_are_read() -> None:
    entry = {"code": "516", "error": "Skipped record number : 1"}
    assert outcome(encoded(profile("a"), profile("b")), "1", entry).refusals[0].code == 516


@given(st.binary(max_size=60) | st.from_regex(rb'\{"processed":[0-9,"a-z:\[\]{}]*', fullmatch=True))
def test_no_body_is_too_strange_to_decode_or_to_give_up_on(body: bytes) -> None:
    answer = decode(body)
    if answer is not None:
        with contextlib.suppress(AnswerUnclear):
            match(answer, encoded(profile("a"), profile("b")))


# Properties: a service that refuses any of the records, and tells it in any of its ways.

identities = st.sampled_from(["a", "b", "7", 7, "+491", 491])
phones = st.sampled_from(["+4930123", "4930123", "+4930124", "x"])
values = st.sampled_from([1, 1.0, True, "1", 2.5, None, "é"])
profiles = st.builds(
    lambda identity, phone, value: profile(identity, Phone=phone, Plan=value, identity=identity),
    identities,
    phones,
    values,
)
events = st.builds(lambda identity, value: event(identity, Price=value), identities, values)
batches = st.lists(profiles | events, min_size=1, max_size=12)


def echoed(record: Record) -> Record:
    """A record as the service has it when the last of its checks fails."""
    echo = {**record, "identity": str(record["identity"])}
    if "profileData" in record:
        properties = dict(record["profileData"])
        properties["identity"] = str(properties["identity"])
        if properties["Phone"].removeprefix("+").isdigit():
            properties["Phone"] = int(properties["Phone"])
        echo["profileData"] = properties
    return echo


@given(batches, st.data())
def test_a_refusal_is_given_to_its_own_record_or_to_none(
    batch: list[Record], draw: st.DataObject
) -> None:
    guilty = draw.draw(st.sets(st.sampled_from(range(len(batch)))))
    numbered = draw.draw(st.sets(st.sampled_from(range(len(batch)))))
    codes = {at: 515 + at for at in guilty}
    entries = [
        refused(codes[at], at + 1 if at in numbered else None, record=draw_echo(draw, batch[at]))
        for at in draw.draw(st.permutations(sorted(guilty)))
    ]
    records = encoded(*batch)
    try:
        answer = outcome(records, len(batch) - len(guilty), *entries)
    except AnswerUnclear:
        assert not guilty <= numbered
        return
    assert answer.processed == len(batch) - len(guilty)
    assert len(answer.refusals) == len(guilty)
    told = [(records[refusal.position], refusal.code) for refusal in answer.refusals]
    assert sorted(told) == sorted((records[at], code) for at, code in codes.items())


def draw_echo(draw: st.DataObject, record: Record) -> Record:
    """Some checks come before the record is changed, and some after."""
    return record if draw.draw(st.booleans()) else echoed(record)


@given(st.integers(1, 30), st.data())
def test_echoes_alone_are_enough_when_no_two_records_are_alike(
    size: int, draw: st.DataObject
) -> None:
    batch = [event("a", Price=number) for number in range(size)]
    guilty = draw.draw(st.sets(st.sampled_from(range(size))))
    entries = [
        refused(record=echoed(batch[at])) for at in draw.draw(st.permutations(sorted(guilty)))
    ]
    answer = outcome(encoded(*batch), size - len(guilty), *entries)
    assert positions(answer) == sorted(guilty)
