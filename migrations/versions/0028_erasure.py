"""Erasing a person: a function of the owner takes them out of records, ledgers, kept answers and the audit log."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# What is written about a deal or an account stays, but for the person's name, e-mail address and phone number.
_TEXTS = {
    "accounts": ["name", "website"],
    "opportunities": [
        *("name", "loss_note", "need", "need_note", "budget_note", "timeline_note"),
        *("decision_process", "decision_process_note"),
    ],
    "opportunity_line_items": ["description"],
    "objections": ["summary", "resolution"],
    "activities": ["summary", "note"],
    "proposals": ["title", "pricing", "terms", "delivery_timeline", "decision_note"],
    "contracts": ["number", "termination_reason"],
    "handoffs": ["note", "decision_note"],
    "satisfaction_surveys": ["comment"],
    "issues": ["title", "description", "resolution"],
    "reviews": ["competitor", "lesson"],
    "stage_transitions": ["reason", "override_reason"],
}
_OTHERS = (
    *("contacts", "leads", "opportunity_contact_roles", "events", "idempotency_keys", "webhook_deliveries"),
    *("webhook_attempts", "audit_links", "search_words", "search_vocabulary"),
)
_PERSONAL = (
    *("name", "email", "phone", "title", "external_id", "summary", "note", "comment", "need", "need_note"),
    *("budget_note", "timeline_note", "decision_process", "decision_process_note"),
    *("reason", "override_reason", "assignment_reason"),
)
_FREE = sorted(
    {"company_name", "disqualified_reason", "reasons", *_PERSONAL, *(name for each in _TEXTS.values() for name in each)}
)
# What deals and accounts take over from a lead, word for word.
_MENTIONED = ("name", "email", "phone", "need_note", "budget_note", "timeline_note", "decision_process_note")
_SETTINGS = "SET search_path = pg_catalog, public, pg_temp"
_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"


def _texts_erased() -> str:
    """The statements that take mentions of the person out of what is written about their deals and accounts."""
    statements = []
    for table, columns in _TEXTS.items():
        key = {"accounts": "id = ANY (accounts_of)", "opportunities": "id = ANY (deals)"}.get(
            table, "opportunity_id = ANY (deals)"
        )
        if table == "activities":
            key = f"({key} OR account_id = ANY (accounts_of))"
        if table == "stage_transitions":
            key = f"({key} OR lead_id = ANY (lead_ids))"
        sets = [f"{column} = regexp_replace({column}, mentions, '(erased)', 'gi')" for column in columns]
        found = [f"{column} ~* mentions" for column in columns]
        if table == "reviews":
            sets.append(
                "reasons = ARRAY(SELECT regexp_replace(each, mentions, '(erased)', 'gi') FROM unnest(reasons) each)"
            )
            found.append("array_to_string(reasons, ' ') ~* mentions")
        if table != "stage_transitions":
            sets += ["version = version + 1", "updated_at = now()"]
        statements.append(
            f"UPDATE {table} SET {', '.join(sets)}\n    WHERE organization_id = organization AND {key} AND ({' OR '.join(found)});"
        )
    return "\n    ".join(statements)


_FUNCTIONS = (
    """
CREATE FUNCTION is_erasing(relation oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('app.is_erasing', true) = 'yes'
        AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = relation)
$$
    """,
    # nothing but what may be personal is replaced, and by nobody but the owner's function below
    """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' AND is_erasing(TG_RELID) THEN
        IF to_jsonb(NEW) - '{body,reason,override_reason}'::text[] = to_jsonb(OLD) - '{body,reason,override_reason}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is a ledger: rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
    """,
    """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' AND is_erasing(TG_RELID) THEN
        IF to_jsonb(NEW) - '{before,after,salt}'::text[] = to_jsonb(OLD) - '{before,after,salt}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'restrict_violation';
END $$
    """,
    # Personal members of what is the person's own; in everything else, mentions in members that hold free text.
    f"""
CREATE FUNCTION erased_json(document jsonb, people text[], mentions text, is_own boolean, word text) RETURNS jsonb
LANGUAGE plpgsql STABLE {_SETTINGS} AS $$
DECLARE
    own boolean := is_own;
