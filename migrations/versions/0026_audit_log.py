"""The audit log: triggers note every write of an organization's records, with who did it and from where."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.partitions import MONTHS_AHEAD
from app.core.schema import Xid8
from app.core.walls import isolate

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_RECORDS = {
    "organizations": "organization",
    "teams": "team",
    "users": "user",
    "api_keys": "api_key",
    "pipelines": "pipeline",
    "pipeline_versions": "pipeline_version",
    "accounts": "account",
    "contacts": "contact",
    "products": "product",
    "opportunities": "opportunity",
    "opportunity_contact_roles": "contact_role",
    "opportunity_line_items": "line_item",
    "objections": "objection",
    "leads": "lead",
    "activities": "activity",
    "proposals": "proposal",
    "contracts": "contract",
    "handoffs": "handoff",
    "satisfaction_surveys": "satisfaction_survey",
    "issues": "issue",
    "reviews": "review",
    "imports": "import",
    "team_targets": "team_target",
    "team_target_allocations": "team_target_allocation",
    "webhook_endpoints": "webhook_endpoint",
    "webhook_replays": "webhook_replay",
}
_KEYS = {"pipeline_versions": "pipeline_id", "webhook_replays": "endpoint_id"}
_ALWAYS_LEFT_OUT = ["organization_id", "id", "version", "created_at", "updated_at"]
_LEFT_OUT = {
    "api_keys": ["last_used_at"],
    **{table: ["search_text"] for table in ("accounts", "opportunities", "products", "teams", "users")},
    "contacts": ["email_key", "search_text"],
    "leads": ["email_key", "search_text"],
    # how calling it goes, which the log of attempts says
    "webhook_endpoints": [
        "failing_since",
        "consecutive_failures",
        "last_success_at",
        "failing_subject_ids",
        "failed_probes",
        "breaker_open_until",
        "is_replaying",
    ],
    "webhook_replays": ["after_id"],
}
_SECRET = {"api_keys": ["secret_sha256", "old_secret_sha256"], "webhook_endpoints": ["secret", "old_secret"]}

# The functions run as the owner, so that nobody else needs to be able to write the log: names are looked up in fixed
# places. One note per row, one statement per statement: a transition table holds what a set-based write touched.
# OFFSET 0 has each row rendered once and not wherever it is looked at.
_SETTINGS = "SET search_path = pg_catalog, public, pg_temp"
_COLUMNS = """organization_id, id, occurred_at, action, record_type, record_id, actor_id, source, request_id, client_address,
            credential_id, before, after"""
_FUNCTIONS = (
    """
