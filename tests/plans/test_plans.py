"""The hot queries over 100,000 cases, as the floor and as an agency: none reads an agency's table from end to end.

Every statement is the product's own, caught on its way to PostgreSQL. Times are the bench's business.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from playbooks.engine.claiming import claim
from playbooks.models import Approval, Run, Version
from playbooks.operations.lapsing import due_approvals
from playbooks.operations.publishing import publish_library
from playbooks.operations.timing import due_timers
from playbooks.queries.books import graph_of
from soc.cases.models import Case, Observable, Receipt
from soc.cases.queries.intake import balances_of
from soc.clocks.models import Rule
from soc.clocks.operations.breaching import breach_due_clocks
from soc.clocks.operations.loading import load_facts
from soc.health.queries.depths import depths
from soc.scorecards.operations.counting import count_scorecards
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal.delivery import deliver_one
from tests.cast import ApiClient, Cast, narrowed
from tests.plans.fill import administrator, fill
from tests.plans.reading import Plan, Reader, explained, nodes, read

pytestmark = pytest.mark.django_db(transaction=True)

PAGES_DEEP = 3
MOST_STATEMENTS = 40  # of one page or answer, however much there is
QUEUES = (
    "view=open",
    "view=mine",
    "view=unassigned",
    "view=late",
    "view=closed",
    "agency=north",
    "severity=high",
    "owner=none",
    "q=beacon",
    "q=000123",
)
SEARCHES = ("000123", "{number}", "beacon host", "{observable}", "nothing like it")
# What an agency's search looks for, as SQL (spellings, words, number, its end), by the index that leads to it.
SOUGHT = {
    "case_title_words": "'{nothing like it}', '''nothing'':* & ''like'':*', NULL, NULL",
    "observable_value_lower": "'{ws-0-60000}', '''ws'':* & ''60000'':*', NULL, NULL",
    "case_number_tail": "'{000123}', '''000123'':*', NULL, '000123'",
}
# /sources/ adds up every receipt, from one index alone: a counter kept by each write would make an agency's sensors wait for one row.
FLOOR_READS = (
    *("/search/?q={q}", "/cases/", "/cases/?agency=north", "/cases/?state=open", "/cases/{number}/", "/cases/{number}/preview/"),
    *("/sources/", "/suppressions/", "/approvals/", "/approvals/{approval}/", "/runs/{run}/", "/standings/", "/scorecards/north/"),
    *("/queues/", "/parked/", "/agencies/", "/agencies/north/", "/dead-letters/", "/api/v1/dead-letters", "/api/v1/cases/{number}"),
    *("/api/v1/cases?state=open", "/api/v1/runs", "/api/v1/approvals", "/api/v1/receipts/{receipt}", "/api/v1/standings"),
    *("/api/v1/intake/balance?agency=north", "/api/v1/scorecards/north"),
)
LIAISON_READS = (
    *("/home/", "/search/?q={q}", "/cases/", "/cases/?state=open", "/cases/{number}/", "/approvals/", "/standings/", "/agency/"),
    *("/scorecards/north/", "/api/v1/cases/{number}", "/api/v1/cases", "/api/v1/intake/balance", "/api/v1/scorecards/north"),
    *("/api/v1/standings", "/api/v1/approvals", "/api/v1/runs"),
)


@pytest.fixture
def things(cast: Cast) -> dict[str, str]:
    """The filled floor, and what addresses name of it."""
    with scope.floor(None):
        load_facts(by=system("test"))
        publish_library(by=system("test"))
        version = Version.objects.all()[0]
        rule = Rule.objects.all()[0]
        graph = graph_of(version, version.content_hash)
        step = next(one for one in graph.order() if graph.nodes[one].kind not in ("start", "end"))
    seconds = fill(cast.north.pk, cast.people["ana"].pk, rule.pk, (version.pk, version.book_id, version.content_hash, step))
    with scope.floor(None):
        mine = {"agency": cast.north}
        case = Case.objects.filter(**mine, restricted=False, state="triage").latest("id")
        return {
            "seconds": f"{seconds:.1f}",
            "number": case.number,
            "subject": case.subject,
            "observable": Observable.objects.filter(**mine).latest("id").value,
            "receipt": str(Receipt.objects.filter(**mine).latest("id").public_id),
            "run": str(Run.objects.filter(**mine).latest("id").public_id),
            "approval": str(Approval.objects.filter(**mine, state="open").latest("id").public_id),
        }


def addresses(paths: tuple[str, ...], things: dict[str, str]) -> Iterator[str]:
    for path in paths:
        if "{q}" in path:
            yield from (path.replace("{q}", one.format(**things)) for one in SEARCHES)
        else:
            yield path.format(**things)


def follow(client: Any, path: str, reader: Reader, deep: int = 1) -> list[str]:
    """Ask for an address and, `deep` pages on, for those behind it; what was not answered."""
    wrong, client.raise_request_exception = [], False
    for page in range(deep):
        with reader.watching(f"{path}{f' page {page + 1}' if page else ''}"):
            answer = client.get(path)
        if answer.status_code not in (200, 302):  # a number that is found leads to its case
            wrong.append(f"{answer.status_code} {path}")
        following = re.search(rb'href="([^"]*cursor=[^"]*)"', answer.content)
        if not following:
            break
        target = following[1].decode().replace("&amp;", "&")
        path = target if target.startswith("/") else path.split("?")[0] + target
    return wrong


def pages(cast: Cast, client_of: Callable[[str], Any], things: dict[str, str], reader: Reader) -> list[str]:
    """Everything that people and programs look at all day."""
    wrong = []
    for who in ("lee", "zoe"):
        client = client_of(who)
        if who == "zoe":  # assigned to one agency that has no case: the narrow floor
            wrong += follow(client, "/queue/", reader)
            continue
        wrong += [w for view in QUEUES for w in follow(client, f"/queue/?{view}", reader, PAGES_DEEP)]
    for who, paths in (("lee", FLOOR_READS), ("nia", LIAISON_READS)):
        for path in addresses(paths, things):
            caller = ApiClient(cast.tokens[who]) if path.startswith("/api/") else client_of(who)
            wrong += follow(caller, path, reader, PAGES_DEEP if path.startswith("/cases/?") else 1)
    return wrong


def work(cast: Cast, reader: Reader) -> None:
    """What sensors and workers do all day."""
    at = datetime.now(UTC)
    north = cast.north.pk
    by = system("test", agency_id=north)
    with reader.watching("POST /api/v1/alerts"):
        body = {"title": "LSASS read", "rule": "lsass", "severity": "high", "entities": ["host:north-ws-1"]}
        assert ApiClient(cast.north_key).send("/api/v1/alerts", body).status_code == 202
    with reader.watching("a delivery claimed and done"):
        deliver_one(north)
    with reader.watching("a run claimed"):
        claim(north, clock=lambda: at)
    with reader.watching("a run claimed within its agency's bound"):
        claim(north, clock=lambda: at, most_at_once=1000)
    jobs: dict[str, Callable[[], Any]] = {
        "due timers": lambda: due_timers(at=at, most=50),
        "due approvals": lambda: due_approvals(at=at, most=50),
        "due clocks": lambda: breach_due_clocks(agency_id=north, by=by),
        "scorecards counted": lambda: count_scorecards(agency_id=north, by=by),
    }
    for name, job in jobs.items():
        with scope.agency(north, actor="system:test"), reader.watching(name):
            job()
    for name, actor in (("all", cast.lee), ("some", narrowed(cast.lee, cast.north, cast.south))):
        with opened(actor), reader.watching(f"depths of {name}"):
            depths(agencies=actor.agencies, at=at)
        with opened(actor), reader.watching(f"balances of {name}"):
            balances_of([cast.north.pk, cast.south.pk])


def who_has_work() -> Iterator[Plan]:
    """The bodies of the functions that tell the sweep from the lobby which agencies have work: they run as their owner."""
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'agencies\\_with\\_%' OR proname = 'turns_of_runs'")
        for name, body in cursor.fetchall():
            yield read(explained(cursor, body), "soc_central", f"{name}()", body)


def searched_by_an_agency(agency: int) -> Iterator[tuple[Plan, str, set[str]]]:
    """The body of the function that an agency's search goes through, as its owner: the plan, and which index it should and does use."""
    with closing(administrator()) as admin:
        ((body, its_settings),) = admin.execute("SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'cases_found'").fetchall()
        for name, value in (*(one.split("=", 1) for one in its_settings), ("app.agency", str(agency))):
            admin.execute("SELECT set_config(%s, %s, false)", [name, value])
        admin.execute("SET ROLE soc_search")
        admin.execute("PREPARE found (text[], text, text, text, bigint) AS " + body)
        for index, given in SOUGHT.items():
            plan = explained(admin.cursor(), f"EXECUTE found ({given}, 1000)")
            yield read(plan, "soc_search", f"cases_found({given})", body), index, {node.get("Index Name", "") for node in nodes(plan)}


