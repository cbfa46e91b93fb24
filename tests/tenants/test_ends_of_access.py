"""Every end of access acts on the very next request: of pages, of the API by session, by token and by key."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from soc.cases.operations.opening import open_by_hand
from soc.clocks.operations.loading import load_facts
from tenants.actors import Actor, system
from tenants.isolation import scope
from tenants.models import ApiToken, Membership, SensorKey
from tenants.operations.agencies import move_agency, register_agency
from tenants.operations.keys import create_sensor_key, create_token, revoke_sensor_key
from tenants.operations.people import deactivate, end_role, grant, reactivate
from tests.cast import PASSWORD, ApiClient, Cast

InScope = Callable[[Actor], Any]
ClientOf = Callable[[str], Client]
CHANGED = "quite another long password"


@pytest.fixture
def numbers(cast: Cast) -> dict[str, str]:
    """A case of each agency, by its agency."""
    with scope.floor(None):
        load_facts(by=system("test"))
        asked: dict[str, Any] = {"title": "By phone", "severity": "low", "reason": "They called.", "by": cast.lee}
        return {agency: open_by_hand(agency=agency, **asked).number for agency in ("north", "south")}


def membership(cast: Cast, who: str, agency: str | None = None) -> Membership:
    held: Membership = Membership.objects.get(person=cast.people[who], ended_at=None, **({"agency__slug": agency} if agency else {}))
    return held


def statuses(client: Any, numbers: dict[str, str]) -> list[int]:
    """What a reader meets at the case of the north and of the south, by page or by API."""
    is_api = isinstance(client, ApiClient)
    paths = [f"/api/v1/cases/{numbers[one]}" if is_api else f"/cases/{numbers[one]}/" for one in ("north", "south")]
    return [client.get(path).status_code for path in paths]


# Sessions


@pytest.mark.parametrize(("began", "seen"), [(60, "idle"), ("absolute", 0)])
def test_a_session_that_is_over_is_over_for_the_api_too(client_of: ClientOf, began: Any, seen: Any) -> None:
    ends = {"idle": settings.SESSION_IDLE_SECONDS / 60 + 1, "absolute": settings.SESSION_ABSOLUTE_SECONDS / 60 + 1}
    client = client_of("ana")
    assert client.get("/api/v1/cases").status_code == 200
    with scope.lobby():
        session = client.session
        for name, minutes in (("began", began), ("seen", seen)):
            session[name] = (datetime.now(UTC) - timedelta(minutes=ends.get(minutes, minutes))).isoformat()
        session.save()
    assert client.get("/api/v1/cases").status_code == 401
    assert client.get("/queue/").status_code == 302


def test_signing_out_ends_the_session_for_whoever_copied_its_cookie(client_of: ClientOf) -> None:
    client, copy = client_of("ana"), Client()
    copy.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert copy.get("/queue/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert copy.get("/queue/").status_code == 302
    assert copy.get("/api/v1/cases").status_code == 401


def signed_in(email: str, password: str) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": email, "password": password}).status_code == 302
    return client


def test_a_changed_password_ends_the_other_sessions_of_that_person_alone(cast: Cast, client_of: ClientOf) -> None:
    email = cast.people["ana"].email
    here, elsewhere, another = signed_in(email, PASSWORD), signed_in(email, PASSWORD), client_of("lee")
    assert [one.get("/queue/").status_code for one in (here, elsewhere, another)] == [200, 200, 200]
    changed = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": CHANGED, "password2": CHANGED})
    assert changed.status_code == 302
    assert elsewhere.get("/queue/").status_code == 302
    assert elsewhere.get("/api/v1/cases").status_code == 401
    assert another.get("/queue/").status_code == 200
    assert signed_in(email, CHANGED).get("/queue/").status_code == 200
    refused = Client().post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert refused.status_code == 200


def test_a_person_who_is_active_again_must_sign_in_again(cast: Cast, client_of: ClientOf, in_scope: InScope) -> None:
    client, api = client_of("ana"), ApiClient(cast.tokens["ana"])
    assert client.get("/queue/").status_code == 200
    for change in (deactivate, reactivate):
        with in_scope(cast.ada):
            change(person=cast.people["ana"].public_id, by=cast.ada)
    assert client.get("/queue/").status_code == 302
    assert api.get("/api/v1/cases").status_code == 401
    assert signed_in(cast.people["ana"].email, PASSWORD).get("/queue/").status_code == 200


def test_the_session_from_before_stays_over_even_when_nobody_used_it_meanwhile(cast: Cast, client_of: ClientOf, in_scope: InScope) -> None:
    idle = client_of("ana")  # never used before its person was deactivated
    for change in (deactivate, reactivate):
        with in_scope(cast.ada):
            change(person=cast.people["ana"].public_id, by=cast.ada)
    assert idle.get("/queue/").status_code == 302


# Roles and assignments


@pytest.mark.parametrize("door", ["page", "token"])
def test_a_withdrawn_assignment_closes_that_agency_and_leaves_the_other(
    cast: Cast, client_of: ClientOf, in_scope: InScope, numbers: dict[str, str], door: str
) -> None:
    with in_scope(cast.ada):
        grant(person=cast.people["zoe"].public_id, role="analyst", agency="north", by=cast.ada)
    zoe: Any = client_of("zoe") if door == "page" else ApiClient(cast.tokens["zoe"])
    assert statuses(zoe, numbers) == [200, 200]
    with in_scope(cast.ada):
        end_role(membership=membership(cast, "zoe", "south").public_id, by=cast.ada)
    assert statuses(zoe, numbers) == [200, 404]
    assert numbers["south"] not in str(zoe.get("/cases/" if door == "page" else "/api/v1/cases").content)


@pytest.mark.parametrize("door", ["page", "token"])
def test_a_liaison_of_two_agencies_who_loses_one_speaks_for_the_other(
    cast: Cast, client_of: ClientOf, in_scope: InScope, numbers: dict[str, str], door: str
) -> None:
    with in_scope(cast.ada):
        grant(person=cast.people["nia"].public_id, role="liaison", agency="south", by=cast.ada)
    nia: Any = client_of("nia") if door == "page" else ApiClient(cast.tokens["nia"])
    assert client_of("nia").post("/account/agency/", {"agency": "north"}).status_code == 302
    assert statuses(nia, numbers) == [200, 404]
    with in_scope(cast.ada):
        end_role(membership=membership(cast, "nia", "north").public_id, by=cast.ada)
    assert statuses(nia, numbers) == [404, 200]
    assert client_of("nia").post("/account/agency/", {"agency": "north"}).status_code == 404


def test_another_role_brings_other_rights_to_session_and_token_at_once(
    cast: Cast, client_of: ClientOf, in_scope: InScope, numbers: dict[str, str]
) -> None:
    client, api = client_of("ana"), ApiClient(cast.tokens["ana"])
    path = f"/api/v1/cases/{numbers['north']}/note"
    assert api.send(path, {"text": "As an analyst"}, version=1).status_code == 200
    with in_scope(cast.ada):
        end_role(membership=membership(cast, "ana").public_id, by=cast.ada)
        grant(person=cast.people["ana"].public_id, role="auditor", agency=None, by=cast.ada)
    assert api.send(path, {"text": "As an auditor"}, version=2).status_code == 403
    assert client.get("/people/").status_code == 200
    assert client.post(f"/cases/{numbers['north']}/note/", {"text": "x", "version": 2}).status_code == 403
    with in_scope(cast.ada):
        end_role(membership=membership(cast, "ana").public_id, by=cast.ada)
        grant(person=cast.people["ana"].public_id, role="admin", agency=None, by=cast.ada)
    assert statuses(api, numbers) == [404, 404]


# Keys and tokens


def test_both_keys_work_while_one_is_rotated_and_the_old_one_ends_when_it_is_revoked(cast: Cast, in_scope: InScope) -> None:
    with in_scope(cast.ada):
        new = create_sensor_key(agency="north", name="edr", by=cast.ada)[1]
    old = ApiClient(cast.north_key)
    answers = [client.send("/api/v1/alerts", {"title": f"From {i}"}).status_code for i, client in enumerate((old, ApiClient(new)))]
    assert answers == [202, 202]
    with in_scope(cast.ada):
        revoke_sensor_key(prefix=cast.north_key.split("_")[1], by=cast.ada)
    assert old.send("/api/v1/alerts", {"title": "Too late"}).status_code == 401
    assert ApiClient(new).send("/api/v1/alerts", {"title": "In time"}).status_code == 202


def test_a_third_key_or_token_ends_the_first_at_once(cast: Cast, in_scope: InScope) -> None:
    first_key, first_token = ApiClient(cast.north_key), ApiClient(cast.tokens["ana"])
    balance = "/api/v1/intake/balance?agency=north"
    assert [first_key.get(balance).status_code, first_token.get(balance).status_code] == [200, 200]
    with in_scope(cast.ada):
        for _ in range(2):
            create_sensor_key(agency="north", name="edr", by=cast.ada)
            create_token(email=cast.people["ana"].email, by=cast.ada)
    assert [first_key.get(balance).status_code, first_token.get(balance).status_code] == [401, 401]


@pytest.mark.parametrize("model", [SensorKey, ApiToken])
def test_a_key_ends_in_the_second_in_which_it_expires(cast: Cast, central: Callable[[], Any], model: Any) -> None:
    secret = cast.north_key if model is SensorKey else cast.tokens["ana"]
    client, balance = ApiClient(secret), "/api/v1/intake/balance?agency=north"
    for seconds, status in ((60, 200), (0, 401), (-1, 401)):
        with central():
            model.objects.filter(prefix=secret.split("_")[1]).update(expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
        assert client.get(balance).status_code == status, f"{seconds} s before its end"


def test_a_key_of_another_kind_or_with_another_secret_opens_nothing(cast: Cast) -> None:
    kind, prefix, secret = cast.north_key.split("_", 2)
    forged = [(kind, prefix, secret[:-1]), (kind, prefix, ""), ("wft", prefix, secret), (kind, "0" * 12, secret), (kind, prefix)]
    answers = [ApiClient("_".join(one)).send("/api/v1/alerts", {"title": "Forged"}).status_code for one in forged]
    assert answers == [401] * len(forged)


def test_keys_of_an_agency_that_left_are_said_to_be_what_they_are(cast: Cast, in_scope: InScope) -> None:
    """Leaving ends no key by itself: alerts that still come are kept, until an admin revokes it."""
    with in_scope(cast.ada):
        register_agency(slug="west", name="West", acronym="WEST", by=cast.ada)
        for version, state in enumerate(("onboarding", "live"), start=1):
            move_agency(slug="west", state=state, version=version, by=cast.ada)
        key, secret, _ = create_sensor_key(agency="west", name="edr", by=cast.ada)
        move_agency(slug="west", state="exited", version=3, by=cast.ada)
    assert ApiClient(secret).send("/api/v1/alerts", {"title": "Still here"}).status_code == 202
    with in_scope(cast.ada):
        revoke_sensor_key(prefix=key.prefix, by=cast.ada)
    assert ApiClient(secret).send("/api/v1/alerts", {"title": "Gone"}).status_code == 401
