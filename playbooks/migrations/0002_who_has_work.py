"""Functions that tell from the lobby which agencies have runs, timers or approvals due."""

from django.db import migrations

from tenants.isolation.functions import agencies_with

RUNS = """
SELECT r.agency_id FROM playbooks_run r
WHERE (r.state = 'ready' AND r.wake_at <= statement_timestamp()) OR (r.state = 'running' AND r.lease_until < statement_timestamp())
GROUP BY 1 ORDER BY min(r.wake_at)
"""
TIMERS = """
SELECT t.agency_id FROM playbooks_timer t WHERE t.fired_at IS NULL AND t.due_at <= statement_timestamp() GROUP BY 1 ORDER BY min(t.due_at)
"""
APPROVALS = """
SELECT a.agency_id FROM playbooks_approval a
WHERE a.state = 'open' AND (a.expires_at <= statement_timestamp() OR (a.reminded_at IS NULL AND a.remind_at <= statement_timestamp()))
GROUP BY 1 ORDER BY min(a.expires_at)
"""


class Migration(migrations.Migration):
    """Each name is asked by one chore of the sweep."""

    dependencies = [("playbooks", "0001_the_engine")]

    operations = [
        migrations.RunSQL(agencies_with(name, body.strip()), f"DROP FUNCTION {name}()")
        for name, body in (
            ("agencies_with_runs", RUNS),
            ("agencies_with_timers", TIMERS),
            ("agencies_with_approvals", APPROVALS),
        )
    ]
