"""A liaison in the browser: their own agency as far as it was released, their vote, and nothing of anybody else."""

import re
from collections.abc import Callable

from tests.browser.floor import Floor
from tests.browser.story import SOUTHERN, WAITING, alert
from tests.browser.windows import Window


def test_released_rows_are_shown_and_no_others(floor: Floor, window: Callable[..., Window]) -> None:
    number = floor.things["numbers"][WAITING]
    nia = window("nia")
    assert nia.open(f"/cases/{number}/") == 200
    said = nia.text()
    assert "Please keep the machine powered on." in said
    assert "Understood. Our desk knows." in said
    assert "at lunch" not in nia.page.content(), "an internal note"
    assert "203.0.113" not in nia.page.content(), "an observable that was not released"
    assert "T1003" not in nia.page.content(), "a technique that was not released"
    # What is released now appears without a reload.
    nia.wait_for_text("Live", "[data-live-word]")
    floor.act("lee", number, "note", text="The machine may be used again tomorrow.", visibility="released")
    nia.wait_for_text("The machine may be used again tomorrow.", "#timeline")


def test_nothing_of_another_agency_is_there(floor: Floor, window: Callable[..., Window]) -> None:
    sol, things = window("sol"), floor.things
    for path in (
        f"/cases/{things['case']}/",
        f"/cases/{things['case']}/close/",
        f"/runs/{things['run']}/",
        f"/approvals/{things['approval']}/",
        "/agencies/north/",
        "/scorecards/north/",
        "/queue/",
        "/people/",
    ):
        assert sol.open(path) == 404, path
        assert "Northern Lights" not in sol.page.content()
    sol.open("/standings/")
    assert "Northern Lights" not in sol.page.content()
    sol.open("/search/?q=203.0.113.77")
    assert things["case"] not in sol.page.content()


def test_without_standing_consent_the_agency_votes_too(floor: Floor, window: Callable[..., Window]) -> None:
    (receipt,) = floor.send([alert("A loader ran on STH-WS-0900", "high", "loader", ("host", "STH-WS-0900"), ago=1)], agency="south")
    number = floor.case_of(receipt)
    approval = floor.approval_of(number)
    zoe, sol = window("zoe"), window("sol")
    zoe.open(f"/approvals/{approval['id']}/")
    zoe.page.locator("#id_reason").fill("The loader is known.")
    zoe.page.locator("button[value=approve]").click()
    zoe.wait_for_text("Nothing runs until every vote that is needed is given.")
    assert not [one for one in floor.product.isolations.values() if one["host"] == "sth-ws-0900"]
    # The liaison finds it from their first page.
    sol.open("/home/")
    assert "Isolate" in sol.text()
    sol.page.locator(f"main a[href*='/approvals/{approval['id']}']").first.click()
    sol.page.locator("#id_reason").fill("The owner of the machine agrees.")
    sol.page.locator("button[value=approve]").click()
    sol.page.locator(".approval-ended", has_text="Approved").wait_for()
    zoe.page.locator(".approval-ended", has_text="Approved").wait_for()
    isolated = floor.until(
        lambda: [one for one in floor.product.isolations.values() if one["host"] == "sth-ws-0900"], "the host is isolated"
    )
    assert len(isolated) == 1


def test_who_speaks_for_two_agencies_sees_one_at_a_time(floor: Floor, window: Callable[..., Window]) -> None:
    duo, numbers = window("duo"), floor.things["numbers"]
    north, south = numbers[WAITING], numbers[SOUTHERN]

    def shown() -> tuple[int, int]:
        return duo.open(f"/cases/{north}/"), duo.open(f"/cases/{south}/")

    first = shown()
    assert sorted(first) == [200, 404]
    other = "south" if first == (200, 404) else "north"
    duo.open("/home/")
    duo.page.locator("details.menu:not(.menu-fold) > summary").click()
    duo.page.locator("#act-for").select_option(other)
    duo.page.get_by_role("button", name="Switch").first.click()
    duo.page.locator(".bar-agency", has_text=re.compile(other, re.IGNORECASE)).wait_for()
    assert shown() == tuple(reversed(first))
