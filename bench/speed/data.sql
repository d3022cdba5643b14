-- A department as large as `bench.deals` says, the same at each call; run by the owner, past triggers and policies.
-- The day of the call is the only thing that differs: histories end on it.

SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';

-- a UUIDv7 that depends on nothing but its time and its name
CREATE FUNCTION pg_temp.id_of(made_at timestamptz, name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(name), 1, 3) || '8'
        || substr(md5(name), 4, 15))::uuid
$$;

-- the same number for the same name, from 0 to below `most`
CREATE FUNCTION pg_temp.pick(name text, most integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (abs(hashtextextended(name, 7)) % most)::integer
$$;

CREATE TEMPORARY TABLE place AS
SELECT current_setting('bench.organization_id')::uuid AS organization_id,
    current_setting('bench.deals')::integer AS deals,
    date_trunc('day', now()) AS today,
    date_trunc('quarter', now()) - interval '3 months' AS quarter;

INSERT INTO teams (organization_id, id, name, parent_id)
SELECT organization_id, pg_temp.id_of(today, 'team' || n), 'Team ' || n,
    CASE WHEN n > 0 THEN pg_temp.id_of(today, 'team0') END
FROM place, generate_series(0, 8) n;

UPDATE users SET team_id = pg_temp.id_of(today, 'team0')
FROM place WHERE users.organization_id = place.organization_id AND position = 'sales_manager';

INSERT INTO users (organization_id, id, name, email, position, team_id)
SELECT organization_id, pg_temp.id_of(today, 'person' || n), 'Person ' || n, 'person' || n || '@bench.example',
    'sales_representative', pg_temp.id_of(today, 'team' || n % 8 + 1)
FROM place, generate_series(1, 40) n;

INSERT INTO accounts (organization_id, id, created_at, updated_at, name, industry, country, owner_id, team_id)
SELECT organization_id, pg_temp.id_of(made_at, 'account' || n), made_at, made_at, 'Company ' || n, 'construction', 'NL',
    pg_temp.id_of(today, 'person' || n % 40 + 1), pg_temp.id_of(today, 'team' || n % 40 % 8 + 1)
FROM place, generate_series(1, greatest(deals / 10, 1)) n, LATERAL (SELECT today - interval '3 years' + n * interval '1 second' AS made_at) made;

INSERT INTO contacts (organization_id, id, created_at, updated_at, account_id, name, email, owner_id, team_id)
SELECT organization_id, pg_temp.id_of(created_at, 'contact' || id), created_at, created_at, id, 'Contact of ' || name,
    'c' || pg_temp.pick(id::text, 1000000000) || '@customers.example', owner_id, team_id
FROM accounts ORDER BY id;

-- of a hundred deals sixty are open, twenty-five won over the last four quarters, fifteen lost
CREATE TEMPORARY TABLE plan AS
SELECT n, made_at, pg_temp.id_of(made_at, 'deal' || n) AS id, n % 40 + 1 AS person,
    CASE WHEN n % 100 < 60 THEN 'open' WHEN n % 100 < 85 THEN 'won' ELSE 'lost' END AS outcome,
    CASE WHEN n % 100 < 60 THEN (ARRAY['prospecting', 'qualification', 'presentation', 'negotiation', 'closing'])[n % 5 + 1]
        WHEN n % 100 < 85 THEN 'follow_up' ELSE 'analysis' END AS stage,
    quarter - interval '9 months' + pg_temp.pick('closed' || n, 364 * 24 * 60) * interval '1 minute' AS closed_at
FROM place, generate_series(1, deals) n,
    LATERAL (SELECT today - interval '2 years' + interval '23 months' * (n::float / deals) AS made_at) made;

INSERT INTO opportunities (
    organization_id, id, created_at, updated_at, name, account_id, amount, currency, close_on, pipeline_id, pipeline_version,
    stage, step, outcome, left_stage, probability, forecast_category, stage_entered_at, opened_at, closed_at, loss_reason,
    owner_id, team_id, need, budget_amount, budget_currency, timeline_on, decision_process
)
SELECT place.organization_id, plan.id, made_at, made_at,
    (ARRAY['Copper', 'Walnut', 'Harbour', 'Saffron', 'Granite', 'Meadow', 'Cobalt'])[pg_temp.pick('first' || n, 7) + 1] || ' '
        || (ARRAY['fences', 'gates', 'stairs', 'windows', 'roofs'])[pg_temp.pick('second' || n, 5) + 1] || ' ' || n,
    pg_temp.id_of(today - interval '3 years' + (n % greatest(deals / 10, 1) + 1) * interval '1 second',
        'account' || n % greatest(deals / 10, 1) + 1),
    1000 + pg_temp.pick('amount' || n, 9900000) / 100.0, 'USD', (made_at + interval '90 days')::date, pipelines.id, 1,
    stage, stage, outcome, CASE outcome WHEN 'lost' THEN 'negotiation' END,
    CASE outcome WHEN 'won' THEN 100 WHEN 'lost' THEN 0 ELSE (ARRAY[10, 20, 40, 60, 80])[n % 5 + 1] END,
    CASE WHEN outcome = 'open' THEN (ARRAY['omitted', 'pipeline', 'best_case', 'best_case', 'commit'])[n % 5 + 1] ELSE 'closed' END,
    made_at + interval '1 day', made_at, CASE WHEN outcome <> 'open' THEN closed_at END, CASE outcome WHEN 'lost' THEN 'price' END,
    pg_temp.id_of(today, 'person' || person), pg_temp.id_of(today, 'team' || (person - 1) % 8 + 1),
    'New ones', 25000, 'USD', (made_at + interval '200 days')::date, 'Their board decides'
FROM place, plan, pipelines
WHERE pipelines.organization_id = place.organization_id AND pipelines.subject = 'opportunity'
ORDER BY n;

INSERT INTO subjects (organization_id, id, type) SELECT organization_id, id, 'opportunity' FROM place, plan ORDER BY n;

INSERT INTO opportunity_contact_roles (organization_id, id, created_at, updated_at, opportunity_id, contact_id, role)
SELECT organization_id, pg_temp.id_of(plan.made_at, 'role' || plan.n), plan.made_at, plan.made_at, plan.id,
    pg_temp.id_of(account.made_at, 'contact' || pg_temp.id_of(account.made_at, 'account' || account.n)), 'decision_maker'
FROM place, plan, LATERAL (SELECT plan.n % greatest(deals / 10, 1) + 1 AS n,
    today - interval '3 years' + (plan.n % greatest(deals / 10, 1) + 1) * interval '1 second' AS made_at) account
ORDER BY plan.n;

INSERT INTO activities (
    organization_id, id, created_at, updated_at, kind, status, summary, opportunity_id, held_at, owner_id, team_id
)
SELECT organization_id, pg_temp.id_of(made_at, 'activity' || n), made_at, made_at,
    CASE WHEN stage = 'prospecting' THEN 'call' ELSE 'presentation' END, 'held', 'Spoke about what they need', plan.id,
    made_at, pg_temp.id_of(today, 'person' || person), pg_temp.id_of(today, 'team' || (person - 1) % 8 + 1)
FROM place, plan ORDER BY n;

INSERT INTO proposals (
    organization_id, id, created_at, updated_at, opportunity_id, title, status, amount, currency, pricing, terms,
    delivery_timeline, sent_at
)
SELECT organization_id, pg_temp.id_of(made_at, 'proposal' || n), made_at, made_at, plan.id, 'Offer', 'sent', 25000, 'USD',
    '25000 USD', '30 days', '6 weeks', made_at
FROM place, plan WHERE stage NOT IN ('prospecting', 'qualification', 'presentation') ORDER BY n;

INSERT INTO team_targets (organization_id, id, team_id, metric, period, starts_on, ends_on, target_value, currency)
SELECT organization_id, pg_temp.id_of(today, 'target'), pg_temp.id_of(today, 'team0'), 'revenue_won',
    to_char(quarter, 'YYYY-"Q"Q'), quarter::date, (quarter + interval '3 months')::date, 1000000, 'USD'
FROM place;

-- what triggers would have added up, folded as the worker does
INSERT INTO won_totals (organization_id, team_id, owner_id, currency, day, deals, amount, is_folded)
SELECT organization_id, team_id, owner_id, currency, date_trunc('day', closed_at, 'UTC'), count(*), sum(amount), true
FROM opportunities WHERE outcome = 'won' GROUP BY 1, 2, 3, 4, 5;

-- what triggers would have noted for searches
INSERT INTO search_words (organization_id, kind, word, record_id)
SELECT DISTINCT organization_id, 'opportunities', word, id
FROM opportunities, string_to_table(btrim(search_text), ' ') word WHERE word <> '';

INSERT INTO search_vocabulary (organization_id, word, reversed)
SELECT DISTINCT organization_id, word, reverse(word) FROM search_words
WHERE length(word) BETWEEN 4 AND 25 AND word !~ '[0-9]';

-- a log to read: ten events of each of the first two thousand deals
CREATE TEMPORARY TABLE log AS
SELECT pg_temp.id_of(now() + number * interval '1 microsecond', 'event' || number) AS event_id, plan.id AS subject_id,
    number / 2000 + 1 AS sequence
FROM generate_series(0, 19999) number JOIN plan ON plan.n = number % 2000 + 1;

INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, step, team_id, owner_id, body)
SELECT place.organization_id, event_id, 'opportunity.updated', 'opportunity', subject_id, sequence, now(), step, team_id, owner_id,
    convert_to(json_build_object(
        'id', event_id, 'type', 'opportunity.updated', 'timestamp', now(), 'organization_id', place.organization_id,
        'subject', json_build_object('type', 'opportunity', 'id', subject_id, 'sequence', sequence),
        'actor', json_build_object('type', 'user', 'id', owner_id, 'position', 'sales_representative'),
        'correlation_id', event_id,
        'data', json_build_object('object', to_json(deal), 'before', json_build_object('name', 'Before'), 'changed', '["name"]'::json)
    )::text, 'UTF8')
FROM place, log JOIN opportunities deal ON deal.id = subject_id ORDER BY event_id;

UPDATE subjects SET last_sequence = newest.sequence, last_event_id = newest.event_id, last_xid = pg_current_xact_id()
FROM (SELECT DISTINCT ON (subject_id) * FROM log ORDER BY subject_id, sequence DESC) newest
WHERE subjects.id = newest.subject_id;
