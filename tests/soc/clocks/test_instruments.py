"""What is law on a day, and how an admin records that it changed."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, transaction

from soc.clocks.models import InstrumentState, Rule
from soc.clocks.operations.instruments import change_instrument_state
from soc.clocks.operations.loading import load_facts
from soc.clocks.queries.law import instrument_on, law_on
from tenants.errors import Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.models import Entry

pytestmark = pytest.mark.django_db
LAPSE = {"standing": "lapsed", "effective_from": "2026-10-01", "source": "Federal Register, read on the day"}


def standing(code, day):
    return next((v for _, held in law_on(day).groups for v in held if v.code == code), None)


def test_a_superseded_directive_reads_by_the_day_that_is_asked(cast):
    with opened(cast.ada):
        assert standing("bod-22-01", date(2023, 1, 1)).standing == "in_force"
        gone = standing("bod-22-01", date(2026, 11, 24))
        assert (gone.standing, gone.superseded_by) == ("superseded", "bod-26-04")
        assert standing("bod-26-04", date(2026, 1, 1)).standing == "not_yet", "it did not exist yet"


def test_every_instrument_says_its_source_and_how_we_know_and_what_is_not_wired(cast):
    with opened(cast.nia):
        page = law_on(date(2026, 11, 24))
        views = [view for _, held in page.groups for view in held]
        assert all(view.source and view.knowledge for view in views) and 0 < page.unverified < len(views)
        wired = {rule.code for view in views for rule in view.rules if rule.wired}
        assert "report-to-cisa" in wired and 0 < page.wired == len(wired) < page.rules
        policy = [view for view in views if view.policy]
        assert [len(view.rules) for view in policy] == [10]


def test_an_admin_adds_a_state_and_the_one_before_stays(cast):
    with opened(cast.ada):
        before = standing("m-25-04", date(2026, 9, 30))
        change_instrument_state(code="m-25-04", by=cast.ada, note="No successor.", **LAPSE)
        assert standing("m-25-04", date(2026, 9, 30)) == before
        after = standing("m-25-04", date(2026, 10, 1))
        assert (after.standing, after.verified) == ("lapsed", False)
        history = instrument_on("m-25-04", date(2026, 10, 1)).history
        assert [one.recorded_by for one in history] == ["Ada Brook", "as loaded with the product"]
        assert Entry.objects.get(kind="clocks.InstrumentChanged").agency_id is None


def test_what_was_in_force_until_a_day_has_lapsed_after_it(cast):
    until = {"standing": "in_force", "effective_from": "2026-02-03", "in_force_until": "2026-09-30", "source": "the act"}
    with opened(cast.ada):
        change_instrument_state(code="m-25-04", by=cast.ada, **until)
        days = (date(2026, 9, 30), date(2026, 10, 1))
        assert [standing("m-25-04", day).standing for day in days] == ["in_force", "lapsed"]


def test_loading_the_facts_again_adds_nothing_and_leaves_what_an_admin_recorded(cast, capsys):
    with opened(cast.ada):
        change_instrument_state(code="m-25-04", by=cast.ada, **LAPSE)
        assert load_facts() == 0
        assert standing("m-25-04", date(2026, 11, 1)).standing == "lapsed"
    call_command("load_facts")
    assert capsys.readouterr().out == "0 rows added\n"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"standing": "obeyed"}, "standing"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"effective_from": ""}, "effective_from"),
        ({"source": " "}, "source"),
        ({"standing": "superseded"}, "superseded_by"),
        ({"standing": "superseded", "superseded_by": "m-25-04"}, "superseded_by"),
        ({"in_force_from": "2026-02-01", "in_force_until": "2026-01-01"}, "in_force_until"),
    ],
)
def test_a_state_that_says_too_little_is_refused_with_its_field(cast, change, field):
    with opened(cast.ada):
        states = InstrumentState.objects.count()
        with pytest.raises(Invalid) as refused:
            change_instrument_state(code="m-25-04", by=cast.ada, **{**LAPSE, **change})
        assert refused.value.field == field and InstrumentState.objects.count() == states


def test_only_an_admin_records_what_is_law(cast):
    for actor in (cast.ana, cast.lee, cast.aud):
        with opened(actor), pytest.raises(NotAllowed):
            change_instrument_state(code="m-25-04", by=actor, **LAPSE)
    with opened(cast.ada), pytest.raises(Unknown):
        change_instrument_state(code="no-such-law", by=cast.ada, **LAPSE)


def test_the_application_can_neither_edit_nor_delete_what_was_recorded(cast):
    with opened(cast.ada):
        for attempt in (
            lambda: InstrumentState.objects.update(verified=True),
            lambda: Rule.objects.update(wired=True),
            lambda: InstrumentState.objects.all().delete(),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                attempt()