CREATE FUNCTION without_secrets(row_values jsonb, secret text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN row_values ?| secret THEN (
        SELECT jsonb_object_agg(key, CASE WHEN key = ANY (secret) AND value <> 'null' THEN '"(secret)"' ELSE value END)
        FROM jsonb_each(row_values)
    ) ELSE row_values END
$$
    """,
    f"""
CREATE FUNCTION write_audit_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {_SETTINGS} AS $$
DECLARE
    record_key text := TG_ARGV[1];
    left_out text[] := TG_ARGV[2];
    secret text[] := TG_ARGV[3];
    moment timestamptz := clock_timestamp();
    microseconds bigint := extract(epoch FROM moment) * 1000000;
    -- a UUIDv7: the moment, something random, the number of the row in its statement
    id_start text := lpad(to_hex(microseconds / 1000), 12, '0') || '7'
        || lpad(to_hex(microseconds % 1000 * 4096 / 1000), 3, '0') || '8' || left(gen_random_uuid()::text, 7);
    actor uuid := nullif(current_setting('app.user_id', true), '');
    source text := coalesce(nullif(current_setting('app.source', true), ''),
        CASE current_setting('role') WHEN 'stageline_worker' THEN 'service' ELSE 'sql' END);
    request text := nullif(current_setting('app.request_id', true), '');
    address inet := nullif(current_setting('app.client_address', true), '');
    credential text := nullif(current_setting('app.credential_id', true), '');
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_log ({_COLUMNS})
        SELECT coalesce(written ->> 'organization_id', written ->> 'id')::uuid,
            (id_start || lpad(to_hex(row_number() OVER ()), 8, '0'))::uuid,
            moment, 'create', TG_ARGV[0], written ->> record_key, actor, source, request, address, credential,
            NULL, without_secrets(jsonb_strip_nulls(written - left_out), secret)
        FROM (SELECT to_jsonb(new_rows) AS written FROM new_rows OFFSET 0) created;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_log ({_COLUMNS})
        SELECT coalesce(gone ->> 'organization_id', gone ->> 'id')::uuid,
            (id_start || lpad(to_hex(row_number() OVER ()), 8, '0'))::uuid,
            moment, 'delete', TG_ARGV[0], gone ->> record_key, actor, source, request, address, credential,
            without_secrets(jsonb_strip_nulls(gone - left_out), secret), NULL
        FROM (SELECT to_jsonb(old_rows) AS gone FROM old_rows OFFSET 0) deleted;
    ELSE
        -- joined fully: a row that was given another key is noted as one deleted and one created
        INSERT INTO audit_log ({_COLUMNS})
        SELECT coalesce(written ->> 'organization_id', gone ->> 'organization_id', written ->> 'id', gone ->> 'id')::uuid,
            (id_start || lpad(to_hex(row_number() OVER ()), 8, '0'))::uuid,
            moment, CASE WHEN gone IS NULL THEN 'create' WHEN written IS NULL THEN 'delete' ELSE 'update' END,
            TG_ARGV[0], coalesce(written, gone) ->> record_key, actor, source, request, address, credential,
            CASE WHEN gone IS NOT NULL THEN without_secrets(differing.before, secret) END,
            CASE WHEN written IS NOT NULL THEN without_secrets(differing.after, secret) END
        FROM (SELECT to_jsonb(old_rows) AS gone FROM old_rows OFFSET 0) old
        FULL JOIN (SELECT to_jsonb(new_rows) AS written FROM new_rows OFFSET 0) new ON gone ->> record_key = written ->> record_key
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(key, gone -> key) AS before, jsonb_object_agg(key, written -> key) AS after
            FROM jsonb_object_keys(coalesce(written, gone) - left_out) AS key
            WHERE gone -> key IS DISTINCT FROM written -> key
        ) differing
        WHERE differing.after IS NOT NULL;
    END IF;
    RETURN NULL;
END $$
    """,
    """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'restrict_violation';
END $$
    """,
)
_OPERATIONS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("client_address", postgresql.INET(), nullable=True),
        sa.Column("credential_id", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_audit_log")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_audit_log__record_id", "audit_log", ["organization_id", "record_id"], unique=False)
    op.create_index(
        "ix_audit_log__actor_id",
        "audit_log",
        ["organization_id", "actor_id", "id"],
        unique=False,
        postgresql_where=sa.text("actor_id IS NOT NULL"),
    )
    op.create_index("ix_audit_log__xid_id", "audit_log", ["xid", "id"], unique=False)
    isolate("audit_log", app="SELECT", worker="SELECT")
    # row-level security is forced on the owner too, who writes the log for everybody
    op.execute("CREATE POLICY owner ON audit_log TO CURRENT_USER USING (true) WITH CHECK (true)")
    for function in _FUNCTIONS:
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION write_audit_log() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
    )
    op.execute(
        "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
    op.execute(f"SELECT create_partitions_ahead({MONTHS_AHEAD}, now())")
    for table, record_type in _RECORDS.items():
        left_out = ",".join((*_ALWAYS_LEFT_OUT, *_LEFT_OUT.get(table, ())))
        arguments = (
            f"'{record_type}', '{_KEYS.get(table, 'id')}', '{{{left_out}}}', '{{{','.join(_SECRET.get(table, ()))}}}'"
        )
        for operation, referencing in _OPERATIONS.items():
            op.execute(
                f"CREATE TRIGGER audit_{operation.lower()} AFTER {operation} ON {table} {referencing} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION write_audit_log({arguments})"
            )


def downgrade() -> None:
    for table in _RECORDS:
        for operation in _OPERATIONS:
            op.execute(f"DROP TRIGGER audit_{operation.lower()} ON {table}")
    op.drop_table("audit_log")
    for function in ("refuse_audit_change()", "write_audit_log()", "without_secrets(jsonb, text[])"):
        op.execute(f"DROP FUNCTION {function}")
