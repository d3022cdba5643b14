"""The record of imports, which the transitions they brought refer to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.walls import isolate

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("refused_rows", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("refused_rows >= 0", name=op.f("ck_imports__refused_rows")),
        sa.CheckConstraint("finished_at >= started_at", name=op.f("ck_imports__finished_at")),
        sa.ForeignKeyConstraint(
            ["organization_id", "actor_id"], ["users.organization_id", "users.id"], name="fk_imports__actor_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_imports__organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports__started_at", "imports", ["organization_id", "started_at", "id"], unique=False)
    isolate("imports", app="SELECT, INSERT")
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON imports FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.create_foreign_key(
        "fk_stage_transitions__import_id",
        "stage_transitions",
        "imports",
        ["organization_id", "import_id"],
        ["organization_id", "id"],
        deferrable=True,
        initially="DEFERRED",
    )


def downgrade() -> None:
    op.drop_constraint("fk_stage_transitions__import_id", "stage_transitions", type_="foreignkey")
    op.drop_table("imports")
