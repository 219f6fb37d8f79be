"""What holds for every catalog, however hostile: the block can be used as it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from target_clevertap.suggest.writing import Note, Setting, written
from tests.suggest import block as made
from tests.suggest.block import block, catalog, compiled, stream

if TYPE_CHECKING:
    from target_clevertap.suggest.writing import Line
    from tests.suggest.block import Json

HOSTILE = (
    *("", " ", ".", "..", "a.b", "address.city", "$set", "a$b", "per%cent", "#", "-", "- a", "? k"),
    *("yes", "No", "null", "~", "1e3", "0x1F", "1:30", "true", "=", "<<", "*ref", "&a", "!tag"),
    *("{id}", "first{name", "last!name", "[x]", "a: b", "a #b", "'", '"', "\\", "new\nline"),
    *(
        "\u2028",
        "\ufeff",
        "\x00",
        "\x85",
        "é",
        "名前",
        "😀",
        "x" * 130,
        "E-Mail",
        "EMAIL",
        "email ",
    ),
    *("MSG-email", "MSG-loud", "Gender", "Phone", "Items", "items", "identity", "objectId"),
    *("Charged", "App Launched", "_sdc_deleted_at", "password", "Column", "Unnamed", "Unnamed 2"),
)
USUAL = (
    *("id", "ID", "email", "emailAddress", "mobile_number", "country_code", "first_name"),
    *("LastName", "name", "date_of_birth", "gender", "city", "user_id", "CustomerId", "customer"),
    *("created_at", "orderedAt", "happened_at_ms", "updated_at", "amount", "total", "line_items"),
    *("event", "event_name", "currency", "payment_method", "newsletter", "distinct_id", "address"),
)
STREAMS = (
    *("users", "public-users", "Orders", "page_views", "app_launched", "charged", "*", "a*", "[b]"),
    *("", "events", "vip", "名前", "yes", "\n", "x" * 1100, "😀" * 200, "%", "%s:$&"),
)
SCHEMAS: tuple[Any, ...] = (
    *(made.TEXT, made.INTEGER, made.NUMBER, made.BOOLEAN, made.DATE, made.DATE_TIME, made.LIST),
    *(made.OBJECT, {}, True, {"type": ["string", "integer"], "format": "email"}),
    {"type": "object", "properties": {"id": made.TEXT, "email": made.TEXT, "city": made.TEXT}},
    {"anyOf": [{"type": "object", "properties": {"a.b": {}}}, {"type": "null"}]},
)
MARKS = st.fixed_dictionaries(
    {}, optional={"selected": st.booleans(), "selected-by-default": st.booleans()}
)

# Surrogates apart, which no JSON that can be read holds.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
column_names = st.one_of(st.sampled_from(USUAL), st.sampled_from(HOSTILE), texts)
columns = st.dictionaries(column_names, st.sampled_from(SCHEMAS), max_size=14)
wide = st.integers(250, 270).map(lambda size: {f"c{n}": made.TEXT for n in range(size)})


@st.composite
def streams(draw: st.DrawFn) -> Json:
    names = st.one_of(st.sampled_from(STREAMS), texts).filter(bool)
    properties = draw(columns) | draw(st.one_of(*[st.just({})] * 9, wide))
    keys = st.lists(st.sampled_from(sorted(properties)), max_size=2) if properties else st.just([])
    return stream(draw(names), properties, key=draw(keys), metadata=draw(MARKS))


catalogs = st.lists(
    streams(), min_size=1, max_size=4, unique_by=lambda each: str(each["stream"])
).map(lambda each: catalog(*each))
PEOPLE = {"id": made.INTEGER, "email": made.TEXT}


@given(catalogs)
@settings(max_examples=120, deadline=None)
@example(catalog(stream("users", PEOPLE | {f"c{n}": made.TEXT for n in range(300)})))
@example(catalog(stream("users", PEOPLE | {"Email": made.TEXT, "EMAIL": made.BOOLEAN})))
@example(catalog(stream("users", PEOPLE | {"a.b": made.TEXT, "a b": made.TEXT, "A:B": made.TEXT})))
@example(catalog(stream("users", PEOPLE | {"x" * 120: made.TEXT, "X" * 120: made.TEXT})))
@example(catalog(stream("users", PEOPLE | {"first{name": made.TEXT, "last!name": made.TEXT})))
@example(catalog(stream("yes", PEOPLE | dict.fromkeys(("yes", "null", "1e3", "''"), made.TEXT))))
def test_every_block_is_valid_settings_for_the_schemas_of_its_catalog(raw: Json) -> None:
    found = block(raw)
    if found.streams:
        assert compiled(raw, found).keys() == found.streams.keys()
    else:
        assert "Nothing could be mapped for sure" in found.text


@given(catalogs)
@settings(max_examples=50, deadline=None)
def test_no_column_of_a_mapped_stream_is_passed_over_in_silence(raw: Json) -> None:
    found = block(raw)
    for entry in raw["streams"]:
        mapping = found.streams.get(entry["stream"])
        if mapping is not None and "more columns are left out" not in found.text:
            named = json.dumps(mapping)
            for column in entry["schema"]["properties"]:
                in_comment = f"# {written([Setting(column, '')]).split(': ')[0]}: " in found.text
                known = json.dumps(column)[1:-1] in named
                assert known or in_comment or column.startswith("_sdc_")


@given(texts, texts, texts)
@example("yes", "1e3", "null")
@example("\ufffe", "\ud7ff\ue000", "\x7f\x80\xa0")
@example("a: b", "- c", "d #e")
def test_any_text_comes_out_of_the_yaml_as_it_went_in(key: str, value: str, why: str) -> None:
    lines: list[Line] = [
        Note(why),
        Setting(key, value, why),
        Setting(f"{key}2", {"a": value, "b": key}, why),
    ]
    assert yaml.safe_load(written(lines)) == {key: value, f"{key}2": {"a": value, "b": key}}
