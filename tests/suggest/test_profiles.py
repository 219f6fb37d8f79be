"""Streams that describe customers: how they are known, and what their columns become."""

from __future__ import annotations

import pytest

from tests.suggest.block import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    Json,
    block,
    catalog,
    stream,
    suggested,
)

USER: Json = {"id": INTEGER, "email": TEXT}


def properties(columns: Json, name: str = "users") -> Json:
    found: Json = suggested(name, USER | columns).streams[name]["properties"]
    return found


@pytest.mark.parametrize("name", ["users", "public-users", "Customers", "app_users", "people"])
def test_a_key_and_an_address_make_profiles(name: str) -> None:
    found = suggested(name, USER)
    assert found.streams[name] == {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Email": "email"},
    }
    assert found.line("type") == "type: profile  # it describes customers: email"


def test_an_address_makes_profiles_whatever_the_stream_is_called() -> None:
    assert suggested("crm_export", USER).streams["crm_export"]["type"] == "profile"


def test_one_contact_beside_a_reference_and_a_time_describes_nobody() -> None:
    row = USER | {"user_id": TEXT, "created_at": TEXT}
    assert suggested("enrolments", row).streams["enrolments"]["type"] == "event"
    row |= {"phone": TEXT}
    assert suggested("enrolments", row).streams["enrolments"]["type"] == "profile"


@pytest.mark.parametrize(
    ("column", "schema", "name"),
    [
        ("emailAddress", TEXT, "Email"),
        ("E-Mail", TEXT, "Email"),
        ("EMAIL", TEXT, "Email"),
        ("customer_email", TEXT, "Email"),
        ("contact", TEXT | {"format": "email"}, "Email"),
        ("mobile_number", TEXT, "Phone"),
        ("mobileNumber", TEXT, "Phone"),
        ("Phone Number", INTEGER, "Phone"),
        ("date_of_birth", DATE, "DOB"),
        ("birthDate", TEXT, "DOB"),
        ("DOB", TEXT, "DOB"),
        ("sex", TEXT, "Gender"),
        ("Gender", TEXT, "Gender"),
        ("full_name", TEXT, "Name"),
        ("displayName", TEXT, "Name"),
        ("age", INTEGER, "Age"),
        ("is_employed", BOOLEAN, "Employed"),
        ("married", TEXT, "Married"),
        ("education_level", TEXT, "Education"),
        ("timeZone", TEXT, "Tz"),
        ("avatar_url", TEXT, "Photo"),
        ("City", TEXT, "City"),
        ("home_city", TEXT, "City"),
        ("postal_code", TEXT, "Zip"),
        ("smsOptIn", BOOLEAN, "MSG-sms"),
        ("accepts_marketing", BOOLEAN, "MSG-email"),
    ],
)
def test_columns_with_a_meaning_become_its_property(column: str, schema: Json, name: str) -> None:
    columns = {"id": INTEGER, "login": TEXT, column: schema}
    if name not in {"Email", "Phone"}:
        columns["email"] = TEXT
    found = suggested("users", columns)
    assert found.streams["users"]["properties"][name] == column
    assert "by its" in found.line(f"{name}:")


@pytest.mark.parametrize(
    ("column", "schema"),
    [("gender", INTEGER), ("dob", BOOLEAN), ("sms_opt_in", TEXT), ("city", OBJECT)],
)
def test_a_name_alone_is_no_meaning_when_the_type_cannot_be(column: str, schema: Json) -> None:
    assert properties({column: schema})[column] == column


def test_a_whole_name_comes_before_one_put_together() -> None:
    found = properties({"first_name": TEXT, "last_name": TEXT, "name": TEXT})
    assert found["Name"] == "name"
    assert found["first_name"] == "first_name"


@pytest.mark.parametrize(("first", "last"), [("first_name", "surname"), ("First Name", "lastName")])
def test_a_first_and_a_last_name_are_put_together(first: str, last: str) -> None:
    found = properties({first: TEXT, last: TEXT})
    assert found == {"Name": {"template": f"{{{first}}} {{{last}}}"}, "Email": "email"}


def test_the_country_beside_a_number_is_used_and_sent_too() -> None:
    found = properties({"mobile": TEXT, "country_code": TEXT})
    assert found["Phone"] == {"column": "mobile", "country": "country_code"}
    assert found["country_code"] == "country_code"


