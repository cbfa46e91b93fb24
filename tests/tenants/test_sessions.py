"""Sessions end when they are idle, too old or revoked, and what the bell asks for is no activity."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress

from tenants.isolation import scope
from tenants.operations.keys import revoke_token
from tenants.operations.people import deactivate, end_role


def aged(client, **ago):
    """The client's session, as if `began` and `seen` had been so long ago."""
    with scope.lobby():
        session = client.session
        for name, minutes in ago.items():
            session[name] = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        session.save()
    return client


def seen(client):
    """When the client's session was last active."""
    with scope.lobby():
        return client.session["seen"]


def test_a_session_in_use_goes_on(client_of, settings):
    client = aged(client_of("ana"), began=60, seen=5)
    assert client.get("/queue/").status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE"])
def test_a_page_of_sign_in_writes_nothing_for_a_method_that_it_has_not(client_of, method):
    client = client_of("ana")
    with scope.lobby():
        before = EmailAddress.objects.count()
    assert client.generic(method, "/accounts/email/").status_code == 405
    with scope.lobby():
        assert EmailAddress.objects.count() == before


def test_an_idle_session_ends(client_of, settings):
    client = aged(client_of("ana"), began=60, seen=settings.SESSION_IDLE_SECONDS / 60 + 1)
    answer = client.get("/queue/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/queue/")


def test_a_session_ends_after_its_whole_time_however_busy(client_of, settings):
    client = aged(client_of("ana"), began=settings.SESSION_ABSOLUTE_SECONDS / 60 + 1, seen=0)
    assert client.get("/queue/").status_code == 302


def test_what_the_bell_asks_for_is_no_activity(client_of, settings):
    client = aged(client_of("ana"), began=60, seen=settings.SESSION_IDLE_SECONDS / 60 - 1)
    before = seen(client)
    assert client.get("/queue/", headers={"X-Watchfloor-Bell": "1"}).status_code == 200
    assert seen(client) == before
    assert client.get("/queue/").status_code == 200
    assert seen(client) > before


@pytest.mark.parametrize("who", ["ana", "nia"])
def test_deactivating_a_person_ends_session_and_token_on_the_next_request(cast, client_of, api_of, in_scope, who):
    client, api = client_of(who), api_of(who)
    assert client.get("/cases/").status_code == 200
    assert api.get("/api/v1/cases").status_code == 200
    with in_scope(cast.ada):
        deactivate(person=cast.people[who].public_id, by=cast.ada)
    assert client.get("/cases/").status_code == 302
    assert api.get("/api/v1/cases").status_code == 401


def test_an_ended_role_acts_on_the_next_request(cast, client_of, in_scope):
    client = client_of("ana")
    assert client.get("/queue/").status_code == 200
    with in_scope(cast.ada):
        membership = cast.people["ana"].memberships.get()
        end_role(membership=membership.public_id, by=cast.ada)
    assert client.get("/queue/").status_code == 302


def test_a_revoked_token_acts_on_the_next_request(cast, api_of, in_scope):
    api = api_of("ana")
    assert api.get("/api/v1/cases").status_code == 200
    with in_scope(cast.ada):
        revoke_token(prefix=cast.tokens["ana"].split("_")[1], by=cast.ada)
    assert api.get("/api/v1/cases").status_code == 401


def test_five_wrong_passwords_lock_an_account_and_a_wiped_redis_does_not_free_it(cast, client):
    # The count stands in a table: Redis has no part in it.
    form = {"login": "ana@watchfloor.example", "password": "wrong"}
    for _ in range(5):
        assert client.post("/accounts/login/", form).status_code == 200
    locked = client.post("/accounts/login/", {**form, "password": "a long enough password"})
    assert locked.status_code in (200, 429)
    assert client.get("/queue/").status_code == 302
    from django.conf import settings

    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
