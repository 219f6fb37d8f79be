"""CleverTap's own and customary profile properties, by the names that columns usually have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from target_clevertap.suggest.words import PERSONS, folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_clevertap.suggest.catalog import Column, Stream

_TEXT: Final = ("string",)
_FLAG: Final = ("boolean", "string", "integer")
_NUMBER: Final = ("integer", "number", "string")
_ADDRESSES: Final = frozenset(
    {"address", "defaultaddress", "primaryaddress", "homeaddress", "billingaddress"}
)
_PREFIXES: Final = (*PERSONS, "primary", "properties", "property", "profile", "home", "is", "has")
_IN_TEMPLATE: Final = re.compile(r"[\w -]+(?:\.[\w -]+)*")
_CASED: Final = "must be M or F, or male or female"


@dataclass(frozen=True, slots=True)
class Standard:
    """A property, the spellings of columns that mean it (the surest first), and their types.

    `formats` are those of JSON Schema that mean it too. `note` is what to know about its values;
    with `in_addresses` it is also looked for inside columns that hold addresses.
    """

    property: str
    spellings: tuple[str, ...]
    types: tuple[str, ...] = _TEXT
    formats: frozenset[str] = frozenset()
    note: str = ""
    in_addresses: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A property that was found: where its value comes from, and by what it is known."""

    property: str
    source: str | Mapping[str, str]
    columns: tuple[Column, ...]
    why: str = field(default="by its name")


FULL_NAMES: Final = ("name", "fullname", "displayname", "realname")
FIRST_NAMES: Final = ("firstname", "givenname", "forename", "fname", "namefirst")
LAST_NAMES: Final = ("lastname", "surname", "familyname", "lname", "namelast")
COUNTRY_CODES: Final = (
    *("phonecountry", "phonecountrycode", "mobilecountry", "mobilecountrycode"),
    *("countrycode", "countryiso", "countryiso2", "isocountry", "isocountrycode"),
)

EMAIL: Final = Standard(
    "Email",
    ("email", "emailaddress", "mail", "mailaddress", "eemail", "emailid"),
    formats=frozenset({"email", "idn-email"}),
)
PHONE: Final = Standard(
    "Phone",
    (
        *("phone", "phonenumber", "mobile", "mobilenumber", "mobilephone", "mobilephonenumber"),
        *("cell", "cellphone", "cellphonenumber", "cellnumber", "msisdn", "telephone"),
        *("telephonenumber", "tel", "phoneno", "mobileno", "contactnumber", "phone1"),
    ),
    ("string", "integer"),
    note="without a country code it needs default_country",
)
BIRTHDAY: Final = Standard(
    "DOB",
    ("dob", "dateofbirth", "birthdate", "birthday", "birthdaydate", "birthon", "bornon", "born"),
    ("string", "integer"),
)
GENDER: Final = Standard("Gender", ("gender", "sex"), note=_CASED)

STANDARDS: Final = (
    EMAIL,
    PHONE,
    BIRTHDAY,
    GENDER,
    Standard("Age", ("age", "ageinyears"), _NUMBER),
    Standard("Education", ("education", "educationlevel"), note="School, College or Graduate"),
    Standard("Employed", ("employed", "isemployed"), _FLAG, note="a yes or no"),
    Standard("Married", ("married", "ismarried"), _FLAG, note="a yes or no"),
    Standard("Tz", ("tz", "timezone", "timezonename", "ianatimezone"), note="such as Asia/Kolkata"),
    Standard(
        "Photo",
        ("photo", "photourl", "avatar", "avatarurl", "picture", "pictureurl", "profileimageurl"),
    ),
    Standard("Customer Type", ("customertype",)),
    Standard("City", ("city", "cityname", "town"), in_addresses=True),
    Standard("State", ("state", "region", "province", "statename"), in_addresses=True),
    Standard("Country", ("country", "countryname"), in_addresses=True),
    Standard("Zip", ("zip", "zipcode", "postalcode", "postcode"), _NUMBER, in_addresses=True),
    Standard("Language", ("language", "lang", "preferredlanguage", "locale")),
    Standard("Company", ("company", "companyname")),
    Standard(
        "MSG-email",
        (
            *("msgemail", "emailoptin", "emailoptedin", "emailallowed", "acceptsmarketing"),
            *("newsletter", "newslettersubscribed", "acceptsemail", "emailsubscribed"),
        ),
        ("boolean",),
        note="false: no e-mail",
    ),
    Standard(
        "MSG-sms",
        ("msgsms", "smsoptin", "smsoptedin", "smsallowed", "acceptssms", "smssubscribed"),
        ("boolean",),
        note="false: no SMS",
    ),
    Standard(
        "MSG-push",
        ("msgpush", "pushoptin", "pushoptedin", "pushallowed", "acceptspush", "pushenabled"),
        ("boolean",),
        note="false: no push",
    ),
    Standard(
        "MSG-whatsapp",
        ("msgwhatsapp", "whatsappoptin", "whatsappoptedin", "whatsappallowed", "acceptswhatsapp"),
        ("boolean",),
        note="false: no WhatsApp",
    ),
)


