"""The probes: alive, ready, and measures for those who may."""

import socket

import pytest
from django.db import connection
from django.test import override_settings


def test_a_living_process_says_so_without_asking_the_database(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_a_ready_process_names_each_dependency(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok", "sockets": "ok"}


@pytest.mark.django_db(transaction=True)
def test_without_a_bell_the_process_is_ready_but_degraded(client):
    nowhere = "redis://127.0.0.1:1/0"
    with override_settings(REDIS_URL=nowhere, BROKER_URL=nowhere):
        response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["broker"] == response.json()["sockets"] == "down"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["redis", "amqp"])
@pytest.mark.parametrize("listening", [False, True])
def test_a_broker_that_is_gone_or_never_answers_only_degrades(kind, listening, client):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        with override_settings(BROKER_URL=f"{kind}://127.0.0.1:{silent.getsockname()[1]}"):
            response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "database": "ok", "migrations": "ok", "broker": "down", "sockets": "ok"}


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_makes_the_process_unavailable(client, monkeypatch):
    monkeypatch.setattr("soc.health.queries.readiness._known", {("tenants", "9999_of_tomorrow")})
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "ok"
    assert response.json()["migrations"] == "missing"


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_process_is_unavailable(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "down"


@pytest.mark.django_db(transaction=True)
def test_loopback_reads_the_measures(client, cast):
    response = client.get("/metrics")
    assert response.status_code == 200
    assert 'watchfloor_rows_waiting{queue="deliveries",state="open"}' in response.text
    assert "watchfloor_http_requests_total" in response.text


@pytest.mark.parametrize("who", [None, "ana", "nia", "aud"])
@pytest.mark.django_db(transaction=True)
def test_measures_do_not_exist_for_strangers_elsewhere(client, cast, who):
    headers = {"Authorization": f"Bearer {cast.tokens[who]}"} if who else {}
    measured = client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9")
    unknown = client.get("/no-such-page", headers=headers, REMOTE_ADDR="203.0.113.9")
    assert measured.status_code == unknown.status_code == 404
    assert client.post("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9").status_code == 404
    assert "watchfloor_" not in measured.text


@pytest.mark.django_db(transaction=True)
def test_a_proxy_on_this_machine_does_not_make_its_callers_loopback(client, cast):
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_admins_token_reads_the_measures_from_anywhere(client, cast):
    response = client.get("/metrics", headers={"Authorization": f"Bearer {cast.tokens['ada']}"}, REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 200


def test_every_answer_carries_the_id_of_its_request(client):
    assert len(client.get("/healthz")["X-Request-ID"]) == 32
    assert client.get("/healthz", headers={"X-Request-ID": "from-a-caller-1"})["X-Request-ID"] == "from-a-caller-1"
    assert client.get("/healthz", headers={"X-Request-ID": 'a"b\tc'})["X-Request-ID"] != 'a"b\tc'


def test_a_probe_is_only_read(client):
    assert client.post("/healthz").status_code == 405
