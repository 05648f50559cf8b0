"""The installed package upgrades a database without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
import guard
from guard.store.migrate import check, require_current, scripts_folder, upgrade
print(guard.__file__)
print(scripts_folder())
print(upgrade(sys.argv[1]))
require_current(sys.argv[1])
"""


def run(*command: str, cwd: Path, path: str = "") -> str:
    """Run a command of our own interpreter to its end; its standard output."""
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_wheel_upgrades_a_database(tmp_path: Path) -> None:
    """Built by hatchling, installed by pip, run elsewhere: the migrations travel inside."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "guard/_migrations/env.py" in names
    assert "guard/_migrations/versions/0001_the_first_tables.py" in names
    assert not [name for name in names if name.startswith("alembic") or "__pycache__" in name]
    site = tmp_path / "site"
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(*pip, "--target", str(site), str(wheel), cwd=elsewhere)
    url = f"sqlite:///{elsewhere}/guard.db"
    package, scripts, outcome = run("-c", PROGRAM, url, cwd=elsewhere, path=str(site)).splitlines()
    assert Path(package) == site / "guard" / "__init__.py"
    assert Path(scripts) == site / "guard" / "_migrations"
    assert outcome == f"made the database {elsewhere}/guard.db with schema 0003"
