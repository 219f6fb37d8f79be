"""The words that the shop's customers and wares are made of, and where its customers live."""

from __future__ import annotations

from typing import Final, NamedTuple


class Country(NamedTuple):
    """A country with customers.

    `mobile` is a number as people there write it, each `#` standing for any digit;
    `mobile_abroad` the same number as they write it for someone abroad.
    """

    code: str
    mobile: str
    mobile_abroad: str
    cities: tuple[tuple[str, str], ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


COUNTRIES: Final = (
    Country(
        "DE",
        "0151 2345####",
        "+49 151 2345####",
        (("Köln", "50667"), ("Berlin", "10115"), ("Würzburg", "97070")),
        ("Jürgen", "Zoë", "Anneliese", "Björn", "Käthe"),
        ("Müller", "Größmann", "von der Heide", "Schäfer"),
    ),
    Country(
        "IN",
        "98765 #####",
        "+91 98765-#####",
        (("Mumbai", "400001"), ("बेंगलुरु", "560001"), ("Pune", "411001")),
        ("Priya", "आरव", "Rahul", "Ananya", "Vikram"),
        ("Sharma", "Iyer", "पटेल", "Singh"),
    ),
    Country(
        "US",
        "(202) 555-0###",
        "+1 202 555 0###",
        (("Washington", "20001"), ("San José", "95113")),
        ("Mary-Ann", "José", "Liam", "Aaliyah", "D'Angelo"),
        ("O'Neill", "Smith", "Núñez", "Washington Jr."),
    ),
    Country(
        "BR",
        "(11) 96123-####",
        "+55 11 96123 ####",
        (("São Paulo", "01310-100"), ("Brasília", "70040-010")),
        ("João", "Conceição", "Luís", "Antônia"),
        ("da Silva", "Araújo", "Gonçalves"),
    ),
    Country(
        "AE",
        "050 123 ####",
        "+971 50 123 ####",
        (("دبي", "00000"), ("Abu Dhabi", "00000")),
        ("محمد", "Fatima", "Khalid", "نور"),
        ("Al Maktoum", "الهاشمي", "Haddad"),
    ),
)

TAGS: Final = ("jazz", "running", "cooking", "Bücher", "garden", "kids", "vinyl", "日本茶")

EDUCATIONS: Final = ("School", "College", "Graduate")

LANGUAGES: Final = ("de", "en", "hi", "pt", "ar")

BIO: Final = (
    "Likes long walks, short invoices and parcels that arrive.",
    "Reads everything, returns nothing.",
    'Says "hello" \\ means it. 100 % organic; <b>bold</b> & 7 > 3.',
)

PRODUCTS: Final = (
    ("TEA-01", "Green tea, 250 g", "12.90"),
    ("MUG-07", "Mug “Morgenröte”", "18.50"),
    ("REC-33", "Blue Train (LP)", "29.99"),
    ("POT-02", "Cast-iron teapot", "89.00"),
    ("BAG-11", "Canvas bag", "15.00"),
    ("KEY-99", "Brass key, 3 ct", "0.05"),
)

PAGES: Final = ("/", "/tea", "/mugs", "/records?sort=new&page=2", "/cart", "/checkout")

EVENTS: Final = ("Product Viewed", "Category Viewed", "Cart Viewed", "Search Performed")

DEVICES: Final = ("phone", "tablet", "desktop", None)
