"""Every changed row of an audited table is written down once, with who and whose, in whatever people and workers do."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.db import connection
from django.test import Client

from playbooks.operations.backtesting import ask_backtest
from playbooks.operations.connecting import connect
from playbooks.operations.drafting import begin_blank
from playbooks.operations.publishing import publish as publish_book
from playbooks.operations.publishing import publish_library
from playbooks.operations.sharing import set_share
from playbooks.operations.starting import start_on_case
from playbooks.operations.trusting import set_signature_policy, trust_signer
from soc.cases.models import Case
from soc.clocks.operations.loading import load_facts
from soc.scorecards.operations.standing import publish
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import ApiToken, AuditRow, Membership, Person, SensorKey
from tests.cast import PASSWORD, ApiClient, Cast
from tests.playbooks.books import END, START, book, note
from tests.playbooks.endpoint_product import endpoint_product
from tests.playbooks.signatures import pem, private
from tests.walls.conftest import BEACON, LSASS
from tests.walls.test_audit import audited, newest

pytestmark = pytest.mark.django_db(transaction=True)

# Audited tables that no step below moves, each with its reason.
NOT_REACHED = {
    "account_emailaddress": "allauth writes it when a person changes their address, which no page offers",
}
HIDDEN = {"password", "digest", "data"}

Rows = dict[tuple[str, str], dict[str, Any]]


@dataclass
class Watch:
    """Compares what changed with what was written down."""

    cast: Cast
    reached: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    steps: int = 0

    def rows(self) -> Rows:
        """Every row of every audited table, without what is kept out of the audit."""
        found: Rows = {}
        connection.close()
        with connection.as_owner(), connection.cursor() as cursor:  # identities that no application role may read whole
            for table in self.tables:
                cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
                for row in (json.loads(text) for (text,) in cursor.fetchall()):
                    found[table, str(row["id"])] = {name: value for name, value in row.items() if name not in HIDDEN}
        return found

    def __post_init__(self) -> None:
        self.tables = audited()

    @contextmanager
    def step(self, what: str, *actors: str) -> Iterator[None]:
        """Run one step and compare: by whom it may have been done are `actors` (or beginnings that end in a colon)."""
        before, last = self.rows(), newest()
        yield
        after, self.steps = self.rows(), self.steps + 1
        told: dict[tuple[str, str], list[AuditRow]] = {}
        with scope.floor(None):
            for one in AuditRow.objects.filter(pk__gt=last).exclude(table_name="").order_by("pk"):
                told.setdefault((one.table_name, one.row_id), []).append(one)
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        for key in sorted(changed | told.keys()):
            self.reached[key[0]] += len(told.get(key, ()))
            fault = self._fault(before.get(key), after.get(key), told.get(key, []), actors)
            if fault:
                self.wrong.append(f"{what}: {key[0]} {key[1]}: {fault}")

    @staticmethod
    def _fault(before: Any, after: Any, told: list[AuditRow], actors: tuple[str, ...]) -> str:
        """What the lines about one row do not say rightly: they lead from what it was to what it is, each change once."""
        if not told:
            return "changed, and nothing was written down"
        stands = before
        for one in told:
            if clean(one.before) != stands:
                return f"line {one.pk} ({one.what}) does not go on from what the row was"
            stands = clean(one.after)
            whose = (one.after or one.before).get("agency_id")
            if one.agency_id != whose:
                return f"line {one.pk} says agency {one.agency_id}, the row is of {whose}"
            if not any(one.actor == actor or (actor.endswith(":") and one.actor.startswith(actor)) for actor in actors):
                return f"line {one.pk} ({one.what}) names {one.actor}, it was {' or '.join(actors)}"
        return "" if stands == after else "the last line is not what the row is"


def clean(row: Any) -> Any:
    return row and {name: value for name, value in row.items() if name not in HIDDEN}


def test_every_changed_row_is_written_down_once_with_who_and_whose(cast: Cast, monkeypatch: pytest.MonkeyPatch, deliver_all: Any) -> None:
    monkeypatch.setenv("SECRET_EDR", "the-secret-of-the-product")
    monkeypatch.setattr(settings, "STORM_SECONDS", 900)
    without_facts()
    watch = Watch(cast)
    who = {short: f"person:{person.pk}" for short, person in cast.people.items()}
    browsers: dict[str, Client] = {}

    def form(short: str, path: str, data: dict[str, Any], status: int = 302) -> None:
        with watch.step(f"{short} POST {path}", who[short]):
            answer = browsers[short].post(path, data)
        if answer.status_code != status:
            watch.wrong.append(f"{path} answers {answer.status_code}")

    def call(short: str, path: str, data: Any, version: Any = None) -> Any:
        name = who.get(short, f"key:{cast.north_sensor.key_id}")
        with watch.step(f"{short} POST {path}", name):
            answer = ApiClient(getattr(cast, short) if short.endswith("_key") else cast.tokens[short]).send(path, data, version=version)
        if answer.status_code not in (200, 202):
            raise AssertionError(f"{path} answers {answer.status_code}: {answer.content.decode()}")
        return answer.json()

    def workers() -> None:
        with watch.step("workers", "system:", "run:"):
            deliver_all()

    for short in ("ana", "lee", "ada", "nia"):
        browsers[short] = Client()
        with watch.step(f"{short} signs in", who[short]):
            assert browsers[short].post("/accounts/login/", {"login": cast.people[short].email, "password": PASSWORD}).status_code == 302
    with endpoint_product() as product:
        with watch.step("the program's facts", "system:"), scope.floor(None, actor="system:command"):
            load_facts(by=system("command"))
            publish_library(by=system("command"))
        with watch.step("a product", who["ada"]), opened(cast.ada):
            connect(
                agency_id=cast.north.pk, kind="endpoint", name="EDR", base_url=product.address, named_networks=["127.0.0.1/32"],
                secret_name="edr", by=cast.ada,
            )  # fmt: skip
        with watch.step("a signer, and what an agency asks of signatures", who["ada"]), opened(cast.ada):
            trust_signer(name="The press", pem=pem(private("ES256")), by=cast.ada)
            set_signature_policy(agency_id=cast.south.pk, asked="trusted", by=cast.ada)
        with watch.step("a share of the workers, and another", who["ada"]), opened(cast.ada):
            set_share(agency_id=cast.north.pk, weight=2, by=cast.ada)
            set_share(agency_id=cast.north.pk, weight=3, most_at_once=50, by=cast.ada)
        _admin(cast, form)
        _work(cast, form, call, workers, lambda number: _later(watch, number, call, workers))
        _write(watch, form)
        with watch.step("a question about past cases", who["ana"]), opened(cast.ana):
            ask_backtest(book="malware-on-a-host", days=30, agencies=["north"], by=cast.ana)
        workers()
        with watch.step("publishing", who["ada"]), opened(cast.ada):
            publish(period=f"{datetime.now(UTC):%Y-%m}", measure="time_to_contain", by=cast.ada)
        workers()
    form("nia", "/account/preferences/", {"theme": "dark"})
    form("ana", "/account/tokens/", {"name": "laptop"}, 200)  # its page shows the secret once
    with scope.floor(None):
        prefix = ApiToken.objects.get(name="laptop").prefix
    form("ana", f"/account/tokens/{prefix}/revoke/", {})
    with watch.step("nia takes a second factor", who["nia"]):
        _second_factor(browsers["nia"])
    print("\n" + "\n".join(f"{count:5}  {table}" for table, count in sorted(watch.reached.items())) + f"\n{watch.steps} steps")
    assert not watch.wrong, "\n".join(watch.wrong[:30])
    unmoved = set(watch.tables) - set(watch.reached) - set(NOT_REACHED)
    assert not unmoved, f"no step moved these: add one, or a line with a reason: {unmoved}"
    assert not set(NOT_REACHED) & set(watch.reached)


def test_a_change_that_is_not_written_down_or_of_another_hand_is_found(cast: Cast) -> None:
    watch = Watch(cast)
    rename, trigger = "UPDATE tenants_agency SET name = name || '!' WHERE slug = 'north'", "ALTER TABLE tenants_agency {} TRIGGER audit_row"
    for sql in ([trigger.format("DISABLE"), rename, trigger.format("ENABLE")], [rename]):
        with watch.step("renamed", "person:1"), connection.as_owner(), connection.cursor() as cursor:
            for one in sql:
                cursor.execute(one)
    silent, foreign = watch.wrong
    assert silent.endswith("changed, and nothing was written down")
    assert foreign.endswith("it was person:1")


def without_facts() -> None:
    """Take out what came with the tables, so that its loading is seen."""
    connection.close()
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clocks_rule; DELETE FROM clocks_instrumentstate; DELETE FROM clocks_instrument")


def _later(watch: Watch, number: str, call: Callable[..., Any], workers: Callable[[], None]) -> None:
    """A book that waits an hour, published and started by hand; and one whose glass is broken, after somebody tried to vote."""
    ada, ana = watch.cast.ada, watch.cast.ana
    waits = book({"start": START, "first": note("Later.", delay=3_600_000, on_completion="end"), "end": END}, start="start")
    with watch.step("a book is published", ada.name), opened(ada):
        publish_book(slug="later", document=waits, by=ada)
    with watch.step("a run is started by hand", ana.name), opened(ana):
        start_on_case(number=number, book="later", why="An hour on.", by=ana)
    with watch.step("another run is started by hand", ana.name), opened(ana):
        start_on_case(number=number, book="malware-on-a-host", why="Once more.", by=ana)
    workers()
    asked = ApiClient(watch.cast.tokens["lee"]).get(f"/api/v1/approvals?case={number}&state=open").json()["results"]
    path, about = f"/api/v1/approvals/{asked[0]['id']}", {"hash": asked[0]["hash"], "reason": "Now."}
    with watch.step("a vote is refused", watch.cast.aud.name):
        assert ApiClient(watch.cast.tokens["aud"]).send(f"{path}/vote", {**about, "vote": "approve"}).status_code == 403
    call("lee", f"{path}/break-glass", {**about, "target": asked[0]["rendered"]["targets"][0]})
    call("ana", f"{path}/review", {"verdict": "justified", "note": "It was spreading."})


def _write(watch: Watch, form: Callable[..., None]) -> None:
    """A book is written by an analyst and published by an admin."""
    ana = watch.cast.ana
    with watch.step("a draft is begun", ana.name), opened(ana):
        path = f"/playbooks/drafts/{begin_blank(name='By hand', by=ana).public_id}/"
    form("ana", path, {"version": "1", "part": "book", "description": "Written here."})
    form("ana", path, {"version": "2", "part": "book", "do": "undo"})
    form("ada", f"{path}publish/", {"version": "3", "note": "The first."})


def _second_factor(client: Client) -> None:
    """Activate a one-time code, as its page asks."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get("/accounts/2fa/totp/activate/")
    with scope.lobby():
        secret = client.session[SECRET_SESSION_KEY]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302


