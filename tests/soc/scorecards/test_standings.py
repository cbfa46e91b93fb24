"""Standings as rows for each reader: the floor sees agencies, a liaison their own row and the median of their class."""

import pytest
from django.core.management import CommandError, call_command

from soc.scorecards.models import Standing
from soc.scorecards.operations.standing import publish
from soc.scorecards.queries.standings import standings_of, standings_page
from tenants.actors import system
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tenants.operations.agencies import move_agency, register_agency

pytestmark = pytest.mark.django_db
PERIOD, MEASURE = "2026-05", "time_to_contain"


@pytest.fixture
def third(cast):
    """A third live agency of the same class, so that the class has a median."""
    by = system("stage")
    with scope.floor(None, actor="test"):
        register_agency(slug="west", name="Agency of Western Winds", acronym="WEST", by=by, invented=True)
        move_agency(slug="west", state="onboarding", version=1, by=by)
        return move_agency(slug="west", state="live", version=2, by=by)


@pytest.fixture
def contained(cast, third, work, clock, deliver_all):
    """One case of each agency, contained after 10, 20 and 60 minutes."""
    numbers = {}
    for agency, minutes in ((cast.north, 10), (cast.south, 20), (third, 60)):
        numbers[agency.slug] = work.open(agency)
        clock.wind(minutes=minutes)
        work.contain(numbers[agency.slug])
    deliver_all()
    return numbers


def rows(reader, measure=MEASURE):
    with opened(reader):
        return [one.head for one in standings_of(period=PERIOD, measure=measure, reader=reader)[0]]


def test_the_floor_sees_every_agency_with_its_figure(cast, contained):
    for reader in (cast.ana, cast.lee, cast.aud):
        seen = {row.agency: (row.estimate.value, row.estimate.n, row.estimate.events) for row in rows(reader)}
        assert seen == {"north": (600, 1, 1), "south": (1200, 1, 1), "west": (3600, 1, 1)}


def test_closing_a_case_that_ends_no_measure_still_moves_the_standings(cast, contained, work, deliver_all):
    before = {row.agency: (row.closed, row.cases) for row in rows(cast.ana)}
    assert before == {"north": (0, 1), "south": (0, 1), "west": (0, 1)}
    number = work.open(cast.north)
    work.close(number, disposition="false_positive_rule")
    with scope.floor(None, actor="test"):
        last = Entry.objects.order_by("-id").values_list("id", flat=True)[0]
    deliver_all()
    after = {row.agency: (row.closed, row.cases) for row in rows(cast.ana)}
    assert after == {**before, "north": (1, 2)}
    with scope.floor(None, actor="test"):
        told = Entry.objects.filter(kind="scorecards.StandingsChanged", id__gt=last).values_list("agency_id", flat=True)
        assert {None, cast.north.pk} <= set(told)
    middle = next(row for row in rows(cast.nia) if not row.agency)
    assert (middle.cases, middle.closed, middle.as_of) == (None, None, None)


def test_all_rows_of_an_agency_are_of_one_position(cast, contained, work, deliver_all):
    before = {row.agency: row.as_of for row in rows(cast.ana)}
    work.contain(work.open(cast.north))
    deliver_all()
    with opened(cast.ana):
        whole, _ = standings_of(period=PERIOD, measure=None, reader=cast.ana)
    north = next(one for one in whole if one.head.agency == "north")
    (position,) = {row.as_of for row in north.rows}
    assert position > before["north"]
    work.claim(contained["north"])  # moves one measure of the four
    deliver_all()
    measures = ("time_to_contain", "time_to_acknowledge")
    (later,) = {row.as_of for measure in measures for row in rows(cast.ana, measure) if row.agency == "north"}
    assert later > position


def test_an_analyst_of_one_agency_sees_that_one(cast, contained):
    assert [row.agency for row in rows(cast.zoe)] == ["south"]


def test_a_liaison_sees_their_own_row_and_the_median_of_their_class_and_no_other_name(cast, contained):
    seen = rows(cast.nia)
    assert {row.agency: row.estimate.value for row in seen} == {"north": 600, "": 1200}
    assert next(row for row in seen if not row.agency).estimate.n == 3
    with opened(cast.nia):
        assert set(Standing.objects.values_list("agency_id", "about_id")) == {(cast.north.pk, cast.north.pk), (cast.north.pk, None)}


def test_the_wall_in_the_database_is_enough_alone(cast, contained):
    from django.db import connection

    with opened(cast.nia), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT agency_id FROM scorecards_standing")
        assert cursor.fetchall() == [(cast.north.pk,)]


