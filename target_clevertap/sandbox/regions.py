"""The hosts of CleverTap's regions: an account is known in its own alone (3P; DOC for the hosts).

A call that names no host of CleverTap's, as every call to `127.0.0.1` does, is in the right region.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Region: TypeAlias = Literal["eu1", "in1", "sg1", "us1", "aps3", "mec1", "sk1"]

DOMAIN = "api.clevertap.com"
EUROPE = "eu1"
"""The region of the host without a prefix (DOC); that `eu1.` leads there too is CODE."""


def is_elsewhere(host: str, region: str) -> bool:
    """Whether `host`, as a `Host` header has it, is CleverTap's in another region."""
    name = host.partition(":")[0].lower()
    if name == DOMAIN:
        return region != EUROPE
    return name.endswith(f".{DOMAIN}") and name != f"{region}.{DOMAIN}"
