"""Without JavaScript everything that changes something is a plain form."""

from collections.abc import Callable

from tests.browser.floor import Floor
from tests.browser.story import alert
from tests.browser.windows import Window


def test_an_analyst_claims_votes_notes_and_closes(floor: Floor, window: Callable[..., Window]) -> None:
    host = "NRT-WS-PLAIN"
    (receipt,) = floor.send([alert(f"A loader ran on {host}", "critical", "loader-plain", ("host", host), ago=1)])
    number = floor.case_of(receipt)
    approval = floor.approval_of(number)
    ana = window("ana", java_script_enabled=False)
    page = ana.page

    # From the queue into the case.
    ana.open("/queue/")
    page.locator(f"#case-{number} form button", has_text="Take").click()
    assert "You own this case now." in ana.text("body")
    page.locator(f"#case-{number} a.row-title").click()
    assert page.url.endswith(f"/cases/{number}/")

    page.locator("#note-text").fill("Written without any script.")
    page.locator("#composer button[type=submit]").click()
    assert "Written without any script." in ana.text("#timeline")

    ana.open(f"/approvals/{approval['id']}/")
    page.locator("#id_reason").fill("No reason to isolate it.")
    page.locator("button[value=deny]").click()
    assert "Denied" in ana.text(".approval-ended")

    ana.open(f"/cases/{number}/")
    page.locator("a", has_text="Close").first.click()
    page.locator("input[name=disposition][value=false_positive_rule]").check()
    page.locator("#id_reason").fill("The rule is too wide.")
    page.locator("button", has_text="Close the case").click()
    assert "False positive" in ana.text("#head")
    # A form that is refused says why, and keeps what was chosen.
    page.locator("details.ask > summary", has_text="Reopen").click()
    page.locator("#reopen-reason").fill("Looked at once more.")
    page.locator("details.ask[open] button[type=submit]").click()
    assert "The case is open again." in ana.text("body")


def test_a_liaison_writes_to_the_floor(floor: Floor, window: Callable[..., Window]) -> None:
    nia = window("nia", java_script_enabled=False)
    nia.open("/home/")
    nia.page.locator("main a.number").first.click()
    nia.page.locator("#note-text").fill("We read you.")
    nia.page.locator("#composer button[type=submit]").click()
    assert "We read you." in nia.text("#timeline")
