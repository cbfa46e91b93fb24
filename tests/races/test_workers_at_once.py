"""Workers that do the same work at the same moment: facts are delivered once and in order, and two sealers make one chain."""

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tenants.actors import system
from tenants.isolation import scope
from tenants.journal import delivery, subscribing
from tenants.journal.recording import record
from tenants.journal.verifying import verify
from tests.cast import Cast
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
SUBJECTS, FACTS = 3, 15

SEALER = """
import sys, time, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from tenants.journal.sealing import seal_pass
ends = time.monotonic() + float(sys.argv[2])
while time.monotonic() < ends:
    seal_pass()
print("ended")
"""


@dataclass(frozen=True)
class Ticked:
    """A fact of this test."""

    no: int


def tell(cast: Cast, subject: str, no: int) -> None:
    with scope.agency(cast.north.pk, actor="test"):
        record(Ticked(no), agency_id=cast.north.pk, subject=subject, by=system("test"))


def test_workers_deliver_each_fact_once_and_in_order(cast: Cast) -> None:
    heard: dict[str, list[int]] = defaultdict(list)
    while delivery.deliver_some(cast.north.pk):
        pass

    @subscribing.reacts_to(Ticked)
    def listen(event: Ticked, entry: object) -> None:
        heard[entry.subject].append(event.no)  # type: ignore[attr-defined]

    def feed() -> None:
        for no in range(FACTS):
            for subject in range(SUBJECTS):
                tell(cast, f"tick:{subject}", no)

    def work() -> None:
        idle = 0
        while idle < 30:
            idle = 0 if delivery.deliver_one(cast.north.pk) else idle + 1

    try:
        assert at_once(feed, work, work, work) == [None] * 4
        while delivery.deliver_some(cast.north.pk):
            pass
    finally:
        subscribing._by_kind.pop(subscribing.kind_of(Ticked))
        subscribing._by_name.pop(f"{listen.__module__}.{listen.__name__}")
    assert heard == {f"tick:{subject}": list(range(FACTS)) for subject in range(SUBJECTS)}


def test_two_sealers_at_once_make_one_chain(cast: Cast) -> None:
    name = connection.settings_dict["NAME"]
    own = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT), "WATCHFLOOR_VAR": str(settings.VAR)}
    environment = {**os.environ, **own}  # the servers may be those of the environment
    command = [sys.executable, "-c", SEALER, name, "1.5"]
    sealers = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    no = 0
    while any(one.poll() is None for one in sealers):
        no += 1
        tell(cast, "tick:0", no)
    assert [one.communicate()[0] for one in sealers] == ["ended\n", "ended\n"]
    with scope.floor(None, actor="test"):
        for stream in ("journal", "audit"):
            seen = verify(stream)
            assert (seen.fault, seen.seals > 0, seen.rows > 0) == ("", True, True)
