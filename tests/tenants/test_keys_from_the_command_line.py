"""Keys and tokens that commands make: alone on standard output, two live for rotation, over when they expire."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants.models import ApiToken, SensorKey
from tests.cast import ApiClient, Cast

pytestmark = pytest.mark.django_db(transaction=True)


def made(command: str, **named: Any) -> tuple[str, str]:
    """The secret that a command prints, and what it says beside it."""
    out, err = StringIO(), StringIO()
    call_command(command, stdout=out, stderr=err, **named)
    (secret,) = out.getvalue().splitlines()
    return secret, err.getvalue()


def statuses(path: str, secrets: list[str]) -> list[int]:
    return [ApiClient(secret).get(path).status_code for secret in secrets]


@pytest.mark.parametrize(
    ("command", "named", "path"),
    [
        ("create_sensor_key", {"agency": "north", "name": "spare"}, "/api/v1/intake/balance?agency=north"),
        ("create_token", {"person": "ana@watchfloor.example"}, "/api/v1/cases"),
    ],
)
def test_a_third_one_revokes_the_oldest_and_says_so(cast: Cast, command: str, named: dict[str, str], path: str) -> None:
    before = [cast.tokens["ana"]] if "ana" in named.get("person", "") else []
    answers = [made(command, **named) for _ in range(3 - len(before))]
    assert [bool(said) for _, said in answers] == [False] * (len(answers) - 1) + [True]
    assert "revoked the oldest" in answers[-1][1]
    assert statuses(path, [*before, *(secret for secret, _ in answers)]) == [401, 200, 200]


def test_what_has_expired_opens_nothing(cast: Cast, central: Callable[[], Any]) -> None:
    key, _ = made("create_sensor_key", agency="north", name="spare")
    token, _ = made("create_token", person="lee@watchfloor.example")
    assert statuses("/api/v1/intake/balance?agency=north", [key, token]) == [200, 200]
    past = datetime.now(UTC) - timedelta(seconds=1)
    with central():
        SensorKey.objects.filter(prefix=key.split("_")[1]).update(expires_at=past)
        ApiToken.objects.filter(prefix=token.split("_")[1]).update(expires_at=past)
    assert statuses("/api/v1/intake/balance?agency=north", [key, token]) == [401, 401]


def test_an_agency_that_does_not_exist_is_named(cast: Cast) -> None:
    with pytest.raises(CommandError, match="There is no agency nowhere"):
        call_command("create_sensor_key", agency="nowhere", name="spare")
