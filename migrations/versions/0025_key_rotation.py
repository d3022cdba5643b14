"""How often a key was rotated, its secret before the last time, and until when that works."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("rotations", sa.Integer(), server_default="0", nullable=False))
    op.add_column("api_keys", sa.Column("old_secret_sha256", sa.LargeBinary(), nullable=True))
    op.add_column("api_keys", sa.Column("old_secret_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_api_keys__old_secret"), "api_keys", "(old_secret_sha256 IS NULL) = (old_secret_expires_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_column("api_keys", "old_secret_expires_at")
    op.drop_column("api_keys", "old_secret_sha256")
    op.drop_column("api_keys", "rotations")
