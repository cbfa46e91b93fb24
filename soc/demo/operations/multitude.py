"""The SQL of a floor of any size: cases, alerts, sightings and clocks as sets, drawn from one seed."""

# Few agencies hold most cases, most cases are closed, and what is open is recent. Within every case the moments follow each
# other: opened, claimed, contained, closed; some after their due time. Numbers run with time, as a real series does.
CASES = """
CREATE TEMP TABLE scale_case ON COMMIT DROP AS
WITH drawn AS MATERIALIZED (
  SELECT %(now)s::timestamptz - random() * %(span)s::interval AS opened_at, random() AS of_agency, random() AS of_severity,
         random() AS of_end, random() AS of_pace, random() AS of_rule, random() AS of_host, random() AS of_stage, random() AS of_owner
  FROM generate_series(1, %(cases)s)),
placed AS (
  SELECT row_number() OVER (ORDER BY opened_at) AS i, d.*, width_bucket(of_agency, %(cuts)s::float8[]) + 1 AS a,
         width_bucket(of_severity, ARRAY[0.10, 0.45, 0.80, 0.95]::float8[]) AS rank,
         CASE WHEN opened_at > %(now)s - interval '1 day' THEN of_end < 0.7 WHEN opened_at > %(now)s - interval '7 days' THEN of_end < 0.15
              ELSE opened_at > %(now)s - interval '30 days' AND of_end < 0.02 END AS open
  FROM drawn d),
named AS (
  SELECT p.*, (%(agencies)s::bigint[])[a] AS agency_id, upper((%(slugs)s::text[])[a]) AS series, (%(levels)s::text[])[rank + 1] AS severity,
         (%(ack)s::float8[])[rank + 1] AS ack, (%(con)s::float8[])[rank + 1] AS con,
         (%(rules)s::text[])[1 + floor(of_rule * cardinality(%(rules)s::text[]))::int] AS rule,
         format('%%s-ws-%%s', (%(slugs)s::text[])[a], floor(of_host * 3000)::int) AS host,
         extract(epoch FROM %(now)s - opened_at) AS age FROM placed p),
timed AS (
  SELECT n.*, opened_at + interval '1 second' * LEAST(ack * of_pace * 1.2, age * 0.3) AS claimed,
         opened_at + interval '1 second' * LEAST(GREATEST(con * of_pace * 1.15, ack * of_pace * 1.2), age * 0.6) AS contained,
         opened_at + interval '1 second' * LEAST(con * of_pace * 2.3, age * 0.9) AS ended FROM named n)
SELECT i, agency_id, severity, rank, rule, host, open, opened_at,
       format('%%s-%%s-%%s', series, extract(year FROM opened_at AT TIME ZONE 'UTC')::int,
              lpad(row_number() OVER (PARTITION BY agency_id, extract(year FROM opened_at AT TIME ZONE 'UTC') ORDER BY i)::text,
                   6, '0')) AS number,
       extract(year FROM opened_at AT TIME ZONE 'UTC')::int AS year,
       format('%%s on %%s', rule, upper(host)) AS title,
       CASE WHEN NOT open THEN 'closed' WHEN of_stage < 0.4 THEN 'new' WHEN of_stage < 0.65 THEN 'triage'
            WHEN of_stage < 0.9 THEN 'investigating' ELSE 'contained' END AS state,
       CASE WHEN open AND of_stage < 0.4 THEN NULL ELSE claimed END AS acknowledged_at,
       CASE WHEN open AND of_stage < 0.9 THEN NULL ELSE contained END AS contained_at,
       CASE WHEN open THEN NULL ELSE ended END AS closed_at,
       CASE WHEN open AND of_stage < 0.4 THEN NULL
            ELSE 1 + floor(of_owner * cardinality(%(people)s::bigint[]))::int END AS owner_n,
       CASE WHEN open THEN '' ELSE (ARRAY['true_positive', 'benign_positive', 'false_positive_rule', 'undetermined'])
            [1 + floor(of_owner * 3.99)::int] END AS disposition,
       opened_at - interval '1 second' * (of_host * 7200) AS happened_at,
       opened_at + interval '1 second' * ack AS ack_due, opened_at + interval '1 second' * con AS con_due
FROM timed;
CREATE UNIQUE INDEX ON scale_case (i);
ANALYZE scale_case;
"""

