"""The first tables: people, accounts, history, alerts, protection.

Revision: 0001, after nothing.

Written out in plain types, and frozen: what the program's tables become later must not change what this builds.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "meta",
    "users",
    "chats",
    "link_codes",
    "refusals",
    "accounts",
    "watch_states",
    "snapshots",
    "snapshot_positions",
    "zone_changes",
    "alerts",
    "outbox",
    "intents",
    "orders",
)


def upgrade() -> None:
    """Forward."""
    _meta()
    _people()
    _accounts()
    _history()
    _alerts()
    _protection()


def downgrade() -> None:
    """Back to nothing; everything is lost."""
    for name in reversed(_TABLES):
        op.drop_table(name)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    """Whole microseconds since 1970-01-01 UTC."""
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _figure(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=null)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def _chat_number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def _serial() -> sa.Column[Any]:
    return sa.Column("seq", _BIG, nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=f"uq_{table}_{column}")


def _refers(table: str, column: str, target: str, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=on_delete)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _partial_index(table: str, name: str, columns: list[str], where: str) -> None:
    rows = sa.text(where)
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=rows, postgresql_where=rows)


def _meta() -> None:
    op.create_table("meta", _text("name"), _text("value"), _key("meta", "name"))


def _people() -> None:
    op.create_table(
        "users",
        _text("user_id"),
        _text("name"),
        _moment("created_at"),
        _key("users", "user_id"),
        _unique("users", "name"),
    )
    op.create_table(
        "chats",
        _chat_number("chat_id"),
        _chat_number("chat_user_id"),
        _text("user_id"),
        _text("title"),
        _moment("linked_at"),
        _moment("dead_since", null=True),
        _key("chats", "chat_id", "chat_user_id"),
        _refers("chats", "user_id", "users.user_id"),
    )
    _index("chats", "chat_user_id")
    _index("chats", "user_id")
    op.create_table(
        "link_codes",
        _text("code_hash"),
        _text("user_id"),
        _moment("expires_at"),
        _key("link_codes", "code_hash"),
        _refers("link_codes", "user_id", "users.user_id"),
    )
    _index("link_codes", "user_id")
    op.create_table(
        "refusals",
        _chat_number("chat_id"),
        _chat_number("chat_user_id"),
        _moment("first_at"),
        _moment("last_at"),
        _number("times"),
        _text("what"),
        _key("refusals", "chat_id", "chat_user_id"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        _text("account_id"),
        _text("name"),
        _text("venue"),
        _text("base_url", null=True),
        _text("book_file", null=True),
        _text("owner_id", null=True),
        _text("mode"),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        _moment("created_at"),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        _text("key_id", null=True),
        _key("accounts", "account_id"),
        _unique("accounts", "name"),
        _refers("accounts", "owner_id", "users.user_id", "RESTRICT"),
    )
    _index("accounts", "owner_id")
    op.create_table(
        "watch_states",
        _text("account_id"),
        _text("zone"),
        _text("last_known"),
        _number("clear_cycles"),
        _number("blind_cycles"),
        _text("reason"),
        _moment("last_cycle_at", null=True),
        _key("watch_states", "account_id"),
        _refers("watch_states", "account_id", "accounts.account_id"),
    )


def _history() -> None:
    op.create_table(
        "snapshots",
        _serial(),
        _text("account_id"),
        _moment("at"),
        _text("zone"),
        _text("reason"),
        _text("quality"),
        _moment("data_at", null=True),
        _text("currency", null=True),
        _figure("equity", null=True),
        _figure("unrealized_pnl", null=True),
        _figure("initial_margin", null=True),
        _figure("maintenance_margin", null=True),
        _figure("available_margin", null=True),
        _figure("risk_ratio", null=True),
        _figure("margin_level", null=True),
        _figure("distance", null=True),
        _figure("effective_leverage", null=True),
        _text("error", null=True),
        _key("snapshots", "seq"),
        _refers("snapshots", "account_id", "accounts.account_id"),
    )
    _index("snapshots", "account_id", "at")
    op.create_table(
        "snapshot_positions",
        sa.Column("snapshot_seq", _BIG, nullable=False, autoincrement=False),
        _number("ordinal"),
        _text("symbol"),
        _text("side"),
        _figure("contracts"),
        _figure("entry_price"),
        _figure("mark_price"),
        _figure("notional"),
        _figure("unrealized_pnl"),
        _figure("maintenance_margin"),
        _figure("liquidation_price", null=True),
        _key("snapshot_positions", "snapshot_seq", "ordinal"),
        _refers("snapshot_positions", "snapshot_seq", "snapshots.seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "zone_changes",
        _serial(),
        _text("change_id"),
        _text("account_id"),
        _moment("at"),
        _text("before"),
        _text("after"),
        _text("reason"),
        _key("zone_changes", "seq"),
        _unique("zone_changes", "change_id"),
        _refers("zone_changes", "account_id", "accounts.account_id"),
    )
    _index("zone_changes", "account_id", "at")


def _alerts() -> None:
    op.create_table(
        "alerts",
        _serial(),
        _text("alert_id"),
        _text("account_id"),
        _text("rule"),
        _text("fingerprint"),
        _text("zone"),
        _text("reason"),
        _moment("at"),
        sa.Column("text", sa.Text(), nullable=False),
        _key("alerts", "seq"),
        _unique("alerts", "alert_id"),
        _refers("alerts", "account_id", "accounts.account_id"),
    )
    _index("alerts", "at")
    _index("alerts", "account_id", "at")
    _index("alerts", "fingerprint", "at")
    op.create_table(
        "outbox",
        _serial(),
        _text("message_id"),
        _text("dedupe_key"),
        _text("destination"),
        sa.Column("html", sa.Text(), nullable=False),
        _moment("created_at"),
        _number("priority"),
        _text("alert_id", null=True),
        _text("account_id", null=True),
        _number("attempts"),
        _moment("next_attempt_at", null=True),
        _text("last_error", null=True),
        _moment("delivered_at", null=True),
        _text("receipt", null=True),
        _moment("dead_at", null=True),
        _key("outbox", "seq"),
        _unique("outbox", "message_id"),
        _unique("outbox", "dedupe_key"),
        _refers("outbox", "alert_id", "alerts.alert_id", "SET NULL"),
        _refers("outbox", "account_id", "accounts.account_id", "SET NULL"),
    )
    _index("outbox", "alert_id")
    _index("outbox", "account_id")
    pending = "delivered_at IS NULL AND dead_at IS NULL"
    _partial_index("outbox", "pending", ["priority", "created_at"], pending)
    waiting = f"{pending} AND next_attempt_at IS NOT NULL"
    _partial_index("outbox", "waiting", ["destination", "priority", "next_attempt_at"], waiting)


def _protection() -> None:
    op.create_table(
        "intents",
        _serial(),
        _text("intent_id"),
        _text("account_id"),
        _moment("at"),
        _text("state"),
        _text("zone"),
        _text("reason"),
        sa.Column("detail", sa.Text(), nullable=False),
        _figure("risk_ratio_before", null=True),
        _figure("risk_ratio_after", null=True),
        _figure("notional"),
        _moment("finished_at", null=True),
        _key("intents", "seq"),
        _unique("intents", "intent_id"),
        _refers("intents", "account_id", "accounts.account_id"),
    )
    _index("intents", "at")
    _index("intents", "account_id", "at")
    _index("intents", "state", "at")
    op.create_table(
        "orders",
        _serial(),
        _text("order_id"),
        _text("intent_id"),
        _text("account_id"),
        _number("step"),
        _text("client_order_id"),
        _text("remedy"),
        _text("symbol"),
        _text("side"),
        _text("leg"),
        _text("contracts"),
        _text("limit_price"),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        _text("state"),
        _moment("updated_at"),
        _text("venue_order_id", null=True),
        _text("filled"),
        _figure("average_price", null=True),
        _text("error", null=True),
        _key("orders", "seq"),
        _unique("orders", "order_id"),
        _unique("orders", "client_order_id"),
        _refers("orders", "intent_id", "intents.intent_id"),
        _refers("orders", "account_id", "accounts.account_id"),
    )
    _index("orders", "intent_id")
    _index("orders", "account_id")
