"""Functions that tell from the lobby which agencies have runs, timers or approvals due."""

from django.db import migrations

from tenants.isolation.functions import agencies_with, owned_by

# An agency costs a few probes of indexes, however many runs it has ready; runs that wait stand in none of them.
TURNS = """
SELECT a.id, COALESCE(s.weight, 1), s.most_at_once::integer, due.urgent, due.normal
FROM tenants_agency a LEFT JOIN playbooks_share s ON s.agency_id = a.id CROSS JOIN LATERAL (SELECT
  EXISTS (SELECT 1 FROM playbooks_run r
    WHERE r.agency_id = a.id AND r.state = 'ready' AND r.lane = 0 AND r.wake_at <= statement_timestamp()) AS urgent,
  EXISTS (SELECT 1 FROM playbooks_run r
    WHERE r.agency_id = a.id AND r.state = 'ready' AND r.lane = 1 AND r.wake_at <= statement_timestamp())
  OR EXISTS (SELECT 1 FROM playbooks_run r
    WHERE r.agency_id = a.id AND r.state = 'running' AND r.lease_until < statement_timestamp()) AS normal) due
WHERE due.urgent OR due.normal
"""
TURNS_OF_RUNS = (
    "CREATE FUNCTION turns_of_runs() RETURNS TABLE (agency_id bigint, weight integer, most_at_once integer, urgent boolean, normal boolean) "
    f"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ {TURNS.strip()} $$; "
    + owned_by("turns_of_runs()", "soc_central", callable_by=("soc_lobby",))
)
TIMERS = """
SELECT t.agency_id FROM playbooks_timer t WHERE t.fired_at IS NULL AND t.due_at <= statement_timestamp() GROUP BY 1 ORDER BY min(t.due_at)
"""
APPROVALS = """
SELECT a.agency_id FROM playbooks_approval a
WHERE a.state = 'open' AND (a.expires_at <= statement_timestamp() OR (a.reminded_at IS NULL AND a.remind_at <= statement_timestamp()))
GROUP BY 1 ORDER BY min(a.expires_at)
"""


BACKTESTS = """
SELECT b.agency_id FROM playbooks_backtest b WHERE b.state = 'waiting' GROUP BY 1 ORDER BY min(b.asked_at)
"""


class Migration(migrations.Migration):
    """Each name is asked by one chore of the sweep."""

    dependencies = [("playbooks", "0001_the_engine")]

    operations = [migrations.RunSQL(TURNS_OF_RUNS, "DROP FUNCTION turns_of_runs()")] + [
        migrations.RunSQL(agencies_with(name, body.strip()), f"DROP FUNCTION {name}()")
        for name, body in (
            ("agencies_with_timers", TIMERS),
            ("agencies_with_approvals", APPROVALS),
            ("agencies_with_backtests", BACKTESTS),
        )
    ]
