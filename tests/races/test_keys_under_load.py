"""Keys are rotated, and people deactivated, while requests come in: whoever is out is out on the next request."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from soc.cases.models import Case, Note, Receipt
from tenants.errors import Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry, SensorKey
from tenants.operations.keys import create_sensor_key, revoke_sensor_key
from tenants.operations.people import deactivate
from tests.cast import ApiClient, Cast
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 12  # of each of two who rotate


@dataclass
class Log:
    """Since when a key was usable, and since when it was certainly over, by everyone's one clock."""

    usable: dict[str, float] = field(default_factory=dict)
    over: dict[str, float] = field(default_factory=dict)
    maybe_over: dict[str, float] = field(default_factory=dict)
    sent: list[tuple[str, float, float, int]] = field(default_factory=list)
    most_live: int = 0
    done: int = 0

    def wait_for_more(self) -> None:
        """Until some more requests came, so that the rotation meets them."""
        before, ends = len(self.sent), time.monotonic() + 1
        while self.usable and len(self.sent) < before + 3 and time.monotonic() < ends:
            time.sleep(0.002)

    def made(self, cast: Cast) -> None:
        """One more key; the oldest of three is retired."""
        began = time.monotonic()
        with opened(cast.ada):
            _, secret, retired = create_sensor_key(agency="north", name="load", by=cast.ada)
        for one in retired:
            self.ended(one.prefix, began)
        self.usable[secret] = time.monotonic()

    def revoked(self, cast: Cast) -> None:
        """The newest key is revoked, unless the other one's new keys retired it meanwhile."""
        began, prefix = time.monotonic(), list(self.usable)[-1].split("_")[1]
        try:
            with opened(cast.ada):
                revoke_sensor_key(prefix=prefix, by=cast.ada)
        except Unknown:
            return
        self.ended(prefix, began)

    def ended(self, prefix: str, began: float) -> None:
        self.maybe_over.setdefault(prefix, began)
        self.over.setdefault(prefix, time.monotonic())


def test_rotation_under_load_keeps_two_live_and_every_accepted_request_had_one(cast: Cast) -> None:
    log, numbers = Log(), itertools.count()

    def rotate() -> None:
        try:
            for turn in range(TURNS):
                log.wait_for_more()
                log.made(cast)
                if turn % 3 == 2:
                    log.revoked(cast)
        finally:
            log.done += 1

    def load() -> None:
        turn = 0
        while log.done < 2:
            turn += 1
            known = list(log.usable)
            if not known:
                continue
            secret = known[-1 - turn % min(4, len(known))]
            began = time.monotonic()
            status = ApiClient(secret).send("/api/v1/alerts", {"title": f"{next(numbers)}"}).status_code
            log.sent.append((secret, began, time.monotonic(), status))

    def watch() -> None:
        while log.done < 2:
            with scope.lobby():
                live = SensorKey.objects.filter(name="load", revoked_at=None).count()
            log.most_live = max(log.most_live, live)

    assert at_once(rotate, rotate, load, load, watch) == [None] * 5
    accepted = 0
    for secret, began, ended, status in log.sent:
        prefix = secret.split("_")[1]
        accepted += status == 202
        assert status in (202, 401)
        if status == 202:
            assert began < log.over.get(prefix, ended), "a key that was over before the request began was taken"
        else:
            assert ended > log.maybe_over.get(prefix, ended), "a key that lived all the time was refused"
    assert (log.most_live, accepted > 10) == (2, True)
    with scope.floor(None, actor="test"):
        assert Receipt.objects.count() == accepted
        assert SensorKey.objects.filter(name="load", revoked_at=None).count() <= 2


def test_who_is_deactivated_while_they_act_acts_no_more(cast: Cast, cases: list[Case]) -> None:
    out = threading.Event()
    sent: list[tuple[bool, int]] = []  # whether the deactivation had returned before the request, and its status

    def acting(number: str) -> Callable[[], Any]:
        def act() -> None:
            client, version, after = ApiClient(cast.tokens["ana"]), 1, 0
            while after < 3:
                was_out = out.is_set()
                answer = client.send(f"/api/v1/cases/{number}/note", {"text": f"{version}"}, version=version)
                sent.append((was_out, answer.status_code))
                after += was_out
                if answer.status_code == 200:
                    version = json.loads(answer.content)["version"]

        return act

    def put_out() -> None:
        while sum(status == 200 for _, status in sent) < 6:
            time.sleep(0.005)
        with opened(cast.ada):
            deactivate(person=cast.people["ana"].public_id, by=cast.ada)
        out.set()

    assert at_once(acting(cases[0].number), acting(cases[1].number), put_out) == [None] * 3
    assert {status for was_out, status in sent if was_out} == {401}
    written = sum(status == 200 for _, status in sent)
    with scope.floor(None, actor="test"):
        assert Note.objects.count() == written
        assert Entry.objects.filter(kind="cases.NoteWritten", actor=cast.ana.name).count() == written
