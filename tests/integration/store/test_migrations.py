"""Migrations on real files: forward, back, forward again; a copy first; all or nothing."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from guard.ports.errors import GuardError, InputError, StoreBusy, StoreError
from guard.store.engine import open_engine
from guard.store.location import Location
from guard.store.migrate import check, config, require_current, scripts_folder, upgrade
from guard.store.schema import HEAD, REVISIONS, SchemaState
from guard.store.tables import metadata

ROOT = Path(__file__).parents[3]

SECOND = '''
"""A second revision, for tests."""
import sqlalchemy as sa
from alembic import op
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("second", sa.Column("id", sa.Integer()))
    {then}
'''


@pytest.fixture
def new_url(tmp_path: Path) -> str:
    """A database that does not exist yet, in a folder that does not either."""
    return f"sqlite:///{tmp_path}/var/guard.db"


def with_second(tmp_path: Path, then: str = "pass") -> Path:
    """The program's scripts and a second revision."""
    scripts = tmp_path / "scripts"
    shutil.copytree(scripts_folder(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0004_second.py").write_text(SECOND.format(then=then))
    return scripts


def tables(file: Path) -> set[str]:
    """Names of the tables in a database."""
    with closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def objects(file: Path) -> list[tuple[str, ...]]:
    """Everything in a database's schema, as SQL."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def migrate(file: Path, revision: str) -> None:
    """Bring a database to a revision, forward or back."""
    engine = open_engine(Location(file), "migrate")

    def work(connection: Connection) -> None:
        settings = config(connection)
        if revision == "base":
            command.downgrade(settings, revision)
        else:
            command.upgrade(settings, revision)

    try:
        with engine.begin() as connection:
            work(connection)
    finally:
        engine.dispose()


def test_forward_back_and_forward_again(new_url: str, tmp_path: Path) -> None:
    """Back leaves nothing but alembic's own table; forward again is the same as at first."""
    file = tmp_path / "var" / "guard.db"
    outcome = upgrade(new_url)
    assert str(outcome) == f"made the database {file} with schema {HEAD}"
    first = objects(file)
    migrate(file, "base")
    assert tables(file) == {"alembic_version"}
    migrate(file, "head")
    assert objects(file) == first


def test_the_migrations_build_what_the_program_uses(file: Path) -> None:
    """No drift: a database built by the scripts has the tables, columns, keys and indexes of the classes."""
    engine = open_engine(Location(file), "read")
    try:
        with engine.begin() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        engine.dispose()


def test_drift_would_be_seen(file: Path) -> None:
    """The comparison is able to fail: a missing index and a column of another type."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP INDEX ix_outbox_waiting")
        connection.execute("ALTER TABLE meta RENAME COLUMN value TO content")
    engine = open_engine(Location(file), "read")
    try:
        with engine.begin() as connection_:
            found = compare_metadata(MigrationContext.configure(connection_), metadata)
    finally:
        engine.dispose()
    assert sorted(difference[0] for difference in found) == ["add_column", "add_index", "remove_column"]


def test_sql_of_tables_is_the_same_from_scripts_and_classes(file: Path, tmp_path: Path) -> None:
    """What alembic does not compare (partial indexes, ON DELETE, WITHOUT ROWID) is the same as well."""
    other = tmp_path / "classes.db"
    engine = open_engine(Location(other), "migrate")
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()

    def normal(schema: list[tuple[str, ...]]) -> set[str]:
        """Each statement as the sorted list of its pieces: constraints come in no particular order."""
        statements = [row[3].replace('"', "") for row in schema if row[3] and "alembic_version" not in row[3]]
        return {
            " | ".join(sorted(piece.strip() for piece in re.split(r",\s|[()\n]", sql) if piece.strip()))
            for sql in statements
        }

    assert normal(objects(file)) == normal(objects(other))


def test_the_program_knows_its_revisions(file: Path) -> None:
    """`REVISIONS`, which needs no alembic, is what the scripts say."""
    engine = open_engine(Location(file), "read")
    with engine.begin() as connection:
        scripts = ScriptDirectory.from_config(config(connection))
    engine.dispose()
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_a_new_database_is_private_and_durable(new_url: str, tmp_path: Path) -> None:
    """0600, write-ahead log, no copy."""
    outcome = upgrade(new_url)
    file = tmp_path / "var" / "guard.db"
    assert file.stat().st_mode & 0o777 == 0o600
    assert outcome.copy is None
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_upgrade_twice_is_nothing(url: str, file: Path) -> None:
    """A current database is left as it is, without a copy."""
    before = file.read_bytes()
    outcome = upgrade(url)
    assert str(outcome) == f"the database {file} is at schema {HEAD} already"
    assert file.read_bytes() == before
    assert list(file.parent.glob("*before-upgrade*")) == []


def test_an_upgrade_copies_first(url: str, file: Path, tmp_path: Path) -> None:
    """The old database stands beside the new one, private, and is never written over."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO meta VALUES ('here', 'before')")
    taken = file.with_name(f"guard.db.before-upgrade-of-{HEAD}")
    taken.write_text("an older copy")
    outcome = upgrade(url, scripts=with_second(tmp_path), head="0004")
    assert (outcome.before, outcome.after) == (HEAD, "0004")
    assert outcome.copy == file.with_name(f"guard.db.before-upgrade-of-{HEAD}-1")
    assert str(outcome.copy) in str(outcome)
    assert taken.read_text() == "an older copy"
    assert outcome.copy.stat().st_mode & 0o777 == 0o600
    assert "second" in tables(file)
    assert "second" not in tables(outcome.copy)
    with closing(sqlite3.connect(outcome.copy)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'here'").fetchone() == ("before",)


@pytest.mark.parametrize(
    ("then", "error"),
    [
        ("raise ArithmeticError", ArithmeticError),
        ('op.execute("CREATE TABLE meta (a)")', StoreError),
        ("op.execute(\"INSERT INTO link_codes VALUES ('hash', 'nobody', 1)\")", StoreError),
    ],
    ids=["defect", "refused statement", "broken reference"],
)
def test_a_failed_upgrade_changes_nothing(
    url: str, file: Path, tmp_path: Path, then: str, error: type[Exception]
) -> None:
    """Tables and revision are where they were: the scripts run in one transaction."""
    before = objects(file)
    with pytest.raises(error):
        upgrade(url, scripts=with_second(tmp_path, then), head="0004")
    assert objects(file) == before
    assert check(url) == SchemaState(Location(file), HEAD)


def test_the_upgrade_of_a_locked_database_waits_and_says_so(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that upgrades is not disturbed."""
    monkeypatch.setattr("guard.store.engine.open_engine.__defaults__", (0.05,))
    upgrade(new_url)
    with closing(sqlite3.connect(tmp_path / "var" / "guard.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="was locked by another process"):
            upgrade(new_url)


def test_checking_makes_no_file(new_url: str, tmp_path: Path) -> None:
    """Looking at a database that is not there leaves nothing behind."""
    assert check(new_url) == SchemaState(Location(tmp_path / "var" / "guard.db"), None)
    assert not (tmp_path / "var").exists()


def test_a_missing_or_empty_database_names_the_command(new_url: str, tmp_path: Path) -> None:
    """No file, an empty file, and a database that was taken back to nothing."""
    with pytest.raises(InputError, match="is empty or does not exist; run `guard db upgrade`"):
        require_current(new_url)
    Location.parse(new_url).create()
    with pytest.raises(InputError, match="is empty or does not exist; run `guard db upgrade`"):
        require_current(new_url)
    upgrade(new_url)
    require_current(new_url)
    migrate(tmp_path / "var" / "guard.db", "base")
    with pytest.raises(InputError, match="is empty or does not exist; run `guard db upgrade`"):
        require_current(new_url)


def test_an_outdated_database_names_the_command(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has, what is needed, what to run."""
    monkeypatch.setattr("guard.store.schema.SchemaState.__init__.__defaults__", ("0004",))
    with pytest.raises(InputError) as caught:
        require_current(url)
    assert str(caught.value) == (
        f"the database {file} has schema 0003, this program needs 0004; run `guard db upgrade`"
    )


def test_a_newer_database_is_neither_used_nor_upgraded(url: str, file: Path) -> None:
    """A program that is too old would misread it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0042'")
    for attempt in (require_current, upgrade):
        with pytest.raises(InputError, match="has schema 0042, which this program does not know"):
            attempt(url)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """A wrong path must not put our tables into somebody's data."""
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE customers (name)")
    for attempt in (require_current, upgrade):
        with pytest.raises(InputError, match=r"is not the guard's: it has tables customers .*; name another file"):
            attempt(f"sqlite:///{file}")
    assert tables(file) == {"customers"}


@pytest.mark.parametrize("attempt", [require_current, upgrade])
def test_a_file_that_is_no_database_is_one_line(tmp_path: Path, attempt: object) -> None:
    """A wrong path that is a text."""
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, today I lost my key. " * 99)
    assert callable(attempt)
    with pytest.raises(GuardError, match="is not a SQLite database, or is damaged"):
        attempt(f"sqlite:///{file}")
    assert file.read_text().startswith("Dear diary")


def test_the_folder_of_migrations_does_not_shadow_the_library() -> None:
    """From the checkout's root, `import alembic` is the library, also for the upgrade itself."""
    code = "import alembic, guard.store.migrate; print(alembic.__file__); print(guard.store.migrate.scripts_folder())"
    answer = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    library, scripts = answer.stdout.splitlines()
    assert "site-packages" in library
    assert Path(scripts) == ROOT / "alembic"


def test_developers_can_ask_for_a_revision(tmp_path: Path) -> None:
    """`alembic` itself works with alembic.ini: on a current database, autogenerate finds nothing to do."""
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic", ignore=shutil.ignore_patterns("__pycache__"))
    ini = (ROOT / "alembic.ini").read_text().replace("sqlite:///var/guard.db", f"sqlite:///{tmp_path}/guard.db")
    (tmp_path / "alembic.ini").write_text(ini)
    upgrade(f"sqlite:///{tmp_path}/guard.db")
    subprocess.run(  # our own interpreter
        [sys.executable, "-m", "alembic", "revision", "--autogenerate", "--rev-id", "0004", "-m", "nothing"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    written = (tmp_path / "alembic" / "versions" / "0004_nothing.py").read_text()
    assert 'down_revision = "0003"' in written.replace("'", '"')
    assert "op." not in written.replace("from alembic import op", "")
