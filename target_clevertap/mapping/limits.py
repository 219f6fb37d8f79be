"""CleverTap's limits, each with its source. Lengths count characters, as CleverTap does now.

The upload pages say bytes where the newer platform considerations say characters; the newer page
is followed (CleverTap: platform considerations, 2026).
"""

from __future__ import annotations

from typing import Final

MAX_TEXT: Final = 512
"""Characters of a text value, and of one item of a multi-value property (P-PC, 2026)."""

MAX_LIST: Final = 100
"""Items of a multi-value property; CleverTap drops the oldest beyond it (P-PC, 2026)."""

MAX_NAME: Final = 120
"""Characters of a property's name; also kept for event names, whose limit is not published."""

MAX_PROPERTIES: Final = 256
"""Properties of a profile or an event (P-UP and P-PC, 2026; error 522)."""

MAX_ITEMS: Final = 256
"""Objects in `Items` of the event Charged (P-PC, 2026)."""

MAX_IDENTITY: Final = 1024
"""Characters of an identifier (CSV and SFTP import pages, 2026; error 523)."""
