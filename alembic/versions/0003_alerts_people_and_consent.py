"""Where alerts stand, who may do what, what waits for consent, which hedges are open.

Revision: 0003, after 0002. Going back forgets all of it: alerts are told anew, hedges are legs like any other.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# A copy of it would have row ids: its columns are dropped in place.
_ROWLESS = "snapshot_positions"
_TABLES = (
    "grants",
    "groups",
    "alert_states",
    "rule_settings",
    "maintenance",
    "live_messages",
    "audit",
    "proposals",
    "hedges",
)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=null)


def _long_text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    """Whole microseconds since 1970-01-01 UTC."""
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _figure(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=True)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def _chat_number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return _refers(table, "account_id", "accounts.account_id", "CASCADE")


def _of_user(table: str, column: str = "user_id", on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return _refers(table, column, "users.user_id", on_delete)


def _refers(table: str, column: str, target: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=on_delete)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _added() -> dict[str, tuple[sa.Column[Any], ...]]:
    """New columns of tables that were there."""
    return {
        "users": (
            sa.Column("language", sa.String(), nullable=False, server_default="en"),
            sa.Column("timezone", sa.String(), nullable=False, server_default="UTC"),
            _text("quiet_from", null=True),
            _text("quiet_to", null=True),
        ),
        "accounts": (_moment("mode_until", null=True),),
        "outbox": (
            _text("collapse_key", null=True),
            _long_text("buttons", null=True),
            sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        "intents": (
            sa.Column("origin", sa.String(), nullable=False, server_default="auto"),
            _text("requested_by", null=True),
            _figure("cost_planned"),
            _figure("cost_actual"),
        ),
        "orders": (_figure("mark_price"),),
        "snapshot_positions": (_text("currency", null=True),),
    }


def upgrade() -> None:
    """Forward."""
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    _people()
    _alerts()
    _audit()
    _protection()


def downgrade() -> None:
    """Back."""
    for name in reversed(_TABLES):
        op.drop_table(name)
    for name, columns in _added().items():
        if name == _ROWLESS:
            for column in columns:
                op.drop_column(name, column.name)
            continue
        with op.batch_alter_table(name) as table:
            for column in reversed(columns):
                table.drop_column(column.name)


def _people() -> None:
    op.create_table(
        "grants",
        _text("account_id"),
        _text("user_id"),
        _text("role"),
        _key("grants", "account_id", "user_id"),
        _of_account("grants"),
        _of_user("grants"),
    )
    _index("grants", "user_id")
    op.create_table(
        "groups",
        _chat_number("chat_id"),
        _chat_number("topic_id"),
        _text("user_id"),
        _text("account_id", null=True),
        _text("title"),
        _moment("linked_at"),
        _moment("dead_since", null=True),
        _key("groups", "chat_id", "topic_id", "user_id"),
        _of_user("groups"),
        _of_account("groups"),
    )
    _index("groups", "user_id")
    _index("groups", "account_id")


def _alerts() -> None:
    op.create_table(
        "alert_states",
        _text("fingerprint"),
        _text("account_id"),
        _text("rule"),
        _text("status"),
        _text("level"),
        _long_text("headline"),
        _moment("since"),
        _moment("changed_at"),
        _moment("told_at", null=True),
        _text("told_level"),
        _number("times_told"),
        _text("seen_by", null=True),
        _moment("snoozed_until", null=True),
        _number("escalated"),
        _moment("clear_since", null=True),
        _moment("eased_at", null=True),
        _number("flaps"),
        _moment("unanswered_since", null=True),
        _figure("told_distance"),
        _key("alert_states", "fingerprint"),
        _of_account("alert_states"),
        _of_user("alert_states", "seen_by", "SET NULL"),
    )
    _index("alert_states", "account_id")
    _index("alert_states", "seen_by")
    op.create_table(
        "rule_settings",
        _text("account_id"),
        _text("rule"),
        _figure("value"),
        _text("set_by", null=True),
        _moment("set_at"),
        _key("rule_settings", "account_id", "rule"),
        _of_account("rule_settings"),
        _of_user("rule_settings", "set_by", "SET NULL"),
    )
    _index("rule_settings", "set_by")
    op.create_table(
        "maintenance",
        _text("window_id"),
        _text("user_id"),
        _text("account_id", null=True),
        _moment("starts_at"),
        _moment("ends_at"),
        _text("reason"),
        _key("maintenance", "window_id"),
        _of_user("maintenance"),
        _of_account("maintenance"),
    )
    _index("maintenance", "user_id")
    _index("maintenance", "account_id")
    _index("maintenance", "ends_at")
    op.create_table(
        "live_messages",
        _text("destination"),
        _text("account_id"),
        _text("message_id"),
        _text("shown"),
        _moment("edited_at"),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        _key("live_messages", "destination", "account_id"),
        _of_account("live_messages"),
    )
    _index("live_messages", "account_id")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _BIG, nullable=False),
        _moment("at"),
        _text("user_id", null=True),
        _text("account_id", null=True),
        _text("what"),
        _long_text("detail"),
        _key("audit", "seq"),
    )
    _index("audit", "at")
    _index("audit", "account_id", "at")


def _protection() -> None:
    op.create_table(
        "proposals",
        _text("proposal_id"),
        _text("nonce_hash"),
        _text("account_id"),
        _text("user_id", null=True),
        _long_text("request"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", null=True),
        _text("used_by", null=True),
        _text("outcome", null=True),
        _key("proposals", "proposal_id"),
        sa.UniqueConstraint("nonce_hash", name="uq_proposals_nonce_hash"),
        _of_account("proposals"),
        _of_user("proposals"),
    )
    _index("proposals", "account_id")
    _index("proposals", "user_id")
    op.create_table(
        "hedges",
        _text("hedge_id"),
        _text("account_id"),
        _text("intent_id"),
        _text("symbol"),
        _text("leg"),
        _text("contracts"),
        _text("protects_symbol"),
        _text("protects_leg"),
        _moment("opened_at"),
        _moment("closed_at", null=True),
        _text("close_reason", null=True),
        _moment("safe_since", null=True),
        _key("hedges", "hedge_id"),
        _of_account("hedges"),
    )
    _index("hedges", "account_id")
