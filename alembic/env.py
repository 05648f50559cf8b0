"""Run by alembic: migrates the connection that `guard.store.migrate` hands over, or the url of alembic.ini."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel import AutoString

from guard.store.columns import Finite, UtcMicros
from guard.store.engine import open_engine
from guard.store.location import Location
from guard.store.tables import metadata

_PLAIN = {AutoString: "sa.String()", UtcMicros: "sa.BigInteger()", Finite: "sa.Double()"}


def plain(kind: str, item: Any, _: object) -> str | Literal[False]:
    """A new revision is written in plain types: it must not change when ours do."""
    return _PLAIN.get(type(item), False) if kind == "type" else False


def migrate(connection: Connection) -> None:
    """Run what was asked for, in the transaction that is open already."""
    # render_as_batch: SQLite changes a table by building it anew.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=True,
        render_item=plain,
    )
    with context.begin_transaction():
        context.run_migrations()


def migrate_alone(url: str) -> None:
    """Migrate the database of alembic.ini."""
    engine = open_engine(Location.parse(url), "migrate")
    try:
        with engine.begin() as connection:
            migrate(connection)
    finally:
        engine.dispose()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is None:
    migrate_alone(context.config.get_main_option("sqlalchemy.url") or "")
else:
    migrate(handed_over)