ALERTS = """
CREATE TEMP TABLE scale_alert ON COMMIT DROP AS
SELECT n AS i, n <= %(cases)s AS first, random() AS of_time, random() AS of_fate,
       CASE WHEN n <= %(cases)s THEN n ELSE %(cases)s - floor(%(cases)s * random() ^ 1.3)::bigint END AS case_i
FROM generate_series(1, %(alerts)s) AS n;
CREATE INDEX ON scale_alert (i);
ANALYZE scale_alert;
"""

STORE_CASES = """
INSERT INTO cases_case (
  id, agency_id, number, title, summary, state, state_before_closing, severity, severity_rank, tlp, owner_id, restricted, by_hand, rule,
  rule_name, entity_kind, entity, fingerprint, gathering, alert_count, last_alert_at, happened_at, dwell_unknown, opened_at,
  acknowledged_at, contained_at, closed_at, disposition, closing_reason, incident, next_due_at, next_due_kind, version, changed_at)
SELECT c.i, c.agency_id, c.number, c.title, '', c.state, CASE WHEN c.open THEN '' ELSE 'contained' END, c.severity, c.rank, 'TLP:AMBER',
       (%(people)s::bigint[])[c.owner_n], false, false, c.rule, c.rule, 'host', c.host, md5(c.i::text) || md5(c.title), c.open, k.alerts,
       k.last_at, c.happened_at, false, c.opened_at, c.acknowledged_at, c.contained_at, c.closed_at, c.disposition,
       CASE WHEN c.open THEN '' ELSE 'Simulated.' END, '',
       CASE c.state WHEN 'new' THEN LEAST(c.ack_due, c.con_due) WHEN 'triage' THEN c.con_due WHEN 'investigating' THEN c.con_due END,
       CASE c.state WHEN 'new' THEN 'acknowledge' WHEN 'triage' THEN 'contain' WHEN 'investigating' THEN 'contain' ELSE '' END, 1,
       COALESCE(c.closed_at, c.contained_at, c.acknowledged_at, c.opened_at)
FROM scale_case c JOIN (
  SELECT a.case_i, count(*) AS alerts, max(c.opened_at + CASE WHEN a.first THEN interval '0' ELSE
         a.of_time * LEAST(interval '1 day', COALESCE(c.closed_at, %(now)s) - c.opened_at) END) AS last_at
  FROM scale_alert a JOIN scale_case c ON c.i = a.case_i WHERE a.first OR a.of_fate BETWEEN 0.02 AND 0.999 GROUP BY 1) k ON k.case_i = c.i
ORDER BY c.i
"""

STORE_ALERTS = """
WITH made AS MATERIALIZED (
  SELECT a.i, c.agency_id, c.rule, c.severity, c.host, c.title, c.happened_at, md5(c.i::text) || md5(c.title) AS fingerprint, a.first,
         CASE WHEN a.first THEN 'opened' WHEN a.of_fate < 0.02 THEN 'suppressed' WHEN a.of_fate > 0.999 THEN 'dead'
              ELSE 'grouped' END AS state,
         CASE WHEN a.first OR a.of_fate BETWEEN 0.02 AND 0.999 THEN c.i END AS case_id,
         c.opened_at + CASE WHEN a.first THEN interval '0' ELSE
           a.of_time * LEAST(interval '1 day', COALESCE(c.closed_at, %(now)s) - c.opened_at) END AS received_at,
         convert_to(format('{"title":"%%s","rule":"%%s","severity":"%%s","source_ref":"scale-%%s","entities":[{"type":"host","value":"%%s"}]}',
                           c.title, c.rule, c.severity, a.i, c.host), 'UTF8') AS raw
  FROM scale_alert a JOIN scale_case c ON c.i = a.case_i WHERE a.i BETWEEN %(first)s AND %(last)s),
receipts AS (
  INSERT INTO cases_receipt (id, agency_id, public_id, source, key, digest, state, why, problem, case_id, received_at, position, settled_at,
                             repeats, attempts)
  SELECT m.i, m.agency_id, gen_random_uuid(), (%(sources)s::text[])[1 + m.i %% cardinality(%(sources)s::text[])],
         encode(sha256(m.raw), 'hex'), sha256(m.raw), m.state,
         CASE m.state WHEN 'opened' THEN 'Opened this case: no open case takes such alerts.' WHEN 'grouped' THEN 'Joined this case.'
           WHEN 'suppressed' THEN 'Suppressed for a time.' ELSE '' END,
         CASE m.state WHEN 'dead' THEN jsonb_build_object('code', 'unknown_form', 'field', '', 'cure', '', 'detail', 'Simulated.')
         END, m.case_id, m.received_at, 0, m.received_at + interval '1 second', 0, 0 FROM made m ORDER BY m.i),
bodies AS (INSERT INTO cases_body (agency_id, receipt_id, raw) SELECT agency_id, i, raw FROM made ORDER BY i)
INSERT INTO cases_alert (agency_id, receipt_id, case_id, form, title, severity, rule, rule_name, fingerprint, entity_kind, entity,
                         happened_at, received_at)
SELECT agency_id, i, case_id, 'plain', title, severity, rule, rule, fingerprint, 'host', host, happened_at, received_at
FROM made WHERE state <> 'dead' ORDER BY i
"""

