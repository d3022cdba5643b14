"""Keys say what they may do: `*` where nothing was said before, and never nothing."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE api_keys ALTER COLUMN scopes SET DEFAULT '{*}'")
    _change("scopes = '{*}' WHERE scopes = '{}'")
    op.create_check_constraint(op.f("ck_api_keys__scopes"), "api_keys", "cardinality(scopes) > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_api_keys__scopes"), "api_keys", type_="check")
    op.execute("ALTER TABLE api_keys ALTER COLUMN scopes SET DEFAULT '{}'")
    # the release before knows no scopes: a key that was given some of them could do everything
    _change("revoked_at = now() WHERE scopes <> '{*}' AND revoked_at IS NULL")
    _change("scopes = '{}'")


def _change(what: str) -> None:
    # forced, the policies would hide every row from the owner too
    op.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
    op.execute(f"UPDATE api_keys SET {what}")
    op.execute("ALTER TABLE api_keys FORCE ROW LEVEL SECURITY")
