"""The modes in which an account was last read: position mode, margin model, settlement currencies.

Revision: 0002, after 0001. Going back forgets them; they are read anew at the next cycle.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("position_mode", "margin_model", "settles")


def upgrade() -> None:
    """Forward."""
    for name in _COLUMNS:
        op.add_column("accounts", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("accounts") as table:
        for name in reversed(_COLUMNS):
            table.drop_column(name)
