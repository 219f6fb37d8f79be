"""Reading a catalog: what is selected of it, and what is said about a file that is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import SettingsError
from target_clevertap.suggest import Catalog, read_catalog, suggest
from target_clevertap.suggest.catalog import Entry
from tests.suggest.block import DATE_TIME, INTEGER, TEXT, Json, block, catalog, stream

if TYPE_CHECKING:
    from pathlib import Path

USER: Json = {"id": INTEGER, "email": TEXT}


def marked(entry: Json, *place: str, **metadata: Any) -> Json:  # noqa: ANN401 - any metadata
    """The stream with something said about a place in it."""
    breadcrumb = [part for name in place for part in ("properties", name)]
    said = {name.replace("_", "-"): value for name, value in metadata.items()}
    entry["metadata"].append({"breadcrumb": breadcrumb, "metadata": said})
    return entry


def users(name: str = "users", **metadata: Any) -> Json:  # noqa: ANN401 - any metadata
    said = {word.replace("_", "-"): value for word, value in metadata.items()}
    return stream(name, USER, metadata=said)


# what is selected


def test_where_nothing_is_selected_yet_everything_may_come() -> None:
    assert block(catalog(users("a_users"), users("b_users"))).streams.keys() == {
        "a_users",
        "b_users",
    }


def test_what_is_deselected_is_left_out_and_named() -> None:
    found = block(catalog(users("a_users", selected=False), users("b_users")))
    assert found.streams.keys() == {"b_users"}
    assert "# Not selected in the catalog, so left out: a_users" in found.text


def test_once_something_is_selected_the_rest_is_not() -> None:
    found = block(catalog(users("a_users", selected=True), users("b_users")))
    assert found.streams.keys() == {"a_users"}


@pytest.mark.parametrize("default", [True, False])
def test_a_tap_may_select_by_default(default: bool) -> None:  # noqa: FBT001 - both ways
    found = block(catalog(users("a_users", selected_by_default=default), users("b_users")))
    assert ("a_users" in found.streams) is default


@pytest.mark.parametrize(
    "metadata", [{"selected": False}, {"inclusion": "unsupported"}, {"selected_by_default": False}]
)
def test_a_column_that_will_not_be_sent_is_not_mapped(metadata: Json) -> None:
    entry = stream("users", USER | {"plan": TEXT})
    found = block(catalog(marked(entry, "plan", **metadata)))
    assert "plan" not in found.text


def test_a_column_that_comes_anyhow_is_mapped() -> None:
    entry = stream("users", USER | {"plan": TEXT})
    found = block(catalog(marked(entry, "plan", inclusion="automatic", selected=False)))
    assert found.streams["users"]["properties"]["plan"] == "plan"


def test_a_place_in_a_column_that_will_not_be_sent_is_not_used() -> None:
    customer = {"type": "object", "properties": {"id": TEXT}}
    entry = stream("visits", {"id": INTEGER, "customer": customer, "created_at": DATE_TIME})
    assert "visits" in block(catalog(entry)).streams
    assert block(catalog(marked(entry, "customer", "id", selected=False))).streams == {}


# names and keys


def test_the_key_may_stand_in_the_metadata_only_or_beside_it_only() -> None:
    in_metadata, beside = users("a_users"), users("b_users")
    del in_metadata["key_properties"]
    del beside["metadata"]
    found = block(catalog(in_metadata, beside))
    assert found.streams["a_users"]["identifier"] == {"identity": "id"}
    assert found.streams["b_users"]["identifier"] == {"identity": "id"}


def test_a_stream_is_called_as_its_messages_will_call_it() -> None:
    entry = users("shop-users") | {"stream": "users"}
    assert "users" in block(catalog(entry)).streams
    assert "people" in block(catalog(entry | {"stream_alias": "people"})).streams
    del entry["stream"]
    assert "shop-users" in block(catalog(entry)).streams


def test_of_two_streams_with_one_name_the_first_is_mapped() -> None:
    other = stream("users", {"id": INTEGER, "mobile": TEXT})
    found = block(catalog(users(), other))
    assert found.streams["users"]["properties"] == {"Email": "email"}


def test_a_name_too_long_for_yaml_is_told() -> None:
    found = block(catalog(users("u" * 1100), users()))
    assert found.streams.keys() == {"users"}
    assert "its name is too long for a key in YAML" in found.text


def test_streams_without_a_mapping_come_with_the_setting_that_passes_over_them() -> None:
    found = block(catalog(users(), stream("labels", {"id": INTEGER})))
    assert found.line("# unmapped_streams").startswith("# unmapped_streams: ignore")
    assert "unmapped_streams" not in block(catalog(users())).text


# files


def test_a_file_may_begin_with_a_mark_as_windows_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog(users())), encoding="utf-8-sig")
    assert "Email: email" in suggest(read_catalog(file)).text


NESTED = b'{"a":' * 100_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a catalog as a tap prints it with --discover"),
        (b"INFO starting discovery\n{}", "is not a catalog"),
        (b"[]", "Expected object, got array"),
        (b"{}", "Object missing required field streams"),
        (b'{"streams": []}', "it has no streams"),
        (b'{"streams": {}}', "Expected array, got object - at $.streams"),
        (b'{"streams": [{"schema": {}}]}', "a stream in it has no name"),
        (b'{"streams": [{"stream": "s", "schema": "marker"}]}', "Expected object, got str"),
        (b'{"streams": [{"stream": "s", "metadata": [1]}]}', "Expected object, got int"),
        (b'{"streams": [{"stream": "\xff"}]}', "is not a catalog"),
        ('{"streams": []}'.encode("utf-16"), "is not a catalog"),
        (b'{"streams":[{"stream":"s","schema":' + NESTED, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_catalog_is_told_in_one_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "catalog.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_catalog(file)
    (sentence,) = caught.value.mistakes
    assert caught.value.exit_code == 2
    assert sentence.startswith(f"--suggest {file}: ")
    assert said in sentence
    assert "marker" not in sentence
    assert "\n" not in sentence


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file or directory"):
        read_catalog(tmp_path / "missing.json")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_catalog(tmp_path)


def test_a_schema_without_end_inside_a_column_is_told_too() -> None:
    endless: Json = {}
    for _ in range(5000):
        endless = {"anyOf": [endless]}
    customer = {"type": "object", "properties": {"id": endless}}
    entry = Entry(stream="visits", schema={"properties": {"customer": customer}})
    with pytest.raises(SettingsError, match="is nested too deeply"):
        suggest(Catalog.of((entry,)))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": None},
        {"properties": []},
        {"properties": {"id": None, "email": 1, "c": []}},
        {"properties": {"id": {"type": 5}, "email": {"type": [None]}, "c": {"properties": 1}}},
        {"properties": {"customer": {"properties": {"id": None, "": {}}}, "created_at": {}}},
    ],
)
def test_schemas_that_are_none_stop_nothing(schema: Json) -> None:
    entry = users() | {"schema": schema}
    assert block(catalog(entry)).text
