"""A floor of 100,000 cases, written set by set: half of it one agency's, most of it closed, its tail open and late."""

import json
import time
from contextlib import closing
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, models

CASES = 100_000
AGENCIES = 60
FIRST = 1_000_000  # ids begin here, past what tests made through operations

# The case of row n, and the agency of a case: the big one has every second.
CASE = f"({FIRST} + (n * 7919) % {CASES})"
WHEN = "(now() - make_interval(secs => (({case})::bigint * 7907) % 94000000))"
OPEN = "(({case}) % 50 = 0)"


def agency_of(case: str) -> str:
    return f"(CASE WHEN ({case}) % 2 = 0 THEN %(big)s ELSE (%(others)s::bigint[])[1 + (({case}) * 31 % {AGENCIES})] END)"


def when(case: str) -> str:
    return WHEN.format(case=case)


def is_open(case: str) -> str:
    return OPEN.format(case=case)


def number_of(case: str) -> str:
    return f"'F' || {agency_of(case)} || '-2026-' || lpad(({case} - {FIRST})::text, 6, '0')"


SELF = f"({FIRST} + n)"
VISIBLE = "CASE WHEN n % 5 = 0 THEN 'released' ELSE 'internal' END"
SUBJECT = f"'case:' || {CASE}"
SEVERITY = "(ARRAY['informational','low','medium','high','critical'])[1 + n % 5]"