def test_an_address_in_an_object_is_reached_into() -> None:
    address = {"type": "object", "properties": {"city": TEXT, "zip": TEXT}}
    found = properties({"default_address": address})
    assert found["City"] == "default_address.city"
    assert found["Zip"] == "default_address.zip"


def test_of_two_columns_for_a_property_the_surer_has_it() -> None:
    found = properties({"phone": TEXT, "mobile": TEXT})
    assert (found["Phone"], found["mobile"]) == ("phone", "mobile")


def test_other_columns_keep_their_names_and_those_of_singer_are_left_out() -> None:
    found = properties({"plan": TEXT, "balance": NUMBER, "_sdc_extracted_at": DATE_TIME})
    assert found == {"Email": "email", "plan": "plan", "balance": "balance"}


def test_a_name_that_clevertap_refuses_is_changed_and_said_so() -> None:
    found = suggested("users", USER | {"plan.name": TEXT, "50%": NUMBER})
    assert found.streams["users"]["properties"]["plan name"] == "plan.name"
    assert found.streams["users"]["properties"]["50"] == "50%"
    assert "# renamed" in found.line("plan name")


def test_columns_that_differ_in_case_get_names_that_differ_in_more() -> None:
    found = properties({"Email": BOOLEAN, "plan": TEXT, "PLAN": TEXT})
    assert found == {"Email": "email", "Email 2": "Email", "plan": "plan", "PLAN 2": "PLAN"}


@pytest.mark.parametrize("column", ["identity", "objectId", "Phone", "MSG-loud"])
def test_a_column_never_takes_the_name_of_an_own_property_by_chance(column: str) -> None:
    found = suggested("users", {"id": INTEGER, "email": TEXT, column: BOOLEAN})
    assert column not in found.streams["users"]["properties"]
    assert column in found.streams["users"]["properties"].values()


@pytest.mark.parametrize(
    "column", ["password_hash", "apiKey", "ssn", "Credit Card", "refreshToken"]
)
def test_secrets_are_left_out_with_the_reason(column: str) -> None:
    found = suggested("users", USER | {column: TEXT})
    assert found.streams["users"]["properties"] == {"Email": "email"}
    assert "left out: it looks like a secret" in found.text


def test_properties_beyond_the_limit_are_named_in_a_comment() -> None:
    found = suggested("users", USER | {f"c{number:03}": TEXT for number in range(300)})
    assert len(found.streams["users"]["properties"]) == 256
    assert (
        "# 45 more columns are left out, since CleverTap takes 256 properties: c255" in found.text
    )


# whom a row is about


def test_profiles_are_known_as_events_name_them() -> None:
    found = block(
        catalog(
            stream("users", USER | {"customer_id": TEXT}),
            stream("orders", {"id": INTEGER, "customer_id": TEXT, "created_at": DATE_TIME}),
        )
    )
    assert found.streams["users"]["identifier"] == {"identity": "customer_id"}
    assert "# it names customers in orders too" in found.line("identifier: {identity: customer_id}")


def test_a_column_that_is_called_identity_is_the_identity() -> None:
    found = suggested("users", USER | {"identity": TEXT})
    assert found.streams["users"]["identifier"] == {"identity": "identity"}


def test_an_id_of_clevertap_is_an_object_id() -> None:
    found = suggested("users", USER | {"clevertap_id": TEXT})
    assert found.streams["users"]["identifier"] == {"objectId": "clevertap_id"}


def test_without_a_key_a_column_of_ids_is_taken_and_else_the_address() -> None:
    by_id = suggested("users", {"user_id": TEXT, "email": TEXT}, key=[])
    assert by_id.streams["users"]["identifier"] == {"identity": "user_id"}
    by_address = suggested("users", {"email": TEXT, "plan": TEXT}, key=[])
    assert by_address.streams["users"]["identifier"] == {"identity": "email"}
    assert by_address.streams["users"]["properties"] == {"plan": "plan"}


def test_a_key_of_dates_identifies_nobody() -> None:
    found = suggested("users", {"since": DATE, "email": TEXT}, key=["since"])
    assert found.streams["users"]["identifier"] == {"identity": "email"}


def test_people_that_nothing_identifies_are_left_out_with_the_reason() -> None:
    found = suggested("users", {"first_name": TEXT, "last_name": TEXT}, key=[])
    assert found.streams == {}
    assert (
        "# users is left out: it looks like profiles, but no column identifies them" in found.text
    )
