"""The page of parked deliveries: seen by those who tend them, tried again or skipped with a reason."""

from datetime import UTC, datetime

import pytest

from tenants.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def parked(cast, central):
    with central():
        one = Delivery.objects.filter(agency=cast.north).first() or Delivery.objects.first()
        if one is None:
            from tenants.models import Entry

            entry = Entry.objects.filter(agency=cast.north).first()
            one = Delivery(agency=cast.north, entry=entry, subscriber="scorecards.count", subject=entry.subject, due_at=datetime.now(UTC))
        one.state, one.error, one.attempts = "parked", "ValueError: a figure <b>was</b> missing", 8
        one.save()
    return one


@pytest.mark.parametrize(("who", "status"), {"ana": 404, "lee": 200, "ada": 200, "aud": 200, "nia": 404}.items())
def test_it_is_for_those_who_tend_the_floor(client_of, parked, who, status):
    answer = client_of(who).get("/parked/")
    assert answer.status_code == status
    assert ("a figure &lt;b&gt;was&lt;/b&gt; missing" in answer.text) == (status == 200)


def test_an_auditor_sees_no_button(client_of, parked):
    assert "Try again" not in client_of("aud").get("/parked/").text


@pytest.mark.parametrize(("way", "state"), {"retry": "open", "skip": "skipped"}.items())
def test_a_reason_is_needed_and_then_it_is_done(client_of, parked, central, way, state):
    lee = client_of("lee")
    assert lee.post(f"/parked/{parked.pk}/{way}/", {"reason": " "}).status_code == 422
    assert lee.post(f"/parked/{parked.pk}/{way}/", {"reason": "the figure is there now"}).status_code == 302
    with central():
        assert Delivery.objects.get(pk=parked.pk).state == state


def test_an_auditor_and_an_analyst_cannot_skip(client_of, parked, central):
    for who in ("aud", "ana", "nia"):
        assert client_of(who).post(f"/parked/{parked.pk}/skip/", {"reason": "why not"}).status_code == 404
    with central():
        assert Delivery.objects.get(pk=parked.pk).state == "parked"