def test_no_hot_query_reads_an_agencys_table_from_end_to_end(cast: Cast, client_of: Callable[[str], Any], things: dict[str, str]) -> None:
    reader = Reader()
    wrong = pages(cast, client_of, things, reader)
    work(cast, reader)
    reader.plans += who_has_work()
    searched = list(searched_by_an_agency(cast.north.pk))
    reader.plans += [plan for plan, _, _ in searched]
    print(f"\nfilled in {things['seconds']} s\n" + table(reader.plans))
    bad = {(plan.role, plan.whole, plan.sql): plan.where for plan in reader.plans if plan.whole}
    said = [f"{role} at {where} reads all of {', '.join(whole)}: {sql}" for (role, whole, sql), where in sorted(bad.items())]
    assert not said, "\n".join(said)
    assert not wrong, f"these were not answered: {wrong}"
    assert {plan.role for plan in reader.plans} >= {"soc_tenant", "soc_central"}
    assert not [(index, used) for _, index, used in searched if index not in used], "an agency's search goes by what it looks for"
    asked = Counter(plan.where for plan in reader.plans if plan.where.startswith("/"))
    many = {where: count for where, count in asked.items() if count > MOST_STATEMENTS}
    assert not many, f"these ask more the more there is: {many}"


def test_the_reader_of_plans_finds_a_table_that_is_read_whole(cast: Cast) -> None:
    reader = Reader()
    with scope.floor(None), reader.watching("a sum over all"):
        list(Case.objects.values_list("summary", flat=True))
    assert [plan.whole for plan in reader.plans] == [("cases_case",)]


def table(plans: list[Plan]) -> str:
    """For each place: as whom, how many statements, the dearest one's estimated cost."""
    lines = []
    for key in sorted({(plan.where.split(" page ")[0].split("cursor=")[0], plan.role) for plan in plans}):
        held = [plan for plan in plans if (plan.where.split(" page ")[0].split("cursor=")[0], plan.role) == key]
        dear = max(held, key=lambda plan: plan.cost)
        lines.append(f"{key[1]:12} {key[0][:60]:60} {len(held):4} {dear.cost:10.0f} {dear.sql[:60] if dear.cost > 5000 else ''}")
    return "\n".join(lines)
