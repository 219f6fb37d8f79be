"""Counting what a run does must not make it wait at its start."""

from __future__ import annotations

import subprocess
import sys


def test_what_writes_and_draws_is_loaded_when_it_is_needed() -> None:
    needed = "import sys, target_clevertap.report.folder, target_clevertap.report.progress"
    shown = "print(sorted({'jinja2', 'rich', 'target_clevertap.report.model'} & set(sys.modules)))"
    loaded = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", f"{needed}; {shown}"], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
