"""Agencies share the workers: real threads on real rows, one agency with a great backlog beside one with little."""

import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from playbooks.engine import working
from playbooks.engine.turns import RESERVED_EVERY
from playbooks.models import Frame, Run, Share
from playbooks.operations.publishing import publish
from playbooks.operations.sharing import set_share
from playbooks.operations.starting import start_run
from playbooks.states import Lane
from tenants.actors import system
from tenants.errors import Invalid, NotAllowed
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, note
from tests.playbooks.conftest import Stage
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 3


def backlog(stage: Stage, agency: str, number: int, lane: Lane = Lane.NORMAL) -> None:
    """So many runs of a small book that are ready in the lane."""
    stage.tampered = True  # these runs have no log
    one = getattr(stage.cast, agency)
    steps = {"start": START, "first": note("one", on_completion="second"), "second": note("two", on_completion="end"), "end": END}
    with scope.floor(None):
        publish(slug="small", document=book(steps, start="start"), by=system("test"))
    with scope.agency(one.pk):
        by = system("test", agency_id=one.pk)
        first = start_run(agency_id=one.pk, subject="case:1", book="small", variables={}, why="A test", by=by)
        Run.objects.filter(pk=first.pk).update(lane=lane)
        frame = Frame.objects.get(run=first)
        runs = [_like(first, lane) for _ in range(number - 1)]
        Run.objects.bulk_create(runs, batch_size=500)
        Frame.objects.bulk_create(
            [Frame(agency_id=one.pk, run=run, cursor=frame.cursor, visits=frame.visits) for run in runs], batch_size=500
        )


def _like(run: Run, lane: Lane) -> Run:
    same = ("agency_id", "book_id", "version_id", "version_hash", "subject", "why", "started_by", "started_by_label")
    told = {name: getattr(run, name) for name in (*same, "variables", "wake_at", "started_at", "last_event")}
    return Run(lane=lane, **told)


def ended(agency: Any = None) -> list[Any]:
    """What has ended, in order: the agency and the lane of each run."""
    with scope.floor(None):
        done = Run.objects.exclude(ended_at=None).order_by("ended_at", "id")
        return list(done.values_list("agency__slug", "lane"))


def work_until(enough: int) -> list[Any]:
    """Workers take turns until so many runs have ended; which, in their order."""
    until = time.monotonic() + 120

    def work() -> None:
        while time.monotonic() < until and len(ended()) < enough:
            working.work_in_turn()

    at_once(*[work] * WORKERS)
    return ended()


def test_three_runs_are_done_while_two_thousand_of_another_agency_wait(stage):
    backlog(stage, "north", 2000)
    backlog(stage, "south", 3)
    order = [slug for slug, _ in work_until(60)]
    last = max(number for number, slug in enumerate(order) if slug == stage.cast.south.slug)
    assert order.count(stage.cast.south.slug) == 3
    assert last < 2 * 3 + 2 * WORKERS
    with scope.floor(None):
        assert Run.objects.filter(agency=stage.cast.north, state="ready").count() > 1000


def test_weights_of_one_and_three_are_steps_of_one_and_three(stage):
    with scope.floor(None):
        set_share(agency_id=stage.cast.south.pk, weight=3, by=stage.cast.ada)
    backlog(stage, "north", 200)
    backlog(stage, "south", 200)
    order = [slug for slug, _ in work_until(200)]
    south = order[:200].count(stage.cast.south.slug)
    assert abs(south - 150) <= 2 * WORKERS


def test_the_emergency_lane_goes_first_in_one_agency_and_over_all_and_normal_runs_still_move(stage):
    backlog(stage, "north", 60)
    backlog(stage, "north", 30, Lane.EMERGENCY)
    backlog(stage, "south", 30, Lane.EMERGENCY)
    lanes = [lane for _, lane in work_until(60)][:60]
    assert abs(lanes.count(Lane.NORMAL) - 60 / RESERVED_EVERY) <= 2 * WORKERS


def test_workers_hold_no_more_runs_of_an_agency_together_than_it_may_have(stage, monkeypatch):
    with scope.floor(None):
        set_share(agency_id=stage.cast.north.pk, most_at_once=1, by=stage.cast.ada)
    backlog(stage, "north", 30)
    most, plain = [], working.advance

    def watched(hand: Any, **more: Any) -> None:
        with scope.floor(None):
            most.append(Run.objects.filter(state="running", agency=stage.cast.north).count())
        time.sleep(0.02)
        plain(hand, **more)

    monkeypatch.setattr(working, "advance", watched)
    assert len(work_until(30)) == 30
    assert max(most) == 1


@pytest.mark.parametrize("told", [{"weight": 0}, {"weight": 101}, {"most_at_once": 0}, {"most_at_once": 1001}])
def test_a_share_that_is_none_is_refused_and_names_the_field(stage, told):
    with scope.floor(None), pytest.raises(Invalid) as refused:
        set_share(agency_id=stage.cast.north.pk, by=stage.cast.ada, **told)
    assert refused.value.field in told
    with scope.floor(None):
        assert not Share.objects.exists()


def test_who_runs_no_programme_sets_no_share(stage):
    with scope.floor(None), pytest.raises(NotAllowed):
        set_share(agency_id=stage.cast.north.pk, weight=2, by=stage.cast.ana)


def test_the_command_sets_a_share_and_names_an_unknown_agency(stage, capsys):
    for _ in range(2):
        call_command("set_share", "--agency", stage.cast.north.slug, "--weight", "4", "--most-at-once", "2")
    assert capsys.readouterr().out == f"{stage.cast.north.slug} has a weight of 4, 2 runs at once\n" * 2
    with pytest.raises(CommandError, match="There is no agency nowhere"):
        call_command("set_share", "--agency", "nowhere")
