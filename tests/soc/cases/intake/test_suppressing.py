"""Alerts are suppressed from a case, with an owner, a reason and an end; they are counted, not worked."""

from datetime import timedelta
from typing import Any

import pytest

from soc.cases.errors import NothingToSuppress, SuppressedAlready
from soc.cases.models import Alert, Case, Suppression, TimelineEntry
from soc.cases.operations.suppressing import end_suppression, suppress
from soc.cases.queries.intake import suppressions
from tenants.errors import Invalid, NotAllowed, Unknown
from tests.soc.cases.intake.test_working_off import alert, arrive, case_of

__all__ = ["arrive"]


def later(clock: Any, **by: float) -> str:
    return (clock() + timedelta(**by)).isoformat()


def test_suppressed_alerts_are_counted_and_open_nothing_until_the_end(
    arrive: Any, do: Any, cast: Any, clock: Any, central: Any, in_scope: Any
) -> None:
    (first,) = arrive(alert(1))
    clock.wind(minutes=1)
    case = do(suppress, case_of(central, first), cast.ana.at(clock), until=later(clock, days=7), reason="A scanner of ours.")
    assert case.version == 2
    clock.wind(days=3)
    hidden = arrive(alert(2), alert(3), alert(4, host="ws-2"))
    assert [one.state for one in hidden] == ["suppressed", "suppressed", "opened"]
    assert hidden[0].why.startswith("Suppressed: alerts of “av-1”") and "scanner" not in hidden[0].why
    with central():
        made = Suppression.objects.get()
        assert (made.hidden, made.owner_id, made.entity, made.case_id) == (2, cast.ana.person_id, "ws-1", case.pk)
        assert Alert.objects.filter(case=None).count() == 2
        assert TimelineEntry.objects.filter(case=case, text__contains="A scanner of ours.").count() == 1
    with in_scope(cast.zoe):
        assert not suppressions(reader=cast.zoe.at(clock)).exists(), "north's suppression is nothing to the south"
    clock.wind(days=4)
    assert arrive(alert(5))[0].state == "opened"


@pytest.mark.parametrize("until", [None, "", "soon", "2020-01-01T00:00:00Z", 7, "far"])
def test_an_end_that_is_missing_past_or_too_far_is_refused_and_changes_nothing(
    arrive: Any, do: Any, cast: Any, clock: Any, central: Any, stored: Any, until: Any
) -> None:
    case = case_of(central, arrive(alert(1))[0])
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(suppress, case, cast.ana.at(clock), until=later(clock, days=91) if until == "far" else until, reason="Because.")
    assert refused.value.field == "until"
    assert stored(case) == before
    with central():
        assert not Suppression.objects.exists()


def test_what_has_no_rule_or_is_suppressed_cannot_be_and_a_liaison_may_not(
    arrive: Any, do: Any, cast: Any, clock: Any, central: Any, open_one: Any
) -> None:
    with pytest.raises(NothingToSuppress):
        do(suppress, open_one(by_hand=True), cast.ana.at(clock), until=later(clock, days=1), reason="Because.")
    case = case_of(central, arrive(alert(1))[0])
    with pytest.raises(NotAllowed):
        do(suppress, case, cast.nia, until=later(clock, days=1), reason="Because.")
    do(suppress, case, cast.ana.at(clock), until=later(clock, days=1), reason="Because.")
    with pytest.raises(SuppressedAlready):
        do(suppress, case, cast.ana.at(clock), until=later(clock, days=1), reason="Because.")


def test_a_suppression_is_ended_by_its_owner_or_a_watch_lead(
    arrive: Any, do: Any, cast: Any, clock: Any, central: Any, in_scope: Any
) -> None:
    case: Case = case_of(central, arrive(alert(1))[0])
    do(suppress, case, cast.lee.at(clock), until=later(clock, days=1), reason="Because.")
    with central():
        made = str(Suppression.objects.get().public_id)
    for who, refusal in ((cast.ana, NotAllowed), (cast.zoe, Unknown), (cast.nia, Unknown), (cast.sol, Unknown)):
        with pytest.raises(refusal), in_scope(who):
            end_suppression(suppression=made, reason="No longer.", by=who.at(clock))
    clock.wind(minutes=1)
    with in_scope(cast.lee):
        end_suppression(suppression=made, reason="No longer.", by=cast.lee.at(clock))
    clock.wind(minutes=1)
    assert arrive(alert(2))[0].state == "grouped"
    with pytest.raises(Unknown), in_scope(cast.lee):
        end_suppression(suppression=made, reason="Again.", by=cast.lee.at(clock))