def _admin(cast: Cast, form: Callable[..., None]) -> None:
    """What an admin does."""
    agency = {"slug": "wells", "name": "Office of Wells", "acronym": "OOW", "kind": "federal_civilian", "size_class": "small"}
    form("ada", "/agencies/new/", agency)
    form("ada", "/agencies/wells/move/", {"state": "onboarding", "version": "1"})
    contact = {"name": ["Night desk"], "title": [""], "phone": ["1"], "email": [""], "out_of_hours": ["0"]}
    form("ada", "/agencies/wells/call-tree/", contact)
    form("ada", "/people/", {"email": "new@watchfloor.example", "name": "New Hire", "password": PASSWORD})
    with scope.floor(None):
        hired = Person.objects.get(email="new@watchfloor.example")
    form("ada", f"/people/{hired.public_id}/", {"role": "analyst", "agency": "north"})
    with scope.floor(None):
        membership = Membership.objects.get(person=hired)
    form("ada", f"/roles/{membership.public_id}/end/", {})
    form("ada", f"/people/{hired.public_id}/deactivate/", {})
    form("ada", f"/people/{hired.public_id}/reactivate/", {})
    with scope.floor(None):
        prefix = SensorKey.objects.get(agency=cast.south).prefix
    form("ada", f"/keys/{prefix}/revoke/", {})
    form("ada", "/law/m-25-04/", {"standing": "in_force", "effective_from": "2026-11-24", "source": "https://example.gov", "note": "Read."})


