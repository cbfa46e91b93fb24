"""An analyst at work, by keyboard alone, from the sign-in to the closed case, with two other windows looking on."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from tests.browser.floor import Floor
from tests.browser.story import alert
from tests.browser.windows import Window
from tests.cast import PASSWORD

SOON = 10  # seconds that a busy machine may take; what the floor promises is two
FOREIGN = re.compile(r"Southern Tides|\bSOUTH\b|sth-|STH-|Western Bureau", re.IGNORECASE)


def sign_in(window: Window, email: str) -> None:
    window.open("/queue/")
    window.tab_to("#id_login")
    window.page.keyboard.type(email)
    window.press("Tab")
    window.page.keyboard.type(PASSWORD)
    window.press_and_go("Enter")
    window.page.wait_for_url("**/queue/")


def go_to_row(window: Window, number: str) -> None:
    """Move down with J until the row is the current one; the pane beside follows."""
    for _ in range(60):
        current = window.page.locator("[data-row][aria-current=true]")
        if current.count() and current.get_attribute("data-number") == number:
            break
        window.press("j")
    window.wait_for_text(number, "[data-preview-number]")
    assert current.get_attribute("data-number") == number


def closed_on(window: Window) -> int:
    return int(re.search(r"(\d+) closed", window.text()).group(1))  # type: ignore[union-attr]


def events_of_north(window: Window) -> int:
    row = window.page.locator("tr", has_text="Bureau of Northern Lights").first
    return int(row.locator('[data-label="Done"]').inner_text()) if row.count() else 0


def seconds_until(look: Callable[[], bool], what: str, since: float) -> float:
    while time.monotonic() - since < SOON:
        if look():
            return time.monotonic() - since
        time.sleep(0.05)
    raise AssertionError(f"After {SOON} seconds still not: {what}")


def test_an_alert_is_worked_to_its_end_by_keyboard(floor: Floor, window: Callable[..., Window], record_property: Any) -> None:
    (receipt,) = floor.send([alert("Credentials were dumped on NRT-WS-3100", "critical", "dump", ("host", "NRT-WS-3100"), ago=1)])
    number = floor.case_of(receipt)
    floor.approval_of(number)
    ana = window(None)
    sign_in(ana, "ana@watchfloor.example")

    # The queue: J and K move one current row, O opens it.
    go_to_row(ana, number)
    ana.press("k")
    ana.page.wait_for_function("n => document.querySelector('[data-row][aria-current=true]').dataset.number !== n", arg=number)
    go_to_row(ana, number)
    ana.press_and_go("o")
    assert ana.page.url.endswith(f"/cases/{number}/")

    # Claim, and declare an incident.
    ana.press_and_go(".")
    ana.wait_for_text("You own this case now.")
    ana.press("m")
    ana.tab_to("details.ask[open] details.fold > summary")
    while "Declare" not in ana.page.evaluate("document.activeElement.textContent"):
        ana.press("Tab")
    ana.press("Enter")
    ana.tab_to("#declare-reason, textarea[name=reason]")
    ana.page.keyboard.type("Credentials of a domain account were read.")
    ana.press_and_go("Control+Enter")
    ana.wait_for_text("The incident is declared")
    assert "Incident" in ana.text("#head")

    # The approval: exactly what will run, a reason, one vote; exactly one isolation under one key.
    ana.tab_to("a.button[href^='/approvals/']")
    ana.press_and_go("Enter")
    assert "/isolate" in ana.text(".approval-what pre")
    ana.tab_to("#id_reason")
    ana.page.keyboard.type("The host must leave the network.")
    ana.press("Tab")
    assert ana.page.evaluate("document.activeElement.value") == "approve"
    ana.press_and_go("Enter")
    ana.wait_for_text("Approved")
    mine = lambda: [one for one in floor.product.isolations.values() if one["host"] == "nrt-ws-3100"]  # noqa: E731
    floor.until(mine, "the endpoint product isolates the host")
    floor.until(lambda: floor.api("ana").get(f"/api/v1/runs?case={number}").json()["results"][0]["state"] == "done", "the run ends")
    assert len(mine()) == 1
    assert floor.product.orders().count(str(mine()[0]["key"])) == 1

    # Two others look on: the agency's liaison at their scorecard, and the watch lead at the standings.
    nia, home, lee = window("nia"), window("nia"), window("lee")
    nia.open("/scorecards/north/")
    home.open("/home/")
    lee.open("/standings/?measure=time_to_contain")
    for one in (nia, home, lee):
        one.wait_for_text("Live", "[data-live-word]")
        one.page.evaluate("window.notReloaded = true")
    closed, events = closed_on(nia), events_of_north(lee)

    # Contain and close.
    ana.tab_to(f"a.number[href='/cases/{number}/']")
    ana.press_and_go("Enter")
    ana.press_and_go(".")
    ana.wait_for_text("The investigation has begun.")
    ana.press(".")
    ana.tab_to("textarea[name=reason]")
    ana.page.keyboard.type("The host is off the network.")
    contained_at = time.monotonic()
    ana.press_and_go("Control+Enter")
    took = {"events": seconds_until(lambda: events_of_north(lee) == events + 1, "the standings count the containing", contained_at)}
    ana.wait_for_text("The case is contained.")
    ana.press_and_go("c")
    ana.tab_to("input[name=disposition]")
    ana.press("Space")
    ana.tab_to("#id_reason")
    ana.page.keyboard.type("Contained, and the account was reset.")
    closed_at = time.monotonic()
    ana.press_and_go("Control+Enter")
    took["closed"] = seconds_until(lambda: closed_on(nia) == closed + 1, "the scorecard counts the closing", closed_at)
    took["home"] = seconds_until(lambda: closed_on(home) >= closed + 1, "the home page counts the closing", closed_at)
    for name, seconds in took.items():
        record_property(f"{name} moved in the other window", f"{seconds:.1f} s after the act")
    for one in (nia, home, lee):
        assert one.page.evaluate("window.notReloaded") is True
    for one in (nia, home):
        assert not FOREIGN.search(one.page.content()), "nothing of another agency"
    assert "Closed" in ana.text("#head")


@pytest.mark.parametrize(
    ("way", "word"),
    [("approve", "Approved"), ("deny", "Denied"), ("lapse", "Lapsed")],
)
def test_every_end_of_an_approval_is_as_visible_as_the_others(way: str, word: str, floor: Floor, window: Callable[..., Window]) -> None:
    host = f"NRT-WS-{way.upper()}"
    with override_settings(APPROVAL_SECONDS=3 if way == "lapse" else 1800):
        (receipt,) = floor.send([alert(f"A loader ran on {host}", "high", f"loader-{way}", ("host", host), ago=1)])
        number = floor.case_of(receipt)
        approval = floor.approval_of(number)
    lee, ana = window("lee"), window("ana")
    lee.open(f"/approvals/{approval['id']}/")
    ana.open(f"/cases/{number}/")
    if way != "lapse":
        lee.page.locator("#id_reason").fill("As the case says.")
        lee.page.locator(f"button[value={way}]").click()
    # The page of the approval says it, without anyone asking, and so do the list of decided ones and the case.
    lee.page.locator(".approval-ended", has_text=word).wait_for()
    lee.page.locator("#vote-buttons", has_text=word).wait_for()
    lee.open("/approvals/?state=decided")
    assert lee.page.locator(".approval-item", has_text=word).filter(has_text=number).count() == 1
    said = {"approve": "approv", "deny": "denied", "lapse": "lapsed"}[way]
    ana.page.locator("#timeline", has_text=re.compile(said, re.IGNORECASE)).wait_for()
    floor.until(lambda: floor.api("ana").get(f"/api/v1/runs?case={number}").json()["results"][0]["state"] == "done", "the run ends")
    isolated = [one for one in floor.product.isolations.values() if one["host"] == host.lower()]
    assert len(isolated) == (1 if way == "approve" else 0)
