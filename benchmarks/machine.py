"""Where it was measured, without the name of the machine or of anything on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

_PACKAGES: Final = (
    "target-clevertap",
    "singer-sdk",
    "msgspec",
    "jsonschema-rs",
    "phonenumbers",
    "requests",
    "simplejson",
)


def described() -> list[tuple[str, str]]:
    """What a reader needs to compare these figures with others: names and values."""
    release = platform.release().partition("-")[0]  # what follows is the name of a build
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} logical cores"),
        ("memory", f"{_memory_gib():.0f} GiB"),
        ("system", f"{platform.system()} {release}, {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("packages", packages),
    ]


def load() -> float:
    """How many processes wanted a core in the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
