"""Where values come from: columns, paths, constants, templates, and what is left unmapped."""

from __future__ import annotations

import pytest

from tests.mapping.streams import (
    ANYTHING,
    DATE,
    EVENT,
    INTEGER,
    OBJECT,
    PROFILE,
    TEXT,
    TEXTS,
    Json,
    event,
    mistakes,
    of_profile,
    profile,
    properties,
)

ADDRESS: Json = {
    "type": ["object", "null"],
    "properties": {"city": TEXT, "since": DATE, "geo.lat": INTEGER, "geo": OBJECT},
}


def found(source: object, record: Json, columns: Json) -> Json:
    return properties(profile({"properties": {"P": source}}, columns).item({"id": "1", **record}))


@pytest.mark.parametrize(
    ("path", "record", "expected"),
    [
        ("address.city", {"address": {"city": "Köln"}}, {"P": "Köln"}),
        ("address.since", {"address": {"since": "1970-01-02"}}, {"P": "$D_86400"}),
        ("address.city", {"address": {"city": None}}, {}),
        ("address.city", {"address": {}}, {}),
        ("address.city", {"address": None}, {}),
        ("address.city", {"address": '{"city": "Köln"}'}, {}),
        ("address.city", {}, {}),
        ("address.geo.lat", {"address": {"geo.lat": 5, "geo": {"lat": 6}}}, {"P": 5}),
        ("address.geo.lon.deg", {"address": {"geo": {"lon": {"deg": 7}}}}, {"P": 7}),
        ("plain.dotted", {"plain.dotted": "a", "plain": {"dotted": "b"}}, {"P": "a"}),
        ("plain.other", {"plain": {"other": "b"}}, {"P": "b"}),
        ("a.b.c", {"a.b": {"c": "x"}}, {"P": "x"}),
        ("mixed.deep.er", {"mixed": {"deep": {"er": 1}}}, {"P": 1}),
        ("mixed.deep.er", {"mixed": "text"}, {}),
    ],
)
def test_a_path_reaches_into_objects_and_an_exact_name_goes_first(
    path: str, record: Json, expected: Json
) -> None:
    columns = {
        "address": ADDRESS,
        "plain": OBJECT,
        "plain.dotted": TEXT,
        "a.b": ANYTHING,
        "mixed": {"type": ["string", "object", "null"]},
    }
    assert found(path, record, columns) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [({"address": None}, {"$delete": 1}), ({"address": {}}, None), ({}, None),
     ({"address": {"city": None}}, {"$delete": 1}), ({"address": "text"}, None)],
)  # fmt: skip
def test_a_null_on_the_way_is_a_null_and_a_gap_is_a_gap(record: Json, expected: object) -> None:
    rules = profile({"properties": {"P": "address.city"}}, {"address": ADDRESS}, nulls="delete")
    assert properties(rules.item({"id": "1", **record})).get("P") == expected


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("mobil", "the SCHEMA has no column mobil; did you mean mobile?"),
        ("address.citty", "the SCHEMA has no column address.citty; did you mean address.city?"),
        ("mobile.number", "the SCHEMA has no column mobile.number; did you mean mobile?"),
        ("tags.0", "the SCHEMA has no column tags.0; did you mean tags?"),
        ("xyz", "the SCHEMA has no column xyz; it has id, mobile, address, tags"),
        ("", "the SCHEMA has no column ; it has id, mobile, address, tags"),
    ],
)
def test_a_column_that_the_schema_lacks_is_a_mistake(path: str, sentence: str) -> None:
    columns = {"mobile": TEXT, "address": ADDRESS, "tags": TEXTS}
    mapping = PROFILE | {"properties": {"P": {"column": path}}}
    assert mistakes(mapping, columns) == [f"streams.s.properties.P.column: {sentence}"]


