"""Partitions by month: made ahead and dropped by the service through functions of the owner, which alone may do it."""

import sqlalchemy as sa
from alembic import op

from app.core.partitions import MONTHS_AHEAD
from app.core.schema import Xid8
from app.core.walls import isolate

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_GRANTED = {
    "create_partitions_ahead(integer, timestamptz)": "stageline_app, stageline_worker",
    "drop_expired_partitions(text, timestamptz)": "stageline_worker",
}
_INNER = ("first_id_of(timestamptz)", "create_partition(text, timestamptz)")

# The functions run as the owner: names are looked up in fixed places, months are those of UTC, and a lock that is not
# free soon is left for the next time. One of them at a time; whoever comes second has nothing left to do.
_SETTINGS = "SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms'"
_ONE_AT_A_TIME = "IF NOT pg_try_advisory_xact_lock(7264190155002)"

_FUNCTIONS = (
    """
CREATE FUNCTION first_id_of(moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$
    """,
    # Attached only when it is complete: the table that is being written to is not locked against anybody.
    f"""
CREATE FUNCTION create_partition(parent text, month timestamptz) RETURNS void LANGUAGE plpgsql {_SETTINGS} AS $$
DECLARE
    name text := parent || to_char(month, '_YYYY_MM');
BEGIN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', name, parent);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = format('public.%I', parent)::regclass AND tgname = 'refuse_truncate')
    THEN
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', name);
    END IF;
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        parent, name, public.first_id_of(month), public.first_id_of(month + interval '1 month'));
END $$
    """,
    f"""
CREATE FUNCTION create_partitions_ahead(months integer, moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {_SETTINGS} AS $$
DECLARE
    missing record;
    made integer := 0;
BEGIN
    IF months NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'partitions are made at most 24 months ahead' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    {_ONE_AT_A_TIME} THEN
        RETURN 0;
    END IF;
    FOR missing IN
        SELECT parent.relname, month
        FROM pg_partitioned_table
        JOIN pg_class parent ON parent.oid = partrelid AND parent.relnamespace = 'public'::regnamespace
        CROSS JOIN generate_series(
            date_trunc('month', moment), date_trunc('month', moment) + make_interval(months => months), '1 month'
        ) month
        WHERE to_regclass(format('public.%I', parent.relname || to_char(month, '_YYYY_MM'))) IS NULL
        ORDER BY parent.relname, month
    LOOP
        PERFORM public.create_partition(missing.relname, missing.month);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$
    """,
    # Whatever it is asked for, this month and the one before stay.
    rf"""
CREATE FUNCTION drop_expired_partitions(parent text, before timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER {_SETTINGS} AS $$
DECLARE
    name text;
    dropped text[] := '{{}}';
BEGIN
    IF before > date_trunc('month', now()) - interval '1 month' THEN
        RAISE EXCEPTION 'this month and the one before are kept' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    {_ONE_AT_A_TIME} THEN
        RETURN dropped;
    END IF;
    FOR name IN
        SELECT relname
        FROM pg_inherits
        JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = to_regclass(format('public.%I', parent))
          AND relname ~ '_\d{{4}}_\d{{2}}$' AND right(relname, 7) < to_char(before, 'YYYY_MM')
        ORDER BY relname
    LOOP
        EXECUTE format('DROP TABLE public.%I', name);
        dropped := dropped || name;
    END LOOP;
    RETURN dropped;
END $$
    """,
)


def upgrade() -> None:
    op.create_table(
        "last_dropped_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_last_dropped_events__organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_last_dropped_events")),
    )
    isolate("last_dropped_events", app="SELECT", worker="SELECT, INSERT, UPDATE")
    for function in _FUNCTIONS:
        op.execute(function)
    for signature in (*_INNER, *_GRANTED):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    for signature, roles in _GRANTED.items():
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {roles}")
    op.execute(f"SELECT create_partitions_ahead({MONTHS_AHEAD}, now())")


def downgrade() -> None:
    for signature in (*reversed(_GRANTED), *reversed(_INNER)):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_table("last_dropped_events")
