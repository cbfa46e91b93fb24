"""Who works a case."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.errors import CaseAlreadyClaimed, CaseIsClosed, StageAlreadyReached
from soc.cases.models import Case
from soc.cases.operations.claiming import assign, begin_investigation, claim
from soc.cases.operations.closing import close
from tenants.actors import playbook_run
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast, narrowed

Do = Callable[..., Case]
Look = Callable[[Case], Any]


def test_claiming_takes_the_case_begins_triage_and_acknowledges_it(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    claimed = do(claim, case, cast.ana)
    assert claimed.owner_id == cast.ana.person_id
    assert claimed.state == "triage"
    assert claimed.version == case.version + 1
    now = stored(case)
    acknowledge = next(c for c in now.clocks if c["kind"] == "acknowledge")
    assert acknowledge["state"] == "met"
    assert acknowledge["stopped_at"] == claimed.acknowledged_at
    assert now.case["next_due_kind"] == "contain"
    line = now.rows[4][-1]
    assert (line["text"], line["origin"], line["actor_label"], line["visibility"]) == ("Took the case", "person", "Ana Diaz", "internal")
    assert line["entry_id"] is not None


def test_claiming_what_one_owns_changes_nothing(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(claim, case, cast.ana)
    before = stored(case)
    do(claim, case, cast.ana)
    assert stored(case) == before


REFUSED: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("sol", {}, Unknown),
    ("zoe", {}, Unknown),
    ("nia", {}, NotAllowed),
    ("aud", {}, NotAllowed),
    ("ana", {"version": None}, VersionRequired),
    ("ana", {"version": 7}, Stale),
    ("ana", {"version": Invalid("The version is not a number.")}, Invalid),
]


@pytest.mark.parametrize(("who", "asked", "error"), REFUSED)
def test_a_claim_is_refused_and_nothing_changes(
    cast: Cast, case: Case, do: Do, stored: Look, who: str, asked: dict[str, Any], error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(claim, case, getattr(cast, who), **{"version": 1, **asked})
    assert stored(case) == before


def test_a_case_that_someone_owns_is_not_claimed_from_them(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(claim, case, cast.ana)
    before = stored(case)
    with pytest.raises(CaseAlreadyClaimed):
        do(claim, case, cast.lee)
    assert stored(case) == before


def test_a_closed_case_is_not_claimed(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(close, case, cast.ana, disposition="undetermined", reason="Nothing there.")
    before = stored(case)
    with pytest.raises(CaseIsClosed):
        do(claim, case, cast.ana)
    assert stored(case) == before


def test_a_machine_owns_nothing(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    with pytest.raises(NotAllowed):
        do(claim, case, playbook_run("r", label="Malware on a host", agency_id=cast.north.pk))
    assert stored(case) == before


def test_assigning_gives_the_case_away_and_acknowledges_it(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    given = do(assign, case, cast.lee, owner="ANA@watchfloor.example")
    assert given.owner_id == cast.ana.person_id
    assert next(c for c in stored(case).clocks if c["kind"] == "acknowledge")["state"] == "met"
    taken_over = do(assign, case, cast.lee, owner="lee@watchfloor.example")
    assert taken_over.owner_id == cast.lee.person_id
    assert taken_over.acknowledged_at == given.acknowledged_at


def test_a_case_can_be_put_back(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(claim, case, cast.ana)
    back = do(assign, case, cast.ana, owner=None)
    assert back.owner_id is None
    assert back.state == "triage"
    assert stored(case).rows[4][-1]["text"] == "Put the case back into the queue"


@pytest.mark.parametrize("owner", ["", 7, "nobody@watchfloor.example", "nia@watchfloor.example", "zoe@watchfloor.example", "\x00"])
def test_only_people_of_the_floor_who_work_for_the_agency_own_its_cases(cast: Cast, case: Case, do: Do, stored: Look, owner: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(assign, case, cast.ana, owner=owner)
    assert refused.value.field == "owner"
    assert refused.value.cure
    assert stored(case) == before


def test_an_analyst_of_one_agency_owns_its_cases(cast: Cast, open_one: Callable[..., Case], do: Do) -> None:
    case = open_one(agency=cast.south)
    assert do(claim, case, cast.zoe).owner_id == cast.zoe.person_id


def test_a_floor_member_assigned_elsewhere_does_not_know_the_case(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    with pytest.raises(Unknown):
        do(claim, case, narrowed(cast.ana, cast.south), version=1)
    assert stored(case) == before


def test_investigation_begins_once(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    assert do(begin_investigation, case, cast.ana).state == "investigating"
    before = stored(case)
    with pytest.raises(StageAlreadyReached):
        do(begin_investigation, case, cast.ana)
    assert stored(case) == before