def test_an_open_object_may_hold_more_than_the_schema_lists() -> None:
    columns = {"o": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True}}
    assert found("o.b", {"o": {"b": "x"}}, columns) == {"P": "x"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("gold", "gold"),
        (5, 5),
        (0, 0),
        (1.5, 1.5),
        (False, False),
        ("", ""),
        (["a", "b"], {"$set": ["a", "b"]}),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_a_constant_is_the_same_for_every_row(value: object, expected: object) -> None:
    assert found({"value": value}, {}, {}) == {"P": expected}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"value": None}, "value: must not be empty"),
        ({"value": "x", "type": "number"}, "value: P is not a number, or not a finite one"),
        ({"value": "x" * 513}, "value: P is longer than 512 characters"),
        ({"value": list(map(str, range(101)))}, "value: P has more than 100 values"),
        ({"value": "", "type": "date"}, "value: must not be empty"),
        ({"value": "+49 30 901820", "country": "c"}, "country: needs a number from the same row"),
        ({"column": "c", "type": "date", "default": "soon"},
         "default: P is not a date or a time in seconds"),
        ({"column": "c", "type": "phone", "default": "12"},
         "default: P has no country code and no country (default_country)"),
        ({"column": "c", "format": "%Q"}, "format: must be a pattern of strptime, like %d.%m.%Y"),
        ({"column": "c", "country": "land"},
         "country: the SCHEMA has no column land; it has id, c"),
    ],
)  # fmt: skip
def test_a_constant_that_could_never_be_sent_is_a_mistake(words: Json, line: str) -> None:
    mapping = PROFILE | {"properties": {"P": words}}
    assert mistakes(mapping, {"c": TEXT}) == [f"streams.s.properties.P.{line}"]


def test_a_constant_and_a_default_are_read_by_the_type() -> None:
    assert found({"value": "1970-01-02", "type": "date"}, {}, {}) == {"P": "$D_86400"}
    source = {"column": "c", "type": "phone", "default": "+49 30 901820"}
    assert found(source, {"c": None}, {"c": TEXT}) == {"P": "+4930901820"}


TEMPLATES: list[tuple[str, Json, Json]] = [
    ("{street}, {address.city}", {"street": "A 1", "address": {"city": "B"}}, {"P": "A 1, B"}),
    ("{street}, {address.city}", {"street": None, "address": {"city": "B"}}, {"P": ", B"}),
    ("{street}{n}!", {"n": 5}, {"P": "5!"}),
    ("{street}-{n}", {"street": None, "n": None}, {}),
    ("{street}-{n}", {}, {}),
    ("{{{n}}}", {"n": 5}, {"P": "{5}"}),
    ("{street}", {"street": ""}, {"P": ""}),
    ("{address}", {"address": {"city": "B"}}, {"P": '{"city":"B"}'}),
]


@pytest.mark.parametrize(("template", "record", "expected"), TEMPLATES)
def test_a_template_puts_columns_together(template: str, record: Json, expected: Json) -> None:
    columns = {"street": TEXT, "address": ADDRESS, "n": INTEGER}
    assert found({"template": template}, record, columns) == expected


def test_a_template_may_be_of_any_type_and_has_the_usual_limits() -> None:
    columns = {"c": TEXT, "d": TEXT}
    dated = {"template": "{c} {d}", "format": "%Y-%m-%d %H:%M"}
    assert found(dated, {"c": "1970-01-01", "d": "00:01"}, columns) == {"P": "$D_60"}
    assert found({"template": "{c}{d}"}, {"c": "a" * 512, "d": "b"}, columns) == {"P": "a" * 512}
    added = {"template": "tag-{c}", "operator": "add"}
    assert found(added, {"c": "x"}, columns) == {"P": {"$add": ["tag-x"]}}