# What one case saw other cases saw too: values are drawn from pools, the common ones often.
STORE_SIGHTINGS = """
INSERT INTO cases_observable (agency_id, case_id, public_id, visibility, created_at, kind, value, algorithm, seen)
SELECT c.agency_id, c.i, gen_random_uuid(), 'internal', c.opened_at, k.kind,
       CASE k.kind WHEN 'address' THEN format('10.%%s.%%s.%%s', j, pool / 256, pool %% 256)
         WHEN 'domain' THEN format('host%%s-%%s.example', pool, j)
         WHEN 'hash' THEN md5(format('%%s/%%s', j, pool)) ELSE format('%%s-%%s', c.host, j) END,
       CASE k.kind WHEN 'hash' THEN 'md5' ELSE '' END, 1 + (pool %% 5)::int
FROM generate_series(%(first)s, %(last)s) AS n
CROSS JOIN LATERAL (SELECT 1 + (n - 1) %% %(cases)s AS case_i, 1 + (n - 1) / %(cases)s AS j,
                           floor(random() ^ 2 * 60000)::bigint AS pool) AS d
CROSS JOIN LATERAL (SELECT (ARRAY['address', 'domain', 'hash', 'host'])[1 + j %% 4] AS kind) AS k
JOIN scale_case c ON c.i = d.case_i
"""

STORE_CLOCKS = """
WITH made AS MATERIALIZED (
  SELECT 2 * c.i - (2 - k.n) AS id, c.agency_id, format('case:%%s', c.i) AS subject, c.severity, c.opened_at, k.kind, k.rule_id, k.duration,
         k.due, k.stop, CASE WHEN COALESCE(k.stop, %(now)s) > k.due THEN k.due END AS breached
  FROM scale_case c CROSS JOIN LATERAL (VALUES
    (1, 'acknowledge', (%(ack_rules)s::bigint[])[c.rank + 1], (%(ack)s::float8[])[c.rank + 1], c.ack_due, c.acknowledged_at),
    (2, 'contain', (%(con_rules)s::bigint[])[c.rank + 1], (%(con)s::float8[])[c.rank + 1], c.con_due, c.contained_at))
    AS k(n, kind, rule_id, duration, due, stop)),
clocks AS (
  INSERT INTO clocks_clock (id, agency_id, subject, kind, rule_id, state, severity, duration, may_pause, started_at, due_at, stopped_at,
                            breached_at, stopped_by_closing, paused_for)
  SELECT id, agency_id, subject, kind, rule_id,
         CASE WHEN breached IS NOT NULL THEN 'late' WHEN stop IS NULL THEN 'running' ELSE 'met' END, severity,
         interval '1 second' * duration, false, opened_at, due, stop, breached, false, interval '0' FROM made)
INSERT INTO clocks_clockevent (agency_id, clock_id, kind, at, severity, reason, actor, actor_label, duration, may_pause)
SELECT m.agency_id, m.id, e.kind, e.at, CASE e.n WHEN 1 THEN m.severity ELSE '' END, '', 'system:scale', 'Simulation',
       CASE e.n WHEN 1 THEN interval '1 second' * m.duration END, false
FROM made m CROSS JOIN LATERAL (VALUES (1, 'started', m.opened_at), (2, 'breached', m.breached), (3, 'stopped', m.stop)) AS e(n, kind, at)
WHERE e.at IS NOT NULL ORDER BY m.id, e.n
"""