def _work(
    cast: Cast, form: Callable[..., None], call: Callable[..., Any], workers: Callable[[], None], later: Callable[[str], None]
) -> None:
    """An alert's way through the house, with everything that people do about it."""
    form("nia", "/agency/consents/", {"actions": ["endpoint.isolate"], "note": "Agreed"})
    alerts = [
        {**LSASS, "observables": ["203.0.113.9"], "techniques": ["T1003.001"]},
        BEACON,
    ]
    call("north_key", "/api/v1/alerts", alerts)
    workers()
    call("north_key", "/api/v1/alerts", {**LSASS, "rule": "lsass-again"})  # another case of the same host: one run stands for both
    workers()
    with scope.floor(None):
        case, beacon = Case.objects.get(rule="lsass"), Case.objects.get(rule="beacon")

    def verb(short: str, number: str, name: str, body: dict[str, Any]) -> None:
        with scope.floor(None):
            version = Case.objects.get(number=number).version
        call(short, f"/api/v1/cases/{number}/{name}", body, version=version)

    until = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    for name, body in (
        ("claim", {}), ("note", {"text": "Seen before.", "visibility": "internal"}), ("task", {"title": "Ask them"}),
        ("severity", {"severity": "high", "reason": "One host."}), ("declare", {"kind": "incident", "reason": "Read."}),
        ("contain", {"reason": "Off the network."}), ("recover", {"reason": "Rebuilt."}),
    ):  # fmt: skip
        verb("ana", case.number, name, body)
    verb("lee", beacon.number, "assign", {"owner": "ana@watchfloor.example"})
    verb("ana", beacon.number, "suppress", {"until": until, "reason": "Noise."})
    ask = ApiClient(cast.tokens["lee"])
    (approval,) = ask.get(f"/api/v1/approvals?case={case.number}").json()["results"]
    call("lee", f"/api/v1/approvals/{approval['id']}/vote", {"hash": approval["hash"], "vote": "approve", "reason": "Yes."})
    workers()
    later(case.number)
    workers()
    verb("ana", case.number, "close", {"disposition": "true_positive", "reason": "Cleaned."})
    workers()