def test_a_template_of_nulls_is_a_null_and_of_gaps_is_a_gap() -> None:
    rules = profile({"properties": {"P": {"template": "{c}{d}"}}}, {"c": TEXT, "d": TEXT},
                    nulls="delete")  # fmt: skip
    assert properties(rules.item({"id": "1", "c": None})) == {"P": {"$delete": 1}}
    assert properties(rules.item({"id": "1"})) == {}


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{c", "has a brace without its other half; {{ and }} stand for braces"),
        ("c}", "has a brace without its other half; {{ and }} stand for braces"),
        ("{c!r}", "takes the names of columns in braces, without ! or :"),
        ("{c:>5}", "takes the names of columns in braces, without ! or :"),
        ("{}", "has braces without the name of a column"),
        ("gold", "names no column; use value for a constant"),
        ("{cc}", "the SCHEMA has no column cc; did you mean c?"),
    ],
)
def test_a_template_that_cannot_be_filled_is_a_mistake(template: str, sentence: str) -> None:
    mapping = PROFILE | {"properties": {"P": {"template": template}}}
    assert mistakes(mapping, {"c": TEXT}) == [f"streams.s.properties.P.template: {sentence}"]


# columns without a word about them

COLUMNS: Json = {"name": TEXT, "at": DATE, "kind": TEXT, "n": INTEGER, "_sdc_batched_at": TEXT}
RECORD: Json = {"id": "1", "name": "a", "at": "2024-01-01", "kind": "Buy", "n": 1,
                "_sdc_batched_at": "x"}  # fmt: skip


def test_without_properties_every_column_not_used_otherwise_is_sent() -> None:
    assert properties(profile({"timestamp": "at"}, COLUMNS).item(RECORD)) == {
        "name": "a", "kind": "Buy", "n": 1,
    }  # fmt: skip
    rules = event({"event_name_column": "kind", "event_key": ["n"]}, COLUMNS)
    assert properties(rules.item(RECORD)) == {"name": "a", "at": "$D_1704067200", "n": 1}


def test_no_properties_at_all_is_not_the_same_as_properties_left_out() -> None:
    assert properties(profile({"properties": {}}, COLUMNS).item(RECORD)) == {}


def test_a_mapping_sends_only_what_it_names() -> None:
    assert properties(profile({"properties": {"N": "n"}}, COLUMNS).item(RECORD)) == {"N": 1}


def test_include_unmapped_adds_the_columns_that_nothing_names() -> None:
    columns: Json = {
        "mobile": TEXT, "cc": TEXT, "a": TEXT, "o": OBJECT, "secret": TEXT, "Plan": TEXT, "z": TEXT,
    }  # fmt: skip
    mapping = {
        "properties": {
            "Phone": {"column": "mobile", "country": "cc"},
            "Full": {"template": "{a} {o.x}"},
            "Plan": {"value": "gold"},
        },
        "include_unmapped": True,
        "exclude": ["secret"],
    }
    record = {"id": "1", "mobile": "030 901820", "cc": "DE", "a": "A", "o": {"x": "X"},
              "secret": "s", "Plan": "column", "z": "Z"}  # fmt: skip
    found = properties(profile(mapping, columns).item(record))
    assert found == {"Phone": "+4930901820", "Full": "A X", "Plan": "gold", "z": "Z"}
    assert list(found) == ["Full", "Phone", "Plan", "z"]


def test_bookkeeping_columns_are_sent_when_mapped_by_name() -> None:
    mapping = {"properties": {"Loaded": "_sdc_batched_at"}}
    assert properties(profile(mapping, COLUMNS).item(RECORD)) == {"Loaded": "x"}


def test_a_column_whose_name_clevertap_refuses_is_skipped_with_a_notice() -> None:
    long = "n" * 121
    too_long = "CleverTap takes names of at most 120 characters"
    columns = {"a.b": TEXT, "c#": TEXT, long: TEXT, "good": TEXT}
    rules = profile({}, columns)
    assert rules.notices == (
        "streams.s: the column a.b is not sent: CleverTap does not take . in a property's name",
        "streams.s: the column c# is not sent: CleverTap does not take # in a property's name",
        f"streams.s: the column {long} is not sent: {too_long}",
    )
    assert properties(rules.item({"id": "1", **dict.fromkeys(columns, "x")})) == {"good": "x"}


