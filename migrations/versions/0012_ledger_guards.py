"""What the database refuses by itself: changes of the ledgers, and a stage change without its row and its event."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LEDGERS = ("events", "stage_transitions", "pipeline_versions")
_RECORDS = {"opportunities": "opportunity", "leads": "lead"}

_FUNCTIONS = (
    """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is a ledger: rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
    """,
    """
CREATE FUNCTION demand_next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of % advances version by exactly one', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
    """,
    """
CREATE FUNCTION demand_next_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_sequence <> OLD.last_sequence + 1 OR NEW.id <> OLD.id OR NEW.type <> OLD.type
        OR NEW.last_event_id IS NOT DISTINCT FROM OLD.last_event_id
    THEN
        RAISE EXCEPTION 'the events of a subject are numbered without gaps'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.last_xid > pg_current_xact_id() THEN
        RAISE EXCEPTION 'the newest event of the subject belongs to a later transaction: the log would be out of order'
            USING ERRCODE = 'serialization_failure';
    END IF;
    NEW.last_xid := pg_current_xact_id();
    RETURN NEW;
END $$
    """,
    """
CREATE FUNCTION demand_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.xid <> pg_current_xact_id() OR NOT EXISTS (
        SELECT FROM subjects s
        WHERE s.organization_id = NEW.organization_id
          AND s.id = NEW.subject_id
          AND s.type = NEW.subject_type
          AND s.last_sequence = NEW.sequence
          AND s.last_event_id = NEW.id
          AND s.last_xid = NEW.xid
    ) THEN
        RAISE EXCEPTION 'an event has the number that its subject has just been advanced to for it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
    """,
    """
CREATE FUNCTION demand_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM stage_transitions t
        JOIN events e ON e.organization_id = t.organization_id AND e.id = t.event_id
        WHERE t.organization_id = NEW.organization_id
          AND CASE TG_ARGV[0] WHEN 'lead' THEN t.lead_id = NEW.id ELSE t.opportunity_id = NEW.id END
          AND t.record_version = NEW.version
          AND t.from_stage = OLD.stage
          AND t.to_stage = NEW.stage
          AND t.outcome = NEW.outcome
          AND e.subject_id = NEW.id
          AND e.type = TG_ARGV[0] || '.stage_changed'
    ) THEN
        RAISE EXCEPTION 'a stage changes only together with its transition and its event'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
    """,
    """
CREATE FUNCTION demand_stage_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM events e
        WHERE e.organization_id = NEW.organization_id
          AND e.id = NEW.event_id
          AND e.subject_id = coalesce(NEW.opportunity_id, NEW.lead_id)
          AND e.sequence = NEW.sequence
          AND e.type = CASE WHEN NEW.lead_id IS NULL THEN 'opportunity' ELSE 'lead' END || '.stage_changed'
    ) THEN
        RAISE EXCEPTION 'a transition is recorded only together with its event'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
    """,
    """
CREATE FUNCTION demand_stage_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM stage_transitions t
        WHERE t.organization_id = NEW.organization_id AND t.event_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'a stage event is published only together with its transition'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
    """,
)


def upgrade() -> None:
    for function in _FUNCTIONS:
        op.execute(function)
    for table in _LEDGERS:
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER demand_next_sequence BEFORE UPDATE ON subjects "
        "FOR EACH ROW EXECUTE FUNCTION demand_next_sequence()"
    )
    op.execute("CREATE TRIGGER demand_number AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION demand_number()")
    for table, subject in _RECORDS.items():
        op.execute(
            f"CREATE TRIGGER demand_next_version BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION demand_next_version()"
        )
        op.execute(
            f"CREATE CONSTRAINT TRIGGER demand_transition AFTER UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (OLD.stage IS DISTINCT FROM NEW.stage OR OLD.outcome IS DISTINCT FROM NEW.outcome) "
            f"EXECUTE FUNCTION demand_transition('{subject}')"
        )
    op.execute(
        "CREATE CONSTRAINT TRIGGER demand_stage_event AFTER INSERT ON stage_transitions "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.import_id IS NULL) EXECUTE FUNCTION demand_stage_event()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER demand_stage_transition AFTER INSERT ON events "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.type LIKE '%.stage\\_changed') "
        "EXECUTE FUNCTION demand_stage_transition()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER demand_stage_transition ON events")
    op.execute("DROP TRIGGER demand_stage_event ON stage_transitions")
    for table in _RECORDS:
        op.execute(f"DROP TRIGGER demand_transition ON {table}")
        op.execute(f"DROP TRIGGER demand_next_version ON {table}")
    op.execute("DROP TRIGGER demand_number ON events")
    op.execute("DROP TRIGGER demand_next_sequence ON subjects")
    for table in _LEDGERS:
        op.execute(f"DROP TRIGGER refuse_truncate ON {table}")
        op.execute(f"DROP TRIGGER refuse_change ON {table}")
    for function in (
        "demand_stage_transition",
        "demand_stage_event",
        "demand_transition",
        "demand_number",
        "demand_next_sequence",
        "demand_next_version",
    ):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION refuse_change() CASCADE")  # with the triggers that partitions have for themselves