BEGIN
    IF jsonb_typeof(document) = 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(public.erased_json(item, people, mentions, is_own, word) ORDER BY place), '[]')
            FROM jsonb_array_elements(document) WITH ORDINALITY AS each (item, place));
    ELSIF jsonb_typeof(document) <> 'object' THEN
        RETURN document;
    END IF;
    own := own OR coalesce(people && ARRAY[document ->> 'id', document ->> 'contact_id', document ->> 'lead_id',
        document -> 'object' ->> 'id', document -> 'object' ->> 'contact_id', document -> 'object' ->> 'lead_id'], false);
    RETURN (SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN own AND key = ANY ('{{{",".join(_PERSONAL)}}}') AND jsonb_typeof(value) = 'string' THEN to_jsonb(word)
        WHEN key = ANY ('{{{",".join(_FREE)}}}') AND jsonb_typeof(value) = 'string'
            THEN to_jsonb(regexp_replace(value #>> '{{}}', mentions, word, 'gi'))
        WHEN key = 'reasons' AND jsonb_typeof(value) = 'array'
            THEN regexp_replace(value::text, mentions, word, 'gi')::jsonb
        ELSE public.erased_json(value, people, mentions, own, CASE key WHEN 'before' THEN '(erased before)' ELSE word END)
    END), '{{}}') FROM jsonb_each(document));
END $$
    """,
    f"""
CREATE FUNCTION note_erasure(type text, ids text[], digests text[]) RETURNS void LANGUAGE plpgsql {_SETTINGS} AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    microseconds bigint := extract(epoch FROM moment) * 1000000;
    id_start text := lpad(to_hex(microseconds / 1000), 12, '0') || '7'
        || lpad(to_hex(microseconds % 1000 * 4096 / 1000), 3, '0') || '8' || left(gen_random_uuid()::text, 7);
BEGIN
    INSERT INTO public.audit_log (organization_id, id, occurred_at, action, record_type, record_id, actor_id, source,
        request_id, client_address, credential_id, after)
    SELECT {_ORGANIZATION}, (id_start || lpad(to_hex(place), 8, '0'))::uuid, moment, 'erase', type, id,
        nullif(current_setting('app.user_id', true), '')::uuid,
        coalesce(nullif(current_setting('app.source', true), ''), 'sql'),
        nullif(current_setting('app.request_id', true), ''),
        nullif(current_setting('app.client_address', true), '')::inet,
        nullif(current_setting('app.credential_id', true), ''),
        CASE WHEN digest IS NULL THEN '{{}}' ELSE jsonb_build_object('digest', digest) END
    FROM unnest(ids, digests) WITH ORDINALITY AS each (id, digest, place);
END $$
    """,
    f"""
