"""The second wall between organizations: row-level security with FORCE, and grants to roles that own nothing."""

from alembic import op

_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"


def isolate(
    table: str,
    *,
    column: str = "organization_id",
    app: str = "SELECT, INSERT, UPDATE, DELETE",
    worker: str | None = None,
) -> None:
    """Let the app's role see one organization's rows; with `worker`, let the worker's role see all rows."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY organization ON {table} TO stageline_app "
        f"USING ({column} = {_ORGANIZATION}) WITH CHECK ({column} = {_ORGANIZATION})"
    )
    op.execute(f"GRANT {app} ON {table} TO stageline_app")
    if worker is not None:
        op.execute(f"CREATE POLICY worker ON {table} TO stageline_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {worker} ON {table} TO stageline_worker")