def standard_properties(stream: Stream) -> list[Match]:
    """The properties that columns of a stream stand for, each column used once."""
    names = _name(stream.columns)
    used = set(names.columns if names else ())
    found = [names] if names else []
    for standard in STANDARDS:
        if match := _match(standard, stream, used):
            used |= {*match.columns}
            found.append(match)
    return found


def contacts(stream: Stream) -> tuple[Column, ...]:
    """The columns by which a person can be reached or is described: the sure ones first."""
    found = (find(standard, stream.columns) for standard in (EMAIL, PHONE, BIRTHDAY, GENDER))
    columns = tuple(column for column in found if column)
    pair = spelt(stream.columns, FIRST_NAMES, _TEXT), spelt(stream.columns, LAST_NAMES, _TEXT)
    return columns + tuple(column for column in pair if column and all(pair))


def find(standard: Standard, columns: Sequence[Column]) -> Column | None:
    """The column that stands for a property: by its name, else by its format."""
    by_name = spelt(columns, standard.spellings, standard.types)
    return by_name or next(
        (column for column in columns if column.shape.formats & standard.formats), None
    )


def spelt(
    columns: Sequence[Column], spellings: Sequence[str], types: Sequence[str]
) -> Column | None:
    """The column with the surest of these spellings whose values can be of these types.

    Of several columns with one spelling it is the first; a whole name goes before part of one.
    """
    fitting = [column for column in reversed(columns) if column.may_be(*types)]
    whole = {column.folded: column for column in fitting}
    parts = {_without_prefix(column.folded): column for column in fitting}
    found = (named[word] for named in (whole, parts) for word in spellings if word in named)
    return next(found, None)


@lru_cache(maxsize=4096)
def _without_prefix(name: str) -> str:
    """`customer_email` means what `email` means."""
    for prefix in _PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            return name.removeprefix(prefix)
    return name


def _match(standard: Standard, stream: Stream, used: set[Column]) -> Match | None:
    free = [column for column in stream.columns if column not in used]
    column = find(standard, free)
    if column is None and standard.in_addresses:
        column = find(standard, _in_addresses(stream))
    if column is None:
        return None
    by_format = bool(column.shape.formats & standard.formats)
    why = "by its format" if by_format and not _spells(standard, column) else "by its name"
    if standard.note:
        why = f"{why}; {standard.note}"
    return (
        _phone(column, free, why)
        if standard is PHONE
        else Match(standard.property, column.name, (column,), why)
    )


def _spells(standard: Standard, column: Column) -> bool:
    return bool({column.folded, _without_prefix(column.folded)} & {*standard.spellings})


def _in_addresses(stream: Stream) -> list[Column]:
    parents = (column for column in stream.columns if column.folded in _ADDRESSES)
    return [place for parent in parents for place in stream.inside(parent)]


def _phone(column: Column, columns: Sequence[Column], why: str) -> Match:
    """The number, with the column of its country if there is one."""
    if country := spelt(columns, COUNTRY_CODES, _TEXT):
        both = {"column": column.name, "country": country.name}
        # The country stays free: it is a property of its own too.
        why = "by their names; country must hold codes such as DE"
        return Match(PHONE.property, both, (column,), why)
    return Match(PHONE.property, column.name, (column,), why)


def _name(columns: Sequence[Column]) -> Match | None:
    """The customer's name: whole in one column, or put together from two."""
    if whole := spelt(columns, FULL_NAMES, _TEXT):
        return Match("Name", whole.name, (whole,))
    first, last = spelt(columns, FIRST_NAMES, _TEXT), spelt(columns, LAST_NAMES, _TEXT)
    if first and last and all(map(_fits_template, (first.name, last.name))):
        template = f"{{{first.name}}} {{{last.name}}}"
        return Match("Name", {"template": template}, (first, last), "by their names")
    return None


def _fits_template(name: str) -> bool:
    return bool(_IN_TEMPLATE.fullmatch(name)) and folded(name) != ""