CREATE FUNCTION mentions_of(organization uuid, people uuid[]) RETURNS text LANGUAGE sql STABLE {_SETTINGS} AS $$
    WITH held AS (
        SELECT to_jsonb(contacts) AS document FROM public.contacts WHERE organization_id = organization AND id = ANY (people)
        UNION ALL
        SELECT to_jsonb(leads) FROM public.leads WHERE organization_id = organization AND id = ANY (people)
        UNION ALL
        SELECT unnest(ARRAY[before, after]) FROM public.audit_log
        WHERE organization_id = organization AND record_id = ANY (people::text[]) AND record_type IN ('contact', 'lead')
        UNION ALL
        SELECT unnest(ARRAY[convert_from(body, 'UTF8')::jsonb #> '{{data,object}}', convert_from(body, 'UTF8')::jsonb #> '{{data,before}}'])
        FROM public.events
        WHERE organization_id = organization AND subject_id = ANY (people) AND split_part(type, '.', 1) = subject_type
    ), said AS (
        SELECT DISTINCT document ->> member AS text FROM held, unnest('{{{",".join(_MENTIONED)}}}'::text[]) member
    )
    SELECT coalesce(
        '(?<!\\w)(' || string_agg(regexp_replace(text, '([^[:alnum:][:space:]_])', '\\\\\\1', 'g'), '|' ORDER BY length(text) DESC)
            || ')(?!\\w)',
        '(?=a)b')
    FROM said WHERE length(text) > 2 AND text NOT LIKE '(erased%'
$$
    """,
    f"""
CREATE FUNCTION erase_person(contact_ids uuid[], lead_ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER {_SETTINGS} AS $$
DECLARE
    organization uuid := {_ORGANIZATION};
    people uuid[] := contact_ids || lead_ids;
    mentions text;
    deals uuid[];
    accounts_of uuid[];
    own_ids text[];
    other_ids text[];
    event_ids uuid[];
    entry_ids uuid[];
BEGIN
    PERFORM pg_advisory_xact_lock(7264190155003);  -- nobody links what is being replaced
    PERFORM set_config('app.is_erasing', 'yes', true);
    mentions := mentions_of(organization, people);
    deals := ARRAY(
        SELECT opportunity_id FROM opportunity_contact_roles WHERE organization_id = organization AND contact_id = ANY (contact_ids)
        UNION SELECT converted_opportunity_id FROM leads WHERE organization_id = organization AND id = ANY (lead_ids) AND converted_opportunity_id IS NOT NULL
        UNION SELECT opportunity_id FROM contracts WHERE organization_id = organization AND signed_by_contact_id = ANY (contact_ids)
        UNION SELECT opportunity_id FROM activities WHERE organization_id = organization AND opportunity_id IS NOT NULL
            AND (contact_id = ANY (contact_ids) OR lead_id = ANY (lead_ids)));
    accounts_of := ARRAY(
        SELECT account_id FROM contacts WHERE organization_id = organization AND id = ANY (contact_ids) AND account_id IS NOT NULL
        UNION SELECT account_id FROM opportunities WHERE organization_id = organization AND id = ANY (deals) AND account_id IS NOT NULL
        UNION SELECT converted_account_id FROM leads WHERE organization_id = organization AND id = ANY (lead_ids) AND converted_account_id IS NOT NULL);
    own_ids := people::text[]
        || ARRAY(SELECT id::text FROM activities WHERE organization_id = organization AND (contact_id = ANY (contact_ids) OR lead_id = ANY (lead_ids)))
        || ARRAY(SELECT id::text FROM satisfaction_surveys WHERE organization_id = organization AND contact_id = ANY (contact_ids));
    other_ids := deals::text[] || accounts_of::text[] {
        "".join(
            f'''
        || ARRAY(SELECT id::text FROM {table} WHERE organization_id = organization AND opportunity_id = ANY (deals))'''
            for table in _TEXTS
            if table not in {"accounts", "opportunities", "stage_transitions"}
        )
    }
        || ARRAY(SELECT id::text FROM activities WHERE organization_id = organization AND account_id = ANY (accounts_of));

    UPDATE contacts SET name = '(erased)', email = NULL, phone = NULL, title = NULL, external_id = NULL,
        version = version + 1, updated_at = now()
    WHERE organization_id = organization AND id = ANY (contact_ids);
    UPDATE leads SET name = '(erased)', email = NULL, phone = NULL, title = NULL, external_id = NULL, need = NULL, need_note = NULL,
        budget_note = NULL, timeline_note = NULL, decision_process = NULL, decision_process_note = NULL,
        company_name = regexp_replace(company_name, mentions, '(erased)', 'gi'),
        disqualified_reason = regexp_replace(disqualified_reason, mentions, '(erased)', 'gi'),
        version = version + 1, updated_at = now()
    WHERE organization_id = organization AND id = ANY (lead_ids);
    UPDATE activities SET summary = '(erased)', note = NULL, external_id = NULL, version = version + 1, updated_at = now()
    WHERE organization_id = organization AND (contact_id = ANY (contact_ids) OR lead_id = ANY (lead_ids));
    UPDATE satisfaction_surveys SET comment = NULL, version = version + 1, updated_at = now()
    WHERE organization_id = organization AND contact_id = ANY (contact_ids);
    UPDATE stage_transitions SET
        reason = CASE WHEN reason IS NOT NULL THEN '(erased)' END,
        override_reason = CASE WHEN override_reason IS NOT NULL THEN '(erased)' END
    WHERE organization_id = organization AND lead_id = ANY (lead_ids) AND num_nonnulls(reason, override_reason) > 0;
    {_texts_erased()}

    WITH rewritten AS (
        SELECT id, convert_from(body, 'UTF8')::jsonb AS old,
            erased_json(convert_from(body, 'UTF8')::jsonb, people::text[], mentions, subject_id = ANY (people), '(erased)') AS new
        FROM events WHERE organization_id = organization AND subject_id = ANY (people || deals || accounts_of)
    ), replaced AS (
        UPDATE events SET body = convert_to(new::text, 'UTF8') FROM rewritten
        WHERE organization_id = organization AND events.id = rewritten.id AND new <> old
        RETURNING events.id
    )
    SELECT coalesce(array_agg(id), '{{}}') INTO event_ids FROM replaced;
    UPDATE webhook_attempts SET response_excerpt = '' FROM webhook_deliveries
    WHERE webhook_attempts.organization_id = organization AND webhook_deliveries.organization_id = organization
        AND webhook_deliveries.id = webhook_attempts.delivery_id
        AND webhook_deliveries.subject_id = ANY (people || deals || accounts_of);
    UPDATE idempotency_keys
    SET body = convert_to(erased_json(convert_from(body, 'UTF8')::jsonb, people::text[], mentions, false, '(erased)')::text, 'UTF8')
    WHERE organization_id = organization AND octet_length(body) > 0 AND (
        convert_from(body, 'UTF8') ~ array_to_string(people, '|') OR convert_from(body, 'UTF8') ~* mentions
        OR (own_ids || other_ids) && regexp_split_to_array(convert_from(body, 'UTF8'), '"'));

    WITH rewritten AS (
        SELECT id, xid,
            erased_json(before, people::text[], mentions, record_id = ANY (own_ids), '(erased)') AS new_before,
            erased_json(after, people::text[], mentions, record_id = ANY (own_ids), '(erased)') AS new_after
        FROM audit_log WHERE organization_id = organization AND record_id = ANY (own_ids || other_ids) AND action <> 'erase'
    ), replaced AS (
        UPDATE audit_log entry SET before = new_before, after = new_after FROM rewritten
        WHERE entry.organization_id = organization AND entry.id = rewritten.id
            AND (entry.before IS DISTINCT FROM new_before OR entry.after IS DISTINCT FROM new_after)
        RETURNING entry.id, entry.xid
    )
    SELECT coalesce(array_agg(id) FILTER (WHERE xid <> pg_current_xact_id()), '{{}}') INTO entry_ids FROM replaced;
    UPDATE audit_links SET salt = NULL WHERE organization_id = organization AND audit_id = ANY (entry_ids);

    DELETE FROM search_vocabulary
    WHERE organization_id = organization AND word = ANY (string_to_array(btrim(search_text(mentions)), ' '))
        AND NOT EXISTS (
            SELECT FROM search_words said
            WHERE said.organization_id = organization AND said.word = search_vocabulary.word
        );

    PERFORM note_erasure('event', event_ids::text[], NULL);
    PERFORM note_erasure('audit_entry', array_agg(id::text), array_agg(encode(sha256(convert_to('0:'
            || coalesce(octet_length(before::text) || ':' || before::text, '-')
            || coalesce(octet_length(after::text) || ':' || after::text, '-'), 'UTF8')), 'hex')))
    FROM audit_log WHERE organization_id = organization AND id = ANY (entry_ids);
    INSERT INTO erasures (organization_id, record_type, record_id)
    SELECT organization, type, id FROM (
        SELECT 'contact', unnest(contact_ids) UNION ALL SELECT 'lead', unnest(lead_ids)
    ) AS erased (type, id)
    ON CONFLICT (organization_id, record_id) DO UPDATE SET erased_at = now();
    PERFORM set_config('app.is_erasing', '', true);
    RETURN cardinality(event_ids);
END $$
    """,
)
_REFUSALS = (
    """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is a ledger: rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
    """,
    """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
_INNER = (
    "note_erasure(text, text[], text[])",
    "mentions_of(uuid, uuid[])",
    "erased_json(jsonb, text[], text, boolean, text)",
)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_erasures__organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "record_id", name=op.f("pk_erasures")),
    )
    isolate("erasures", app="SELECT")
    for operation, referencing in _OPERATIONS.items():
        op.execute(
            f"CREATE TRIGGER audit_{operation.lower()} AFTER {operation} ON erasures {referencing} FOR EACH STATEMENT "
            "EXECUTE FUNCTION write_audit_log('erasure', 'record_id', '{organization_id}', '{}')"
        )
    # row-level security is forced on the owner too: while it erases, it sees the organization of the transaction
    for table in (*_TEXTS, *_OTHERS, "erasures"):
        op.execute(
            f"CREATE POLICY owner ON {table} TO CURRENT_USER "
            f"USING (organization_id = {_ORGANIZATION}) WITH CHECK (organization_id = {_ORGANIZATION})"
        )
    for function in _FUNCTIONS:
        op.execute(function)
    for signature in (*_INNER, "erase_person(uuid[], uuid[])"):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_person(uuid[], uuid[]) TO stageline_app")


def downgrade() -> None:
    for function in _REFUSALS:
        op.execute(function)
    for signature in ("erase_person(uuid[], uuid[])", *_INNER, "is_erasing(oid)"):
        op.execute(f"DROP FUNCTION {signature}")
    for table in (*_TEXTS, *_OTHERS):
        op.execute(f"DROP POLICY owner ON {table}")
    op.drop_table("erasures")
