"""The package as users get it: a wheel that installs into an empty environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def uv(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "uv", *map(str, arguments)], check=True)  # noqa: S603 - our own tool


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_types_and_licence_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "target_clevertap/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests", "examples", "scripts")) for name in names)


def test_the_wheel_installs_and_runs_alone(wheel: Path, tmp_path: Path) -> None:
    uv("venv", "--quiet", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    constraints = ROOT / "constraints.txt"
    uv("pip", "install", "--quiet", "--python", python, "--constraint", constraints, wheel)
    shown = run(tmp_path / "env" / "bin" / "target-clevertap", "--version")
    assert f"target-clevertap v{version('target-clevertap')}" in shown.stdout
    assert run(python, "-m", "target_clevertap", "--version").stdout == shown.stdout
    # Without its extra the sandbox says so in one sentence.
    alone = run(tmp_path / "env" / "bin" / "clevertap-sandbox")
    assert alone.returncode == 1
    assert "target-clevertap[sandbox]" in alone.stderr
    assert "Traceback" not in alone.stderr


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - what was just installed
        [*map(str, command)], capture_output=True, text=True, check=False, timeout=60
    )
