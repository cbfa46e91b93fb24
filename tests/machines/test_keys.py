"""Keys are made, rotated, revoked and used in any order: exactly the live ones open the door, and no name has more than two."""

from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tenants.errors import Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import SensorKey
from tenants.operations.keys import create_sensor_key, revoke_sensor_key
from tests.cast import ApiClient, Cast
from tests.machines.profiles import short

pytestmark = pytest.mark.django_db


@dataclass
class Known:
    """A key that was made, by the manual."""

    name: str
    secret: str
    live: bool = True

    @property
    def prefix(self) -> str:
        return self.secret.split("_")[1]


class Keys(RuleBasedStateMachine):
    """The north's keys of two names."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.saved = transaction.savepoint()
        self.known: list[Known] = []
        self.sent = 0

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.saved)
        connection.needs_rollback = False

    def live(self, name: str) -> list[Known]:
        return [one for one in self.known if one.name == name and one.live]

    @rule(name=st.sampled_from(("edr-a", "edr-b")))
    def one_more_is_made(self, name: str) -> None:
        live = self.live(name)
        with opened(self.cast.ada):
            _, secret, retired = create_sensor_key(agency="north", name=name, by=self.cast.ada)
        expected = live[: max(0, len(live) - 1)]
        assert [one.prefix for one in retired] == [one.prefix for one in expected], "the oldest is retired, and no other"
        for one in expected:
            one.live = False
        self.known.append(Known(name, secret))

    @rule(pick=st.integers(0, 20))
    def one_is_revoked(self, pick: int) -> None:
        if not self.known:
            return
        one = self.known[pick % len(self.known)]
        was_live = one.live
        try:
            with opened(self.cast.ada):
                revoke_sensor_key(prefix=one.prefix, by=self.cast.ada)
        except Unknown:
            assert not was_live
        else:
            assert was_live
            one.live = False

    @rule(pick=st.integers(0, 20))
    def one_is_used(self, pick: int) -> None:
        if not self.known:
            return
        one = self.known[pick % len(self.known)]
        self.sent += 1
        answer = ApiClient(one.secret).send("/api/v1/alerts", {"title": f"Alert {self.sent}"})
        assert answer.status_code == (202 if one.live else 401)

    @rule(pick=st.integers(0, 20), wrong=st.sampled_from(("x", "", "_")))
    def one_is_guessed(self, pick: int, wrong: str) -> None:
        if self.known:
            guessed = self.known[pick % len(self.known)].secret[:-1] + wrong
            assert ApiClient(guessed).send("/api/v1/alerts", {"title": "Never"}).status_code == 401

    @invariant()
    def what_is_stored_lives_as_the_manual_says(self) -> None:
        with scope.lobby():
            stored = set(SensorKey.objects.filter(name__startswith="edr-", revoked_at=None).values_list("prefix", flat=True))
        assert stored == {one.prefix for one in self.known if one.live}
        assert all(len(self.live(name)) <= 2 for name in ("edr-a", "edr-b"))


def test_exactly_the_live_keys_open_the_door(cast: Cast) -> None:
    run_state_machine_as_test(type("Machine", (Keys,), {"cast": cast}), settings=short(15, stateful_step_count=20))
