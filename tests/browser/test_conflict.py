"""Two editors of one case: whoever comes second is told what changed, and no word is lost."""

from collections.abc import Callable

from tests.browser.floor import Floor
from tests.browser.story import alert
from tests.browser.windows import Window


def fresh_case(floor: Floor, rule: str) -> str:
    (receipt,) = floor.send([alert(f"Two at once: {rule}", "medium", rule, ("account", f"nrt\\{rule}"), ago=1)])
    return floor.case_of(receipt)


def test_a_note_written_meanwhile_is_kept_and_saved_on_a_second_look(floor: Floor, window: Callable[..., Window]) -> None:
    number = fresh_case(floor, "note-conflict")
    # A page that hears of the change takes the new version along; this one does not hear.
    ana = window("ana", java_script_enabled=False)
    ana.open(f"/cases/{number}/")
    floor.act("lee", number, "note", text="The watch lead came first.", visibility="internal")
    ana.page.locator("#note-text").fill("The analyst wrote this meanwhile.")
    ana.page.locator("#composer button[type=submit]").click()
    said = ana.text(".conflict")
    assert "Lee Okafor changed this case while you wrote" in said
    assert "The watch lead came first." in said
    assert "The analyst wrote this meanwhile." in said
    ana.page.locator(".conflict button[type=submit]").click()
    timeline = ana.text("#timeline")
    assert "The watch lead came first." in timeline
    assert "The analyst wrote this meanwhile." in timeline


def test_closing_a_case_that_changed_keeps_choice_and_reason(floor: Floor, window: Callable[..., Window]) -> None:
    number = fresh_case(floor, "close-conflict")
    ana = window("ana")
    ana.open(f"/cases/{number}/close/")
    floor.act("lee", number, "severity", severity="high", reason="It is worse than it looked.")
    ana.page.locator("input[name=disposition][value=benign_positive]").check()
    ana.page.locator("#id_reason").fill("The owner was testing.")
    ana.page.get_by_role("button", name="Close the case").click()
    assert "Lee Okafor changed this case while you wrote" in ana.text(".conflict")
    assert ana.page.locator("input[name=disposition]:checked").get_attribute("value") == "benign_positive"
    assert ana.page.locator("#id_reason").input_value() == "The owner was testing."
    ana.page.get_by_role("button", name="Close the case").click()
    ana.page.wait_for_url(f"**/cases/{number}/")
    assert "The owner was testing." in ana.text("#side")
    assert "It is worse than it looked." in ana.text("#timeline")


def test_what_one_writes_stays_while_the_page_hears_of_changes(floor: Floor, window: Callable[..., Window]) -> None:
    number = fresh_case(floor, "live-conflict")
    ana = window("ana")
    ana.open(f"/cases/{number}/")
    ana.wait_for_text("Live", "[data-live-word]")
    ana.page.locator("#note-text").fill("Half a thought")
    floor.act("lee", number, "note", text="Heard while you write.", visibility="internal")
    ana.wait_for_text("Heard while you write.", "#timeline")
    assert ana.page.locator("#note-text").input_value() == "Half a thought"
    ana.page.locator("#note-text").press("Control+Enter")
    ana.wait_for_text("Half a thought", "#timeline")
