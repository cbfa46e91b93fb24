"""A post of a sensor met before is one transaction in one round trip, and every refusal of the careful way stands."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.intake.splitting import split
from soc.cases.models import Body, Receipt
from soc.cases.operations import intake
from soc.cases.operations.intake import receive, take
from tenants.gates import sensors
from tenants.gates.sensors import remember_sensor, sensor_seen
from tenants.isolation import scope
from tenants.journal import doorbell
from tenants.models import SensorKey
from tenants.operations.keys import revoke_sensor_key
from tests.soc.cases.intake.test_real_path import balance, post

ALERT = '{"title": "A virus"}'


@pytest.fixture
def met(cast: Any) -> str:
    """North's sensor came before: the header that it sends."""
    header = f"Bearer {cast.north_key}"
    remember_sensor(header, cast.north_sensor)
    return header


def statements(captured: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]


def test_the_first_post_is_looked_up_and_the_second_is_one_statement(cast: Any, api_of: Any) -> None:
    api = api_of("north_key")
    assert post(api, ALERT).status_code == 202
    with CaptureQueriesContext(connection) as captured:
        assert post(api, '{"title": "Another"}').status_code == 202
    (only,) = statements(captured)
    assert "cases_receipt" in only and "cases_body" in only and "cases_intakeallowance" in only


def test_it_leaves_the_rows_that_the_careful_way_leaves(cast: Any, api_of: Any, met: str, central: Any) -> None:
    assert post(api_of("north_key"), ALERT).status_code == 202
    sensors._seen.clear()
    assert post(api_of("north_key"), '{"title": "Another"}').status_code == 202

    def rows(model: Any, **about: Any) -> list[dict[str, Any]]:
        own = ("id", "public_id", "key", "digest", "received_at", "at", "due_at", "entry_id")
        return [{k: v for k, v in row.items() if k not in own} for row in model.objects.filter(**about).order_by("id").values()]

    with central():
        at_once, with_care = rows(Receipt)
        assert at_once == with_care
        assert Body.objects.count() == 2


def test_a_revoked_key_is_refused_at_its_next_post_and_nothing_is_stored(cast: Any, api_of: Any, met: str, central: Any) -> None:
    api = api_of("north_key")
    assert post(api, ALERT).status_code == 202
    with central():
        revoke_sensor_key(prefix=cast.north_key.split("_")[1], by=cast.ada)
    answer = post(api, '{"title": "After"}')
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert sensor_seen(met) is None
    with central():
        assert Receipt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_expired_key_opens_nothing_on_a_connection_of_its_own(cast: Any, api_of: Any, met: str, central: Any) -> None:
    with central():
        SensorKey.objects.filter(pk=cast.north_sensor.key_id).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert post(api_of("north_key"), ALERT).status_code == 401
    with central():
        assert Receipt.objects.count() == 0


def test_a_key_opens_its_own_agency_whatever_is_believed_of_it(cast: Any, met: str, central: Any) -> None:
    norths = sensor_seen(met)
    assert norths is not None
    posted = split(ALERT.encode(), ndjson=False).items
    assert take(items=posted, opening=norths.opening, by=cast.south_sensor) is None, "row security refuses the other agency's rows"
    with central():
        assert Receipt.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_repeat_raced_by_its_winner_is_asked_again(cast: Any, api_of: Any, met: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The winner commits between the statement's snapshot and its answer: the storing statement brings no row."""
    sent = split(ALERT.encode(), ndjson=False).items
    with scope.agency(cast.north.pk):
        (winner,) = receive(items=sent, by=cast.north_sensor)
    asked: list[str] = []
    through = intake.opened_by

    def seen(opening: Any, statement: Any, **more: Any) -> Any:
        asked.append(statement[0])
        return through(opening, statement, **more)

    monkeypatch.setattr(intake, "opened_by", seen)
    answer = post(api_of("north_key"), ALERT).json()
    assert (answer["repeated"], answer["items"][0]["receipt"]) == (1, winner.receipt)
    assert asked == [intake.TAKE_AND_STORE, intake.RECALL]


def test_what_was_repeated_alone_is_no_news(cast: Any, api_of: Any, met: str, central: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, int | None]] = []
    monkeypatch.setattr(doorbell, "_bell", lambda work, agency_id: rung.append((work, agency_id)))
    api = api_of("north_key")
    post(api, ALERT)
    assert rung == [("intake", cast.north.pk)]
    rung.clear()
    assert post(api, ALERT).json()["repeated"] == 1
    assert rung == []
    assert balance(api)["repeated"] == 1


def test_of_a_small_batch_only_what_is_new_is_counted(cast: Any, api_of: Any, met: str, central: Any) -> None:
    api = api_of("north_key")
    post(api, ALERT)
    batch = json.dumps([{"title": "A virus"}, {"title": "B"}, {"title": "B"}, {"idempotency_key": "k", "alert": {"title": "C"}}])
    answer = post(api, batch).json()
    assert [one["status"] for one in answer["items"]] == ["repeated", "accepted", "repeated", "accepted"]
    with central():
        assert Receipt.objects.count() == 3


def test_a_bearer_that_is_no_sensor_is_not_remembered(cast: Any, api_of: Any) -> None:
    assert post(api_of("ana"), ALERT).status_code == 403
    assert sensor_seen(f"Bearer {cast.tokens['ana']}") is None
