"""Signers and what agencies ask of signatures: who sees and who sets them, what is refused in words, and what a change would stop."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks.models import SignaturePolicy, Signer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.trusting import set_signature_policy, trust_signer
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual
from tests.playbooks.signatures import BOOK, pem, private, signed

pytestmark = pytest.mark.django_db(transaction=True)
LIST, POLICIES = "/playbooks/signers/", "/playbooks/signers/policies/"
WAITS = book({"start": START, "first": manual("Look", on_completion="end"), "end": END}, start="start", name="Waits")


@pytest.fixture
def press(cast: Any, things: Any) -> Signer:
    """A trusted signer with one book of its own, at work in the north, which asks for trusted signatures; another book is not signed."""
    north = cast.north.pk
    with scope.floor(None):
        signer, _ = trust_signer(name="The press", pem=pem(private("ES384")), by=cast.ada)
        publish(slug="bare", document={**WAITS, "id": BOOK["id"], "name": "Bare"}, by=system("test"))
        publish(slug="waits", document=signed(document=WAITS), by=system("test"))
        set_signature_policy(agency_id=north, asked="trusted", by=cast.ada)
    with scope.agency(north):
        start_run(agency_id=north, subject="case:1", book="waits", variables={}, why="A test", by=cast.ana)
    return signer


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("aud", 200), ("ana", 404), ("lee", 404), ("nia", 404)])
def test_admins_and_auditors_see_signers_and_nobody_else(press, client_of, who, status):
    for path in (LIST, POLICIES, f"{LIST}{press.public_id}/"):
        answer = client_of(who).get(path)
        assert answer.status_code == status, path
        assert ("The press" in answer.text) == (status == 200 and path != POLICIES)
    shown = client_of(who).get(LIST).text
    assert ("Trust this signer" in shown) == (who == "ada")


def test_a_signer_is_added_once_by_its_key(cast, client_of):
    client = client_of("ada")
    first = client.post(LIST, {"name": "The press", "pem": pem(private("ES384"))}, follow=True)
    assert "The press is trusted from now on." in first.text
    again = client.post(LIST, {"name": "Somebody", "pem": pem(private("ES384"))}, follow=True)
    assert "This key is trusted already, as The press." in again.text
    with scope.floor(None):
        assert Signer.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("", pem(private("ES384")), "The name is missing."),
        ("The press", "", "no public key or certificate in PEM"),
        ("The press", "not a key", "no public key or certificate in PEM"),
        ("The press", pem(private("Ed25519"), secret=True), "This is a private key"),
        ("The press", '{"kty": "EC", "d": "AQAB"}', "private or a shared key"),
    ],
)
def test_what_is_no_key_is_refused_in_words_and_what_was_typed_stays(cast, client_of, name, key, said):
    answer = client_of("ada").post(LIST, {"name": name, "pem": key})
    assert answer.status_code == 422 and said in answer.text
    assert not name or f'value="{name}"' in answer.text
    with scope.floor(None):
        assert not Signer.objects.exists()


def test_a_signer_says_what_its_end_would_stop_and_the_end_stops_it(press, client_of):
    client, path = client_of("ada"), f"{LIST}{press.public_id}/"
    text = client.get(path).text
    assert "Signed 1 version" in text and "If the trust ended now" in text
    row = text[text.index("Runs that stop at their next step") :].split("</table>")[0]
    assert (
        ">Waits<" in row.replace("data-label", "").replace(" Waits", ">Waits<")
        and 'data-label="Runs that stop">1<' in row
        and "Bare" not in row
    )
    refused = client.post(path, {"reason": " "})
    assert refused.status_code == 422 and "The reason is missing." in refused.text
    done = client.post(path, {"reason": "The key was lost"}, follow=True)
    assert "Trust in The press has ended for good." in done.text and "The key was lost" in done.text and "Revoke the trust" not in done.text
    assert client.post(path, {"reason": "Again"}).status_code == 409


def test_policies_say_what_each_would_refuse_today(press, cast, client_of):
    client = client_of("ada")
    text = client.get(POLICIES).text
    north = text[text.index(cast.north.name) :].split("</tr>")[0]
    assert "<b>A trusted signature</b>" in north and north.count("1 book") == 3  # now, and under the two policies that refuse Bare
    with scope.floor(None):
        publish(slug="waits", document={**WAITS, "modified": "2026-11-24T00:00:01.000Z"}, by=system("test"))
    assert "2 books" in client.get(POLICIES).text
    client.post(POLICIES, {"agency": cast.north.slug, "require": "none"})
    with scope.floor(None):
        assert SignaturePolicy.objects.get(agency=cast.north).require == "none"
    assert client.post(POLICIES, {"agency": cast.north.slug, "require": "perhaps"}).status_code == 422
    assert client.post(POLICIES, {"agency": "nowhere", "require": "none"}).status_code == 404
    assert client_of("aud").post(POLICIES, {"agency": cast.north.slug, "require": "valid"}).status_code == 403


def test_more_books_cost_no_more_queries(press, client_of):
    client = client_of("ada")

    def spent() -> list[int]:
        counts = []
        for path in (LIST, POLICIES, f"{LIST}{press.public_id}/"):
            client.get(path)
            with CaptureQueriesContext(connection) as some:
                client.get(path)
            counts.append(len(some))
        return counts

    before = spent()
    with scope.floor(None):
        for number in range(5):
            publish(slug=f"more-{number}", document=book({**_STEPS}, start="start", name=f"More {number}"), by=system("test"))
    assert spent() == before


_STEPS = {"start": START, "first": manual("Look", on_completion="end"), "end": END}
