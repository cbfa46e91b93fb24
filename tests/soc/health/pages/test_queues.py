"""The page of queues: what waits, for those who look after the floor."""

import pytest


@pytest.mark.parametrize("who", ["lee", "ada", "aud"])
@pytest.mark.django_db(transaction=True)
def test_those_who_tend_the_floor_see_every_queue(client_of, who):
    response = client_of(who).get("/queues/")
    assert response.status_code == 200
    for label in (
        "Alerts not grouped yet",
        "Dead letters",
        "Facts on their way",
        "Parked deliveries",
        "Playbook runs to go on",
        "Timers of playbooks",
        "Clocks running",
    ):
        assert label in response.text


@pytest.mark.parametrize("who", ["ana", "nia"])
@pytest.mark.django_db(transaction=True)
def test_others_do_not_know_of_it(client_of, who):
    assert client_of(who).get("/queues/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_without_signing_in_it_leads_to_the_sign_in(client):
    response = client.get("/queues/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