def test_a_class_of_two_has_no_median_because_it_would_tell_the_other_figure(cast, work, clock, deliver_all):
    for agency in (cast.north, cast.south):
        number = work.open(agency)
        clock.wind(minutes=5)
        work.contain(number)
    deliver_all()
    middle = next(row for row in rows(cast.nia) if not row.agency)
    assert (middle.estimate.value, middle.estimate.n) == (None, 0)


def test_admins_and_sensors_know_of_no_standings(cast, contained):
    for reader in (cast.ada, cast.north_sensor):
        with opened(reader), pytest.raises(Unknown):
            standings_of(period=PERIOD, measure=MEASURE, reader=reader)


def test_only_those_whose_rows_moved_are_told(cast, contained, work, deliver_all):
    with scope.floor(None, actor="test"):
        last = Entry.objects.order_by("-id").values_list("id", flat=True)[0]
    work.claim(contained["north"])
    deliver_all()
    with scope.floor(None, actor="test"):
        told = list(Entry.objects.filter(kind="scorecards.StandingsChanged", id__gt=last).values_list("agency_id", "data"))
    periods = {data["period"] for _, data in told}
    assert periods == {"2026-05", "2026-Q2", "2026", "FY2026"}
    readers = {agency for agency, data in told if data["period"] == PERIOD}
    assert None in readers and cast.north.pk in readers, "the floor and the agency itself"


def test_ranking_again_with_nothing_moved_tells_nobody(cast, contained, deliver_all):
    from soc.scorecards.operations.standing import rank_standings

    with scope.floor(None, actor="test"):
        before = Entry.objects.count()
        from soc.scorecards.models import Scorecard

        Scorecard.objects.update(unranked=True)
        assert rank_standings(by=system("test")) > 0
        assert Entry.objects.count() == before


def test_a_publication_releases_names_to_the_class_and_only_an_admin_makes_one(cast, contained, deliver_all):
    with opened(cast.ana), pytest.raises(NotAllowed):
        publish(period=PERIOD, measure=MEASURE, by=cast.ana)
    with opened(cast.ada), pytest.raises(Invalid) as wrong:
        publish(period="2026-5", measure=MEASURE, by=cast.ada)
    assert wrong.value.field == "period"
    assert {row.agency for row in rows(cast.nia)} == {"north", ""}
    with opened(cast.ada):
        publish(period=PERIOD, measure=MEASURE, by=cast.ada)
    with opened(cast.ada), pytest.raises(Conflict):
        publish(period=PERIOD, measure=MEASURE, by=cast.ada)
    deliver_all()
    assert {row.agency: row.estimate.value for row in rows(cast.nia)} == {"north": 600, "": 1200, "south": 1200, "west": 3600}
    assert {row.agency for row in rows(cast.nia, "time_to_acknowledge")} == {"north", ""}, "one measure was released"
    assert len(rows(cast.ana)) == 3


def test_the_page_groups_by_class_and_puts_the_fastest_first(cast, contained):
    with opened(cast.ana):
        page = standings_page(period=PERIOD, measure=None, reader=cast.ana)
    assert page.measure == MEASURE and [c.size_class for c in page.classes] == [cast.north.size_class]
    assert [row.agency for row in page.classes[0].rows] == ["north", "south", "west"]
    assert page.longest >= 3600 and not page.published
    with opened(cast.nia):
        own = standings_page(period=PERIOD, measure=None, reader=cast.nia)
    assert [row.agency for row in own.classes[0].rows] == ["north"] and own.classes[0].median.estimate.value == 1200


def test_an_agency_that_changes_its_class_takes_its_rows_along(cast, contained, third, deliver_all):
    from soc.scorecards.models import Scorecard
    from tenants.models import Agency

    with scope.floor(None, actor="test"):
        Agency.objects.filter(pk=third.pk).update(size_class="micro")
        Scorecard.objects.update(unranked=True)
    deliver_all()
    classes = {row.agency: row.size_class for row in rows(cast.ana)}
    assert classes == {"north": cast.north.size_class, "south": cast.north.size_class, "west": "micro"}
    middle = next(row for row in rows(cast.nia) if not row.agency)
    assert middle.estimate.value is None, "two are left in the class"


def test_the_command_publishes_in_the_name_of_an_admin_and_refuses_others(cast, contained, deliver_all, capsys):
    def command(who):
        call_command("publish_standings", period=PERIOD, measure=MEASURE, person=f"{who}@watchfloor.example")

    for who in ("ana", "nobody", "stranger"):
        with pytest.raises(CommandError):
            command(who)
    command("ada")
    assert capsys.readouterr().out == "released time_to_contain of 2026-05\n"
    deliver_all()
    assert {row.agency for row in rows(cast.nia)} == {"north", "south", "west", ""}
