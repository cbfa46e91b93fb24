"""Each table is audited or says why not; sign-ins, refusals, restricted reads and looks across agencies are written down."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from soc.cases.models import Case
from soc.cases.operations.opening import open_by_hand
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.isolation import scope
from tenants.models import AuditRow
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db

# Tables whose changes the trigger does not write down, each with its reason.
NOT_AUDITED = {
    "tenants_entry": "the journal: append-only, sealed by itself",
    "tenants_delivery": "what became of each entry of the journal",
    "tenants_auditrow": "the audit table itself: append-only, sealed",
    "tenants_seal": "append-only, chained, anchored outside",
    "tenants_anchormark": "how far the anchor was told: an audit row of it would need a seal, and so on without an end",
    "tenants_rememberedanswer": "answers kept for repeats of calls whose effects are audited",
    "cases_receipt": "the intake is an append-only record; its states are in the balance and its facts in the journal",
    "cases_body": "the bytes as they came: append-only",
    "cases_alert": "append-only, made from a body",
    "cases_casenumberseries": "a counter",
    "cases_intakeallowance": "a counter of each key's rate",
    "clocks_clockevent": "a ledger: append-only",
    "playbooks_runevent": "what happened in a run: append-only",
    "playbooks_draftstate": "the states of a draft, whose own row says who changed it and the hash of what it became",
    "playbooks_effect": "what a product answered: append-only",
    "playbooks_slot": "counters of a connector's limits, moved by every call; the calls are in its attempts",
    "playbooks_backtestedsubject": "append-only rows of a report, reckoned again from the cases by asking again; the question is audited",
    "live_topiccount": "counters of the bell",
    "django_session": "sessions change with every request; sign-ins and sign-outs are written down",
    "watchfloor_cache": "counts of failed sign-ins",
    "account_emailconfirmation": "not used: addresses are given by an admin",
    "django_content_type": "names of the code's own tables",
    "django_migrations": "written by the owner alone",
    "auth_group": "not used", "auth_permission": "not used", "auth_group_permissions": "not used",
}  # fmt: skip


def audited() -> list[str]:
    """The tables that carry the trigger."""
    return names("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_row' AND tgenabled = 'O'")


def names(sql: str) -> list[str]:
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(sql)
        return sorted(row[0] for row in cursor.fetchall())


def newest() -> int:
    with scope.floor(None):
        return AuditRow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def notes(since: int) -> list[tuple[str, str, str]]:
    """(what, actor, note) of what the gates wrote down after a line."""
    with scope.floor(None):
        return list(AuditRow.objects.filter(pk__gt=since, table_name="").order_by("pk").values_list("what", "actor", "note"))


def test_a_table_is_audited_or_says_why_not() -> None:
    every = set(names("SELECT c.relname FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"))
    silent = every - set(audited()) - set(NOT_AUDITED)
    assert not silent, f"give these the trigger (Wall, Granted with audited=True), or a line with a reason: {silent}"
    assert not set(NOT_AUDITED) & set(audited())


@pytest.mark.django_db(transaction=True)
def test_sign_ins_and_sign_outs_are_written_down(cast: Cast, client_of: Any, api_of: Any) -> None:
    since, ana = newest(), cast.people["ana"]
    client = Client()
    client.post("/accounts/login/", {"login": ana.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": ana.email, "password": PASSWORD})
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "nobody@watchfloor.example", "password": "wrong"})
    said = notes(since)
    assert [(what, note.rpartition(" ")[2]) for what, _, note in said] == [
        ("sign_in_failed", ana.email),
        ("sign_in", ana.email),
        ("sign_out", ana.email),
        ("sign_in_failed", "nobody@watchfloor.example"),
    ]
    assert {actor for what, actor, _ in said if what in ("sign_in", "sign_out")} == {f"person:{ana.pk}"}


REFUSED: list[tuple[str, str, str, Any, int]] = [
    ("nia", "GET", "/queue/", None, 404),
    ("ana", "GET", "/people/", None, 404),
    ("ana", "GET", "/dead-letters/", None, 403),
    ("aud", "POST", "/people/", {}, 403),
    ("sol", "GET", "/agencies/north/", None, 404),
    ("sol", "GET", "/api/v1/scorecards/north", None, 404),
    ("ana", "POST", "/api/v1/alerts", {"title": "x"}, 403),
    ("aud", "POST", "/api/v1/cases", {"agency": "north", "title": "x"}, 403),
    ("north_key", "GET", "/api/v1/cases", None, 404),
    ("ada", "POST", "/agencies/north/move/", {"state": "exited", "version": "1"}, 409),
]


def test_a_refusal_is_written_down(cast: Cast, client_of: Any, api_of: Any) -> None:
    wrong = []
    for who, method, path, body, status in REFUSED:
        client = api_of(who) if path.startswith("/api/") else client_of(who)
        since = newest()
        send = client.get if method == "GET" else getattr(client, "send", client.post)
        answer = send(path, *(() if body is None else (body,)))
        name = f"key:{cast.north_sensor.key_id}" if who == "north_key" else f"person:{cast.people[who].pk}"
        told = [(actor, note) for what, actor, note in notes(since) if what == "refusal"]
        right = len(told) == 1 and told[0][0] == name and told[0][1].startswith(f"{method} {path} {status}")
        if answer.status_code != status or not right:
            wrong.append(f"{who} {method} {path}: {answer.status_code}, {told}")
    assert not wrong, "\n".join(wrong)


def test_a_read_of_a_restricted_case_is_written_down_with_its_agency(cast: Cast, client_of: Any, api_of: Any) -> None:
    with scope.floor(None):
        load_facts(by=system("test"))
        case = open_by_hand(agency="north", title="By phone", severity="low", reason="They called.", by=cast.lee)
        Case.objects.filter(pk=case.pk).update(restricted=True)
    since, name = newest(), f"person:{cast.people['ana'].pk}"
    assert client_of("ana").get(f"/cases/{case.number}/").status_code == 200
    assert api_of("ana").get(f"/api/v1/cases/{case.number}").status_code == 200
    assert api_of("nia").get(f"/api/v1/cases/{case.number}").status_code == 404
    told = [one for one in notes(since) if one[0] == "restricted_read"]
    assert told == [("restricted_read", name, case.number)] * 2
    with scope.floor(None):
        assert set(AuditRow.objects.filter(what="restricted_read").values_list("agency_id", flat=True)) == {cast.north.pk}


def test_a_look_across_agencies_is_written_down_with_its_reason(cast: Cast, client_of: Any, api_of: Any) -> None:
    since, name = newest(), f"person:{cast.people['aud'].pk}"
    assert client_of("aud").get("/cases/").status_code == 200
    assert api_of("aud").get("/api/v1/cases").status_code == 200
    told = [one for one in notes(since) if one[0] == "every_agency"]
    assert told == [("every_agency", name, "GET /cases/"), ("every_agency", name, "GET /api/v1/cases")]
