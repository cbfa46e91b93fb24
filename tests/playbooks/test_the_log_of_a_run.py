"""The log of a run: it tells every state that the run was in, and no event of it can change without being found."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from playbooks.models import Run, RunEvent
from playbooks.queries.moments import state_at, verify_run
from tenants.isolation import scope
from tests.playbooks.books import END, book
from tests.playbooks.test_dry_runs import published, tried
from tests.playbooks.test_the_engine import approved

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "playbooks_runevent"

# What an owner of the tables may do, past every right of the application's roles.
TAMPERED = {
    "a changed text": (f"UPDATE {TABLE} SET text = 'Nothing' WHERE run_id = %(run)s AND no = 4", "event 4 is not what was written"),
    "a changed time": (f"UPDATE {TABLE} SET at = at + interval '1 s' WHERE run_id = %(run)s AND no = 2", "event 2 is not what was written"),
    "another actor": (f"UPDATE {TABLE} SET actor = 'person:1' WHERE run_id = %(run)s AND no = 3", "event 3 is not what was written"),
    "changed data": (
        f"UPDATE {TABLE} SET data = data || '{{\"x\": 1}}' WHERE run_id = %(run)s AND no = 1",
        "event 1 is not what was written",
    ),
    "a removed event": (f"DELETE FROM {TABLE} WHERE run_id = %(run)s AND no = 3", "event 3 is missing"),
    "a removed event, closed up": (
        f"DELETE FROM {TABLE} WHERE run_id = %(run)s AND no = 3; UPDATE {TABLE} SET no = no - 1 WHERE run_id = %(run)s AND no > 3",
        "event 3 is not what was written",
    ),
    "two events exchanged": (
        (
            f"UPDATE {TABLE} SET no = no + 1000 WHERE run_id = %(run)s AND no IN (2, 3);"
            f"UPDATE {TABLE} SET no = 1005 - no WHERE run_id = %(run)s AND no > 1000"
        ),
        "event 2 is not what was written",
    ),
    "a cut tail": (f"DELETE FROM {TABLE} WHERE run_id = %(run)s AND no > 5", "event 6 is missing"),
    "a cut tail, and the run with it": (
        (
            f"DELETE FROM {TABLE} WHERE run_id = %(run)s AND no > 5; UPDATE playbooks_run SET last_event = 5,"
            f" chain = (SELECT hash FROM {TABLE} WHERE run_id = %(run)s AND no = 5) WHERE id = %(run)s"
        ),
        "is not the one with which the run ended, by the journal",
    ),
    "an added event": (
        (
            f"INSERT INTO {TABLE} (agency_id, run_id, no, kind, step_id, text, actor, actor_label, fence, data, hash, at)"
            f" SELECT agency_id, run_id, no + 1, kind, step_id, text, actor, actor_label, fence, data, hash, at FROM {TABLE}"
            " WHERE run_id = %(run)s ORDER BY no DESC LIMIT 1"
        ),
        "is not what was written",
    ),
}


@pytest.fixture
def owner(db):
    """What the owner of the tables says to PostgreSQL."""
    own, role = connection.settings_dict, connection.settings_dict["OWNER"]
    address = {"host": own["HOST"], "port": own["PORT"], "dbname": own["NAME"], "user": role["USER"], "password": role["PASSWORD"]}
    with psycopg.connect(**address, autocommit=True) as link:
        yield link.execute


def ended(stage):
    run = approved(stage)
    stage.work()
    run = stage.run(run)
    assert run.state == "done"
    return run


@pytest.mark.parametrize("how", TAMPERED)
def test_what_an_owner_changes_is_found(stage, how, owner):
    run = ended(stage)
    with scope.floor(None):
        assert verify_run(run).fault == ""
    sql, said = TAMPERED[how]
    owner(sql.replace("%(run)s", str(run.pk)))
    with scope.floor(None):
        assert said in verify_run(Run.objects.get(pk=run.pk)).fault
    with pytest.raises(CommandError, match=str(run.public_id)):
        call_command("verify_runs", stdout=StringIO())
    stage.tampered = True


def test_the_command_says_what_it_checked(stage):
    run = ended(stage)
    out = StringIO()
    call_command("verify_runs", str(run.public_id), "--agency", "north", stdout=out)
    assert out.getvalue().startswith("1 runs, ") and out.getvalue().endswith("events fit, 0 runs do not\n")
    with pytest.raises(CommandError, match="not known"):
        call_command("verify_runs", "00000000-0000-4000-8000-000000000000")
    with pytest.raises(CommandError, match="is no id"):
        call_command("verify_runs", "x")


def test_each_moment_is_told(stage):
    run = ended(stage)
    with scope.floor(None):
        asked = RunEvent.objects.get(run=run, kind="asked")
        then, last = state_at(run, asked.no), state_at(run)
    assert then.states()[asked.step_id] == "planned" and not then.over
    assert [step for step, _ in then.cursors.values()] == [asked.step_id]
    assert last.states()[asked.step_id] == "ok" and last.over and last.cursors == {}
    assert last.values == run.variables
    assert any(then.values.get(name) != value for name, value in last.values.items())


def test_a_secret_value_stands_in_no_event(stage):
    steps = {"start": {"type": "start", "on_completion": "end"}, "end": END}
    published(stage, book(steps, start="start", api_token={}))
    run = tried(stage, "small", api_token="hunter2")
    assert run.variables["__api_token__"] == "hunter2"
    with scope.floor(None):
        assert state_at(run).values["__api_token__"] == "[hidden]"
        assert "hunter2" not in str(list(RunEvent.objects.filter(run=run).values_list("data", flat=True)))
