"""Floor and agencies as two deployments of the same code: each refuses the other's people and leaves the other's work alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from soc.cases.models import Receipt
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import AuditRow
from tenants.operations.people import grant
from tests.cast import PASSWORD, Cast

ALERT = {"title": "LSASS read", "severity": "high"}
STAFF = ("ana", "lee", "ada", "aud")
LIAISONS = ("nia", "sol")


def sign_in(cast: Cast, who: str) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/accounts/login/", {"login": cast.people[who].email, "password": PASSWORD})


@pytest.mark.parametrize(("deployment", "ours", "theirs"), [("floor", "ana", "nia"), ("agencies", "nia", "ana")])
def test_a_person_signs_in_at_their_own_address_only(deployment: str, ours: str, theirs: str, cast: Cast, central: Any) -> None:
    with override_settings(DEPLOYMENT=deployment):
        client, answer = sign_in(cast, ours)
        assert answer.status_code == 302
        assert client.get("/", follow=True).status_code == 200

        stranger, answer = sign_in(cast, theirs)
        assert answer.status_code == 403
        assert b"This address does not serve you" in answer.content
        assert stranger.get("/").url.startswith("/accounts/login/")
    with central():
        noted = AuditRow.objects.filter(what="sign_in_refused").values_list("note", flat=True)
        assert [cast.people[theirs].email in note for note in noted] == [True]


@pytest.mark.parametrize(("deployment", "theirs"), [("floor", "nia"), ("agencies", "ana")])
@pytest.mark.parametrize("path", ["/", "/account/", "/accounts/2fa/", "/accounts/password/change/"])
def test_a_session_of_the_other_deployment_is_none_here(
    deployment: str, theirs: str, path: str, client_of: Callable[[str], Client]
) -> None:
    client = client_of(theirs)
    with override_settings(DEPLOYMENT=deployment):
        answer = client.get(path)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("deployment", "served", "refused"), [("floor", STAFF, (*LIAISONS, "north_key")), ("agencies", (*LIAISONS, "north_key"), STAFF)]
)
def test_keys_and_tokens_of_the_other_deployment_are_unknown_here(
    deployment: str, served: tuple[str, ...], refused: tuple[str, ...], api_of: Callable[[str], Any], central: Any
) -> None:
    with override_settings(DEPLOYMENT=deployment):
        for who in served:
            assert api_of(who).get("/api/v1/intake/balance?agency=north").status_code in (200, 404)
        for who in refused:
            answer = api_of(who).get("/api/v1/intake/balance?agency=north")
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
            assert api_of(who).send("/api/v1/alerts", ALERT).status_code == 401
    with central():
        assert not Receipt.objects.exists()


def test_a_person_of_both_is_on_each_address_what_that_address_serves(cast: Cast, api_of: Callable[[str], Any]) -> None:
    with scope.floor(None):
        grant(person=cast.people["ana"].public_id, role="liaison", agency="south", by=cast.ada)
    for deployment, north, south in (("floor", 200, 200), ("agencies", 404, 200)):
        with override_settings(DEPLOYMENT=deployment):
            answers = [api_of("ana").get(f"/api/v1/scorecards/{slug}").status_code for slug in ("north", "south")]
        assert answers == [north, south], deployment


def test_agencies_workers_do_agencies_work_and_the_floors_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, int | None]] = []

    def chore(name: str, agencies: list[int | None], *, central: bool = False) -> sweeping.Chore:
        def work(agency_id: int | None) -> int:
            done.append((name, agency_id))
            return 0

        return sweeping.Chore(name, lambda: agencies, work, central=central)

    held = [chore("deliveries", [1, None]), chore("seal", [None]), chore("standings", [1], central=True), chore("runs", [2])]
    monkeypatch.setattr(sweeping, "_chores", {one.name: one for one in held})
    central = [("deliveries", None), ("seal", None), ("standings", 1)]
    agencies = [("deliveries", 1), ("runs", 2)]
    for deployment, expected in (("floor", central), ("agencies", agencies), ("both", [*agencies, *central])):
        done.clear()
        with override_settings(DEPLOYMENT=deployment):
            sweeping.sweep()
        assert sorted(done, key=str) == sorted(expected, key=str), deployment


def test_what_the_product_does_centrally_is_left_to_the_floor() -> None:
    homes = {chore.name: sweeping.home_of(chore.name, 1) for chore in sweeping.chores()}
    assert {name for name, home in homes.items() if home == "floor"} == {"standings"}
    assert {sweeping.home_of(name, None) for name in homes} == {"floor"}
