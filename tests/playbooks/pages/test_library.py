"""The library: which books there are, and each one read aloud."""

from uuid import NAMESPACE_DNS, uuid5

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks import catalogue
from playbooks.models import Run
from playbooks.operations.publishing import publish
from playbooks.operations.trusting import trust_signer
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual
from tests.playbooks.signatures import pem, private, signed

pytestmark = pytest.mark.django_db(transaction=True)

BOOK = "/playbooks/malware-on-a-host/"
WAITS = book({"start": START, "first": manual("Look", on_completion="end"), "end": END}, start="start")


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("lee", 200), ("aud", 200), ("ada", 200), ("nia", 404)])
def test_who_reads_the_library(stage, client_of, who, status):
    client = client_of(who)
    assert client.get("/playbooks/").status_code == status
    assert client.get(BOOK).status_code == status
    assert client.get("/playbooks/nothing-like-it/").status_code == 404


def test_a_book_is_read_aloud(stage, client_of):
    text = client_of("ana").get(BOOK).text
    assert "When severity is high or critical and host count is more than 0." in text
    assert "Whether severity is critical or host contains dc, srv or sql" in text
    assert "POST /hosts/[host]/isolate" in text
    assert "Asks first: “Isolate host [host] from the network”" in text
    assert "Note that it was not isolated</span>" in text.split("When it is not: ", 1)[1]
    assert "it ends, “Isolated”" in text
    assert text.count('class="book-no"') == text.count("node-plain")


def test_runs_stand_with_the_book_for_those_who_read_runs(stage, client_of):
    run = stage.start()
    stage.start(subject="case:2", agency="south", hosts=["ws-9"])
    stage.work()
    assert "2 runs</a>, 2 at work now" in client_of("ana").get("/playbooks/").text
    assert "1 run</a>, 1 at work now" in client_of("zoe").get("/playbooks/").text
    assert f"/runs/{run.public_id}/" in client_of("aud").get(BOOK).text
    assert f"/runs/{run.public_id}/" not in client_of("zoe").get(BOOK).text
    admin = client_of("ada")
    assert "at work" not in admin.get("/playbooks/").text and "/runs/" not in admin.get(BOOK).text


def test_a_book_costs_the_same_however_often_it_ran(stage, client_of):
    client = client_of("ana")

    def cost():
        client.get(BOOK)
        with CaptureQueriesContext(connection) as spent:
            client.get(BOOK)
        return len(spent)

    stage.start()
    stage.work()
    before = cost()
    for number in range(2, 5):
        stage.start(subject=f"case:{number}")
    stage.work()
    assert cost() == before


@pytest.fixture
def open_case(stage):
    """T-1 is an open case of the north with a host."""
    known = catalogue._subjects["case"]
    facts = {"number": "T-1", "title": "Malware", "severity": "high", "hosts": ["ws-1.north.example"]}
    catalogue.register_subject(
        "case",
        find=known.find,
        describe=known.describe,
        readable=known.readable,
        facts=lambda subject: (stage.cast.north.pk, facts) if subject == "case:1" else None,
    )


def runs():
    with scope.floor(None):
        return list(Run.objects.all())


def test_a_book_is_started_by_hand_and_another_person_approves(stage, client_of, open_case):
    client = client_of("ana")
    answer = client.post(BOOK, {"case": " t-1 ", "why": "The rule missed it"}, follow=True)
    (run,) = runs()
    assert answer.redirect_chain == [(f"/runs/{run.public_id}/", 302)]
    assert "The run has begun." in answer.text and "Started by Ana Diaz: The rule missed it" in answer.text
    stage.work()
    assert "You can vote: 0" in client.get("/approvals/").text
    assert "You can vote: 1" in client_of("lee").get("/approvals/").text


@pytest.mark.parametrize(
    ("typed", "field", "cure"),
    [
        ({"case": "T-2", "why": "Closed"}, "case", "Write the whole number of an open case"),
        ({"case": "nonsense", "why": "Unknown"}, "case", "Write the whole number of an open case"),
        ({"case": "T-1", "why": "  "}, "why", "Say in a few words why this book runs now."),
    ],
)
def test_a_start_that_is_refused_keeps_what_was_typed(stage, client_of, open_case, typed, field, cure):
    answer = client_of("ana").post(BOOK, typed)
    assert answer.status_code == 422
    assert f'<a href="#id_{field}">{cure}' in answer.text and f'value="{typed["case"]}"' in answer.text
    assert runs() == []


@pytest.mark.parametrize(("who", "status"), [("aud", 403), ("ada", 403), ("nia", 404)])
def test_who_may_not_start_a_book(stage, client_of, open_case, who, status):
    assert "Start the run" not in client_of(who).get(BOOK).text
    assert client_of(who).post(BOOK, {"case": "T-1", "why": "x"}).status_code == status
    assert runs() == []


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("q=stranger MALWARE", ["stranger"]),
        ("q=malware nothing-like-it", []),
        ("signed=trusted", ["press"]),
        ("signed=untrusted", ["stranger"]),
        ("signed=none", ["bare", "malware-on-a-host"]),
        ("check=found", ["bare", "press", "stranger"]),
        ("check=clean&q=malware", ["malware-on-a-host"]),
    ],
)
def test_the_library_is_narrowed_by_words_signature_and_findings(stage, client_of, asked, seen):
    odd = {**WAITS, "playbook_variables": {"__malware_host__": {"type": "string", "unused": True}}}
    with scope.floor(None):
        trust_signer(name="The press", pem=pem(private("ES384")), by=stage.cast.ada)
        for slug, kind in (("bare", ""), ("press", "ES384"), ("stranger", "Ed25519")):
            document = {**odd, "id": f"playbook--{uuid5(NAMESPACE_DNS, slug)}", "name": f"{slug} malware host"}
            publish(slug=slug, document=signed(kind, document=document) if kind else document, by=system("test"))
    text = client_of("ana").get(f"/playbooks/?{asked}").text
    assert sorted(slug for slug in ("bare", "press", "stranger", "malware-on-a-host") if f'href="/playbooks/{slug}/"' in text) == seen
    assert ("No book matches" in text) == (not seen)
    if "press" in seen:
        assert "Signed by The press" in text


def test_more_books_cost_no_more_queries(stage, client_of):
    client = client_of("ana")

    def spent():
        client.get("/playbooks/")
        with CaptureQueriesContext(connection) as some:
            client.get("/playbooks/")
        return len(some)

    before = spent()
    with scope.floor(None):
        for number in range(4):
            document = {**WAITS, "id": f"playbook--{uuid5(NAMESPACE_DNS, str(number))}"}
            publish(slug=f"more-{number}", document=document, by=system("test"))
    assert spent() == before