def test_events_take_a_number_sign_in_names() -> None:
    rules = event({}, {"c#": TEXT})
    assert rules.notices == ()
    assert properties(rules.item({"id": "1", "c#": "x"})) == {"c#": "x"}


def test_a_profile_is_the_same_in_whatever_order_its_properties_are_named() -> None:
    record = {"id": "1", "a": "x", "b": "y"}
    mappings: list[Json] = [
        {"properties": {"A": "a", "B": "b"}},
        {"properties": {"B": "b", "A": "a"}},
    ]
    one, other = (profile(mapping, {"a": TEXT, "b": TEXT}).item(record) for mapping in mappings)
    assert one == other
    one, other = (
        profile({}, columns).item(record)
        for columns in ({"a": TEXT, "b": TEXT}, {"b": TEXT, "a": TEXT})
    )
    assert one == other


# all mistakes at once


@pytest.mark.parametrize("character", list("%><!|&.:;$'\"\\#"))
def test_a_prohibited_character_in_a_name_is_a_mistake(character: str) -> None:
    mapping = {"properties": {f"a{character}": "c"}}
    line = f"CleverTap does not take {character} in a property's name"
    assert mistakes(PROFILE | mapping, {"c": TEXT}) == [
        f"streams.s.properties.a{character}: {line}"
    ]
    if character == "#":
        assert event(mapping, {"c": TEXT}).notices == ()
    else:
        assert mistakes(EVENT | mapping, {"c": TEXT})[0].endswith(line)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "a property needs a name"),
        (" ", "a property needs a name"),
        ("n" * 121, "CleverTap takes names of at most 120 characters"),
    ],
)
def test_a_name_that_clevertap_refuses_is_a_mistake(name: str, sentence: str) -> None:
    mapping = PROFILE | {"properties": {name: "c"}}
    assert mistakes(mapping, {"c": TEXT}) == [f"streams.s.properties.{name}: {sentence}"]


def test_256_properties_are_enough() -> None:
    columns = {f"c{n}": TEXT for n in range(257)}
    allowed = profile({"exclude": ["c0"]}, columns).item({"id": "1", **dict.fromkeys(columns, "x")})
    assert len(properties(allowed)) == 256
    assert mistakes(PROFILE, columns) == [
        "streams.s.properties: are 257; CleverTap takes at most 256 of them"
    ]


def test_all_mistakes_are_told_at_once_with_their_paths() -> None:
    mapping = {
        "type": "event",
        "identifier": {"FBID": "idd"},
        "event_name": "App Launched",
        "timestamp": "att",
        "event_key": ["key"],
        "exclude": ["secret"],
        "properties": {
            "Good": "c",
            "Bad$": "c",
            "Lost": "cc",
            "List": {"column": "c", "type": "list"},
            "Count": {"value": "x", "type": "integer"},
        },
    }
    assert mistakes(mapping, {"c": TEXT, "at": DATE}) == [
        "streams.s.identifier.FBID: the SCHEMA has no column idd; did you mean id?",
        "streams.s.event_name: is the name of a system event of CleverTap; choose another",
        "streams.s.timestamp: the SCHEMA has no column att; did you mean at?",
        "streams.s.properties.Bad$: CleverTap does not take $ in a property's name",
        "streams.s.properties.Lost.column: the SCHEMA has no column cc; did you mean c?",
        "streams.s.properties.List.type: must not be list: events have no lists",
        "streams.s.properties.Count.value: Count is not an integer",
        "streams.s.exclude: the SCHEMA has no column secret; it has id, c, at",
        "streams.s.event_key: the SCHEMA has no column key; it has id, c, at",
    ]


def test_a_column_named_twice_is_read_twice() -> None:
    assert properties(of_profile("c", TEXT, "x")) == {"P": "x"}
    rules = profile({"properties": {"P": "c", "Q": "c", "Id": "id"}}, {"c": TEXT})
    assert properties(rules.item({"id": "1", "c": "x"})) == {"P": "x", "Q": "x", "Id": "1"}
