"""A first `streams:` block for a tap's catalog: what its streams look like, each guess with why.

`read_catalog` reads what a tap prints with `--discover`; `suggest` writes YAML that is valid
settings as it stands. It guesses from names, formats and keys alone: nobody has seen a row yet.
"""

from target_clevertap.suggest.catalog import Catalog, read_catalog
from target_clevertap.suggest.suggestion import Suggestion, suggest

__all__ = ["Catalog", "Suggestion", "read_catalog", "suggest"]
