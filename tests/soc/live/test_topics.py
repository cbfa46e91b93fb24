"""Names of topics, and which of them a fact moves."""

import pytest

from playbooks.events import ApprovalAsked, RunEnded
from soc.cases.events import AlertsArrived, CaseClosed, CaseOpened
from soc.clocks.events import ClockLate
from soc.live.topics import Topic, ring_of, understood
from soc.scorecards.events import ScorecardMoved, StandingsChanged

RUN = "0f9d2a34-7b1c-4f0e-9a55-0d3c2b1a9e8f"


def opened(**changes):
    fields = {
        "case_id": 1, "number": "NORTH-2026-000001", "title": "t", "severity": "high", "rule": "", "entity_kind": "",
        "entity": "", "hosts": (), "opened_at": None,
    }  # fmt: skip
    return CaseOpened(**{**fields, **changes})


@pytest.mark.parametrize(
    ("name", "kind", "key", "aspect"),
    [
        ("agency.north.queue", "agency", "north", "queue"),
        ("agency.ex-im.intake", "agency", "ex-im", "intake"),
        ("case.NORTH-2026-000001", "case", "NORTH-2026-000001", ""),
        ("case.NORTH-2026-R00004", "case", "NORTH-2026-R00004", ""),
        (f"run.{RUN}", "run", RUN, ""),
        ("standings", "standings", "", ""),
    ],
)
def test_a_name_of_the_interface_is_understood(name, kind, key, aspect):
    assert understood(name) == Topic(name, kind, key, aspect)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "agency.north",
        "agency.north.secrets",
        "agency..queue",
        "agency.*.queue",
        "case.",
        "case.a b",
        "case.a\n",
        "case.\x00",
        "run.1",
        f"run.{RUN.upper()}",
        "standings.",
    ],
)
def test_any_other_name_is_not(name):
    assert understood(name) is None


def test_a_new_case_moves_its_queue_itself_and_the_intake():
    ring = ring_of(opened(), slug="north", number="NORTH-2026-000001")
    assert ring.topics == ("agency.north.intake", "agency.north.queue", "case.NORTH-2026-000001")
    assert ring.told


def test_a_case_by_hand_moves_no_figure_of_the_intake():
    ring = ring_of(opened(by_hand=True), slug="north", number="NORTH-2026-000001")
    assert ring.topics == ("agency.north.queue", "case.NORTH-2026-000001")


def test_a_restricted_case_is_not_told_to_its_agency():
    closed = CaseClosed(case_id=1, number="NORTH-2026-R00001", disposition="undetermined", reason="r", at=None)
    ring = ring_of(closed, slug="north", number="NORTH-2026-R00001")
    assert not ring.told


def test_a_run_moves_itself_and_its_case_and_an_approval_the_inbox_too():
    ended = RunEnded(run=RUN, about="case:1", outcome="done")
    assert ring_of(ended, slug="north", number="N-1").topics == ("agency.north.queue", "case.N-1", f"run.{RUN}")
    asked = ApprovalAsked(run=RUN, about="case:1", approval="a", action="x", hash="h", expires_at=None)
    assert "agency.north.approvals" in ring_of(asked, slug="north", number="N-1").topics


def test_a_late_clock_moves_the_queue_in_which_it_stands():
    late = ClockLate(clock_id=1, about="case:1", kind="contain", due_at=None)
    assert ring_of(late, slug="north", number="N-1").topics == ("agency.north.queue", "case.N-1")


def test_figures_move_nothing_but_themselves():
    assert ring_of(AlertsArrived(count=3), slug="north", number="").topics == ("agency.north.intake",)
    assert ring_of(ScorecardMoved(period="2026-11"), slug="north", number="").topics == ("agency.north.scorecard",)
    assert ring_of(StandingsChanged(period="2026-11"), slug="", number="").topics == ("standings",)