STORE_JOURNAL = """
CREATE TEMP TABLE scale_entry ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY e.at, c.i, e.n) AS id, c.i, c.agency_id, e.kind, e.at,
       jsonb_build_object('case_id', c.i, 'number', c.number) || e.data AS data, e.n
FROM scale_case c CROSS JOIN LATERAL (VALUES
  (1, 'cases.CaseOpened', c.opened_at, jsonb_build_object(
     'title', c.title, 'severity', c.severity, 'rule', c.rule, 'entity_kind', 'host', 'entity', c.host, 'hosts', jsonb_build_array(c.host),
     'opened_at', c.opened_at, 'happened_at', c.happened_at, 'dwell_unknown', false, 'by_hand', false, 'restricted', false)),
  (2, 'cases.CaseClaimed', c.acknowledged_at, jsonb_build_object('owner_id', (%(people)s::bigint[])[c.owner_n], 'owner', 'Analyst')),
  (3, 'cases.CaseContained', c.contained_at, jsonb_build_object('at', c.contained_at, 'reason', 'Simulated.')),
  (4, 'cases.CaseClosed', c.closed_at, jsonb_build_object('disposition', c.disposition, 'reason', 'Simulated.', 'at', c.closed_at)))
  AS e(n, kind, at, data) WHERE e.at IS NOT NULL;
INSERT INTO tenants_entry (agency_id, kind, subject, data, at, actor, actor_label)
SELECT agency_id, kind, format('case:%%s', i), data, at, 'system:scale', 'Simulation' FROM scale_entry ORDER BY id;
INSERT INTO scorecards_observation (agency_id, subject, number, opened_at, happened_at, acknowledged_at, contained_at, closed_at,
                                    disposition, entries, position, at, unscored)
SELECT c.agency_id, format('case:%%s', c.i), c.number, c.opened_at, c.happened_at, c.acknowledged_at, c.contained_at, c.closed_at,
       c.disposition, e.positions, e.position, e.at,
       row_number() OVER (PARTITION BY c.agency_id, date_trunc('month', c.opened_at, 'UTC') ORDER BY c.i) = 1
FROM scale_case c JOIN (
  SELECT i, jsonb_agg(%(base)s + id ORDER BY id) AS positions, max(%(base)s + id) AS position, max(at) AS at
  FROM scale_entry GROUP BY i) e USING (i);
INSERT INTO cases_timelineentry (agency_id, case_id, public_id, visibility, created_at, happened_at, origin, actor_label, text,
                                 technique, entry_id)
SELECT e.agency_id, e.i, gen_random_uuid(), 'internal', e.at, e.at, 'automation', 'Simulation',
       (ARRAY['Opened the case: no open case takes such alerts.', 'Claimed', 'Contained: Simulated.', 'Closed: Simulated.'])[e.n],
       '', %(base)s + e.id
FROM scale_entry e ORDER BY e.id;
INSERT INTO cases_casenumberseries (agency_id, year, restricted, last)
SELECT agency_id, year, false, count(*) FROM scale_case GROUP BY 1, 2;
"""

TABLES = (
    "cases_case", "cases_receipt", "cases_body", "cases_alert", "cases_observable", "cases_timelineentry", "clocks_clock",
    "clocks_clockevent", "scorecards_observation",
)  # fmt: skip
NUMBERED = ("cases_case", "cases_receipt", "clocks_clock")

# Foreign keys and plain indexes are made again at the end, when they cost a scan instead of a look-up a row.
FOREIGN_KEYS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%(tables)s::regclass[])
"""
INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT indisunique
"""