# Rows, which case row n is about, and what differs from a column's default. Ids are FIRST + n.
# fmt: off
TABLES: list[tuple[str, int, str, dict[str, str]]] = [
    (
        "cases.Case",
        CASES,
        SELF,
        {
            "number": f"'F' || {agency_of(SELF)} || '-2026-' || lpad(n::text, 6, '0')",
            "title": "'Beacon to host ' || md5(n::text) || ' seen ' || n % 977",
            "severity": SEVERITY,
            "severity_rank": "n % 5",
            "state": f"CASE WHEN {is_open(SELF)} THEN 'triage' ELSE 'closed' END",
            "opened_at": when(SELF),
            "changed_at": when(SELF),
            "closed_at": f"CASE WHEN {is_open(SELF)} THEN NULL ELSE {when(SELF)} + interval '5 hours' END",
            "next_due_at": f"CASE WHEN {is_open(SELF)} THEN now() + make_interval(mins => n % 600 - 200) END",
            "owner_id": "CASE WHEN n % 3 = 0 THEN %(person)s END::bigint",
            "rule": "'rule-' || n % 400",
            "fingerprint": "md5(n::text)",
            "gathering": is_open(SELF),
            "alert_count": "1 + n % 9",
            "restricted": "n % 997 = 0",
        },
    ),
    (
        "cases.Receipt",
        CASES,
        CASE,
        {
            "source": "'edr-' || n % 7",
            "key": "md5(n::text) || n",
            "digest": "decode(md5(n::text), 'hex')",
            "state": "CASE WHEN n % 400 = 0 THEN 'pending' WHEN n % 401 = 0 AND n <= 20000 THEN 'dead' "
            "WHEN n % 3 = 0 THEN 'opened' ELSE 'grouped' END",
            "problem": """'{"code": "unknown_form", "field": "", "detail": "Unknown.", "cure": "Send a known form."}'::jsonb""",
            "received_at": when(CASE),
            "case_id": CASE,
        },
    ),
    ("cases.Body", 20_000, CASE, {"receipt_id": SELF, "raw": "'{}'::bytea"}),
    (
        "cases.Alert",
        40_000,
        CASE,
        {
            "receipt_id": SELF,
            "case_id": CASE,
            "form": "'plain'",
            "title": "'Beacon'",
            "severity": SEVERITY,
            "rule": "'rule-' || n % 400",
            "fingerprint": "md5(n::text)",
            "received_at": when(CASE),
        },
    ),
    ("cases.Note", 20_000, CASE, {"case_id": CASE, "visibility": VISIBLE, "text": "'Looked at'", "created_at": when(CASE)}),
    (
        "cases.Observable",
        60_000,
        CASE,
        {"case_id": CASE, "visibility": VISIBLE, "kind": "'host'", "value": "'ws-' || n % 30000 || '-' || n", "created_at": when(CASE)},
    ),
    ("cases.Technique", 20_000, CASE, {"case_id": CASE, "technique": "'T1' || 100 + n % 500 || n", "created_at": when(CASE)}),
    ("cases.Task", 20_000, CASE, {"case_id": CASE, "title": "'Ask them'", "created_at": when(CASE)}),
    (
        "cases.TimelineEntry",
        60_000,
        CASE,
        {"case_id": CASE, "origin": "'sensor'", "text": "'Seen'", "created_at": when(CASE), "visibility": VISIBLE},
    ),
    (
        "cases.Suppression",
        3_000,
        CASE,
        {
            "fingerprint": "md5(n::text)",
            "rule": "'rule'",
            "owner_id": "%(person)s",
            "until": "now() + make_interval(days => n % 400 - 380)",
        },
    ),
    (
        "clocks.Clock",
        CASES,
        SELF,
        {
            "subject": f"'case:' || {SELF}",
            "kind": "'acknowledge'",
            "rule_id": "%(rule)s",
            "started_at": when(SELF),
            "severity": SEVERITY,
            "state": f"CASE WHEN {is_open(SELF)} THEN 'running' ELSE 'met' END",
            "due_at": f"{when(SELF)} + interval '1 hour'",
            "stopped_at": f"CASE WHEN {is_open(SELF)} THEN NULL ELSE {when(SELF)} + interval '10 minutes' END",
        },
    ),
    ("clocks.ClockEvent", 20_000, CASE, {"clock_id": CASE, "kind": "'started'"}),
    (
        "tenants.Entry",
        60_000,
        CASE,
        {
            "kind": "(ARRAY['cases.CaseOpened','cases.NoteWritten','cases.ItemsReleased','cases.AlertJoined'])[1 + n % 4]",
            "subject": SUBJECT,
            "data": f"jsonb_build_object('number', {number_of(CASE)}, 'visibility', 'internal', 'items', '[]'::jsonb)",
            "at": when(CASE),
        },
    ),
    (
        "tenants.Delivery",
        60_000,
        CASE,
        {
            "entry_id": SELF,
            "subscriber": "'soc.live.reactions.ring_those_who_watch'",
            "subject": SUBJECT,
            "due_at": when(CASE),
            "state": "CASE WHEN n % 500 = 0 THEN 'open' WHEN n % 3001 = 0 THEN 'parked' ELSE 'done' END",
        },
    ),
    ("tenants.RememberedAnswer", 20_000, CASE, {"caller": "'person:' || n % 90", "key": "n::text", "fingerprint": "''::bytea"}),
    ("tenants.CallTreeContact", 300, CASE, {}),
    (
        "playbooks.Run",
        60_000,
        SELF,
        {
            "book_id": "%(book)s",
            "version_id": "%(version)s",
            "version_hash": "%(hash)s",
            "subject": f"'case:' || {SELF}",
            "state": "CASE WHEN n % 500 = 0 THEN 'ready' WHEN n % 501 = 0 THEN 'running' WHEN n % 100 = 7 THEN 'waiting' ELSE 'done' END",
            "lease_until": "CASE WHEN n % 501 = 0 THEN now() - interval '1 minute' END",
            "wake_at": when(SELF),
            "started_at": when(SELF),
        },
    ),
    ("playbooks.Frame", 20_000, SELF, {"run_id": SELF, "cursor": "'start'"}),
    (
        "playbooks.StepAttempt",
        40_000,
        SELF,
        {
            "run_id": SELF,
            "frame_id": SELF,
            "step_id": "%(step)s",
            "kind": "'action'",
            "name": "'Look'",
            "effect_key": "md5(n::text)",
            "state": "'ok'",
        },
    ),
    (
        "playbooks.Timer",
        20_000,
        SELF,
        {
            "run_id": SELF,
            "frame_id": SELF,
            "purpose": "'wait'",
            "due_at": when(SELF),
            "fired_at": f"CASE WHEN n % 100 = 0 THEN NULL ELSE {when(SELF)} END",
        },
    ),
    ("playbooks.Undo", 5_000, SELF, {"run_id": SELF, "attempt_id": SELF, "text": "'Let go'"}),
    ("playbooks.RunEvent", 20_000, SELF, {"run_id": SELF, "no": "1", "kind": "'started'", "text": "'Started'"}),
    (
        "playbooks.Approval",
        20_000,
        SELF,
        {
            "run_id": SELF,
            "frame_id": SELF,
            "attempt_id": SELF,
            "subject": f"'case:' || {SELF}",
            "step_id": "%(step)s",
            "asks_agency": "n % 2 = 0",
            "action_name": "'endpoint.isolate'",
            "action": "'Isolate'",
            "rendered": "%(rendered)s::jsonb",
            "hash": "md5(n::text)",
            "asked_at": when(SELF),
            "decided_at": when(SELF),
            "state": "CASE WHEN n % 100 = 0 THEN 'open' ELSE 'approved' END",
            "remind_at": "now() + interval '10 minutes'",
            "expires_at": "now() + make_interval(mins => n % 600)",
        },
    ),
    ("playbooks.Vote", 20_000, SELF, {"approval_id": SELF, "person_id": "%(person)s", "side": "'floor'", "vote": "'approve'"}),
    ("playbooks.RefusedVote", 20_000, SELF, {"approval_id": SELF, "person_id": "%(person)s"}),
    (
        "playbooks.BrokenGlass",
        2_000,
        SELF,
        {
            "approval_id": SELF,
            "broken_by_id": "%(person)s",
            "due_at": when(SELF),
            "verdict": "CASE WHEN n % 50 = 0 THEN '' ELSE 'justified' END",
        },
    ),
    (
        "playbooks.Backtest",
        5_000,
        SELF,
        {
            "question": "gen_random_uuid()",
            "book_id": "%(book)s",
            "version_id": "%(version)s",
            "asked_by_id": "%(person)s",
            "asked_at": when(SELF),
            "state": "CASE WHEN n % 100 = 0 THEN 'waiting' ELSE 'done' END",
        },
    ),
    ("playbooks.StandingConsent", 200, CASE, {"given_by_id": "%(person)s"}),
    ("playbooks.Connector", 200, CASE, {"kind": "'endpoint' || n", "name": "'EDR ' || n"}),
    ("playbooks.Effect", 20_000, CASE, {"effect_key": "md5(n::text)"}),
    (
        "scorecards.Observation",
        CASES,
        SELF,
        {
            "subject": f"'case:' || {SELF}",
            "number": f"'F' || {agency_of(SELF)} || '-2026-' || lpad(n::text, 6, '0')",
            "opened_at": when(SELF),
            "position": "n",
            "closed_at": f"CASE WHEN {is_open(SELF)} THEN NULL ELSE {when(SELF)} + interval '5 hours' END",
            "unscored": "n % 2000 = 0",
        },
    ),
    ("live.TopicCount", 20_000, CASE, {"topic": "'case.' || n"}),
]
# fmt: on
OTHERS = f"""
INSERT INTO tenants_agency (slug, name, acronym, kind, size_class, state, cfo_act, time_zone, invented, created_at, version)
SELECT 'other-' || n, 'Other ' || n, 'O' || n, 'federal_civilian', 'small', 'live', false, 'UTC', true, now(), 1
FROM generate_series(1, {AGENCIES}) n RETURNING id
"""
# An agency's scorecards of 24 months, their figures, and the standings that each is told.
MEASURES = ("time_to_detect", "time_to_acknowledge", "time_to_contain", "time_to_recover")
CARDS = f"""
INSERT INTO scorecards_scorecard (id, agency_id, period, starts_at, cases, closed, as_of, as_of_at, unranked)
SELECT {FIRST} + row_number() OVER (), a, to_char(m, 'YYYY-MM'), m, 9, 5, 1, now(), false
FROM unnest(%(all)s::bigint[]) a,
  generate_series(date_trunc('month', now()) - interval '23 months', date_trunc('month', now()), interval '1 month') m;
INSERT INTO scorecards_figure (agency_id, scorecard_id, measure, value, low, high, n, events, excluded)
SELECT agency_id, id, measure, 60, 50, 70, 9, 5, 0 FROM scorecards_scorecard, unnest(%(measures)s::text[]) measure WHERE id > {FIRST};
INSERT INTO scorecards_standing (agency_id, about_id, period, measure, size_class, value, low, high, n, events, cases, closed, as_of)
SELECT c.agency_id, CASE WHEN k = 0 THEN NULL WHEN k = 1 THEN c.agency_id ELSE o END, c.period, measure, 'small', 60, 50, 70, 9, 5, 9, 5, 1
FROM scorecards_scorecard c, unnest(%(measures)s::text[]) measure, generate_series(0, 5) k,
  LATERAL (SELECT (%(others)s::bigint[])[1 + (c.agency_id + k) %% {AGENCIES}] o) other
WHERE c.id > {FIRST} ON CONFLICT DO NOTHING;
INSERT INTO cases_intakeallowance (agency_id, key_id, items, at)
SELECT a, k, 9, now() FROM unnest(%(all)s::bigint[]) a, generate_series(1, 40) k ON CONFLICT DO NOTHING;
INSERT INTO playbooks_signaturepolicy (agency_id, require, changed_at, changed_by)
SELECT a, 'none', now(), 'person:1' FROM unnest(%(all)s::bigint[]) a ON CONFLICT DO NOTHING;
INSERT INTO cases_casenumberseries (agency_id, year, restricted, last)
SELECT a, y, false, 9 FROM unnest(%(all)s::bigint[]) a, generate_series(2000, 2030) y ON CONFLICT DO NOTHING;
"""
# Built after the rows, which is faster; unique ones stay.
INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relforcerowsecurity AND NOT i.indisunique
"""


def administrator() -> psycopg.Connection[Any]:
    """The tests' own server's administrator, in this test database: alone may leave triggers and checks out."""
    state = json.loads((settings.VAR / "servers.json").read_text())
    own = connection.settings_dict
    return psycopg.connect(
        host=own["HOST"], port=own["PORT"], dbname=own["NAME"], user="postgres", password=state["admin_password"], autocommit=True
    )


def fill(big: int, person: int, rule: int, version: tuple[int, int, str, str]) -> float:
    """Write all of it beside what is there; returns the seconds it took. `big` is the agency that has half."""
    began = time.monotonic()
    given: dict[str, Any] = {"big": big, "person": person, "rule": rule, "measures": list(MEASURES)}
    given |= {"version": version[0], "book": version[1], "hash": version[2], "step": version[3], "rendered": '{"effect": "keyed"}'}
    with closing(administrator()) as admin:
        admin.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
        given["others"] = [row[0] for row in admin.execute(OTHERS)]
        given["all"] = [big, *given["others"]]
        aside = admin.execute(INDEXES).fetchall()
        for name, _ in aside:
            admin.execute(f"DROP INDEX {name}")
        try:
            for label, rows, case, differ in TABLES:
                admin.execute(insert(apps.get_model(label), rows, case, differ), given)
            for statement in CARDS.split(";")[:-1]:
                admin.execute(statement, given)
        finally:
            for _, again in aside:
                admin.execute(again)
        for label, *_ in TABLES:
            table = apps.get_model(label)._meta.db_table
            admin.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        admin.execute("VACUUM (ANALYZE)")  # as autovacuum does in time
    return time.monotonic() - began


def insert(model: Any, rows: int, case: str, differ: dict[str, str]) -> str:
    """One INSERT ... SELECT over generate_series: `differ` where given, else each column's default, else something empty."""
    columns = {"id": SELF, "agency_id": agency_of(case)} | differ
    for column in model._meta.concrete_fields:
        columns.setdefault(column.column, empty(column))
    for column in model._meta.concrete_fields:
        # Written in the tables' own language: a %% of SQL's modulo must not be taken for a placeholder.
        columns[column.column] = columns[column.column].replace(" % ", " %% ")
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} FROM generate_series(1, {rows}) n"


def empty(column: Any) -> str:
    """The default of a column as SQL, or the least that its type takes."""
    if isinstance(column, models.UUIDField):
        return "gen_random_uuid()"
    if column.has_default() and not callable(column.default):
        return "NULL" if column.default is None else repr(getattr(column.default, "value", column.default))
    if column.null:
        return "NULL"
    kinds: dict[type[Any], str] = {
        models.DateTimeField: "now()", models.JSONField: "'{}'::jsonb", models.BooleanField: "false", models.IntegerField: "0",
        models.FloatField: "0", models.DurationField: "interval '0'", models.BinaryField: "''::bytea",
    }  # fmt: skip
    return next((said for kind, said in kinds.items() if isinstance(column, kind)), "''")
