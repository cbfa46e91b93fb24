"""An analyst writes a book in the editor, by keyboard alone; an admin publishes it, and a run of it begins. And without script."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.floor import Floor
from tests.browser.story import alert
from tests.browser.test_importing import faults
from tests.browser.windows import Window


def write(window: Window, selector: str, text: str) -> None:
    """Go to a field with Tab and write into it, in the place of what stands there."""
    window.tab_to(selector, most=200)
    window.page.keyboard.press("Control+A")
    window.page.keyboard.type(text)


def choose(window: Window, selector: str, label: str) -> None:
    """Go to a list with Tab and choose by the arrow keys."""
    window.tab_to(selector, most=200)
    for _ in range(60):
        if window.page.evaluate("document.activeElement.selectedOptions[0].label") == label:
            return
        window.page.keyboard.press("ArrowDown")
    raise AssertionError(f"{selector} has no {label}")


def press(window: Window, name: str) -> None:
    """Go to a button of the form with Tab and press it."""
    for _ in range(200):
        if window.page.evaluate("n => document.activeElement.matches('button') && document.activeElement.innerText.trim() === n", name):
            window.press_and_go("Enter")
            return
        window.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to the button {name}; the focus is on {window.focus()}")


def add(window: Window, kind: str, place: str, name: str) -> None:
    """Add a step, and name it: the focus is on its name then."""
    choose(window, "#id_add_kind", kind)
    choose(window, "#id_add_place", place)
    press(window, "Add the step")
    assert window.page.evaluate("document.activeElement.id") == "id_name"
    window.page.keyboard.press("Control+A")
    window.page.keyboard.type(name)


def saved(page: Page, name: str) -> None:
    """Wait until what was typed is saved by itself: the list beside the form says it."""
    expect(page.locator("#draft-list")).to_contain_text(name)


def test_a_book_is_written_by_keyboard_published_and_run(floor: Floor, window: Callable[..., Window]) -> None:
    ana, name = window("ana"), "Written by keyboard"
    ana.open("/playbooks/drafts/")
    write(ana, "#id_name", name)
    ana.press_and_go("Enter")
    page = ana.page
    assert "No findings" in ana.text("#draft-state")

    # The first step, saved as it is typed.
    write(ana, "#id_name", "Look at the host")
    saved(page, "Look at the host")

    # A decision with a step in each branch. What is wrong is said at once, and goes away at once.
    add(ana, "Decision, yes or no", "After “Look at the host”", "Is it severe?")
    expect(page.locator("#draft-state")).to_contain_text("1 error")
    write(ana, "#id_condition", "__severity__:value = 'high")
    expect(page.locator("#id_condition_problem")).to_contain_text("column")
    page.keyboard.type("'")
    expect(page.locator("#id_condition_problem")).to_contain_text("__severity__")
    # From the finding to the variables, with Enter.
    add(ana, "Action", "First in “Is it severe?”, yes", "Call the owner")
    saved(page, "Call the owner")
    page.locator("#draft-list a", has_text="Is it severe?").focus()
    ana.press_and_go("Enter")
    assert page.evaluate("document.activeElement.id") == "form"
    add(ana, "Action", "First in “Is it severe?”, no", "Write it down")
    saved(page, "Write it down")
    page.locator("#draft-list a", has_text="Variables").focus()
    ana.press_and_go("Enter")
    write(ana, "[name=playbook_variables-0-name]", "severity")
    ana.tab_to("[name=playbook_variables-0-external]")
    page.keyboard.press("Space")
    expect(page.locator("#draft-state")).to_contain_text("No findings")
    assert faults(ana) == []
    address = re.sub(r"\?.*", "", page.url)

    # Tried: yes is the way with a severity of high.
    ana.open(f"{address}try/")
    write(ana, "[name='value:__severity__']", "high")
    press(ana, "Run it")
    assert "It comes to its end" in ana.text() and "Call the owner" in ana.text(".draft-entries")
    assert "Write it down" not in ana.text(".draft-entries")
    assert faults(ana) == []

    # An admin publishes it.
    ada = window("ada")
    ada.open("/playbooks/drafts/")
    assert faults(ada) == []
    ada.open(f"{address}publish/")
    assert faults(ada) == []
    write(ada, "#id_note", "The first version.")
    press(ada, "Publish")
    assert f"Version 1 of “{name}” is published." in ada.text("body")

    # A run of it begins.
    (receipt,) = floor.send([alert("A loader ran on NRT-WS-BOOK", "high", "loader-book", ("host", "NRT-WS-BOOK"), ago=1)])
    number = floor.case_of(receipt)
    ana.open("/playbooks/written-by-keyboard/")
    write(ana, "#id_case", number)
    write(ana, "#id_why", "To see it run.")
    ana.press_and_go("Enter")
    assert "The run has begun." in ana.text("body")
    floor.until(lambda: ana.open(page.url) and "Is it done?" in ana.text("body"), "the run asks for its first step")


def test_without_script_everything_is_a_plain_form(floor: Floor, window: Callable[..., Window]) -> None:
    ana = window("ana", java_script_enabled=False)
    page = ana.page
    ana.open("/playbooks/drafts/")
    page.locator("#id_name").fill("Without script")
    page.get_by_role("button", name="Begin a new book").click()
    page.locator("#id_name").fill("Look")
    page.get_by_role("button", name="Save").click()
    assert "Look" in ana.text("#draft-list")
    page.get_by_role("button", name="Undo").click()
    assert "First step" in ana.text("#draft-list")
    page.locator("#id_add_kind").select_option("parallel")
    page.get_by_role("button", name="Add the step").click()
    assert "No findings" in ana.text("#draft-state")
    page.get_by_role("button", name="Remove it").click()
    assert "is removed" in ana.text("body")
    page.locator("#draft-list a", has_text="First step").click()
    page.locator("#id_timeout").fill("soon")
    page.get_by_role("button", name="Save").click()
    assert "is no length of time" in ana.text("#form") and page.locator("#id_timeout").input_value() == "soon"


def test_two_windows_of_one_draft_lose_nothing(floor: Floor, window: Callable[..., Window]) -> None:
    one, other = window("ana"), window("ana")
    one.open("/playbooks/drafts/")
    one.page.locator("#id_name").fill("In two windows")
    one.page.get_by_role("button", name="Begin a new book").click()
    other.open(one.page.url)
    one.page.locator("#id_name").fill("From the one")
    saved(one.page, "From the one")
    other.page.locator("#id_name").fill("From the other")
    expect(other.page.locator("#draft-notice")).to_contain_text("From the one")
    assert other.page.locator("#id_name").input_value() == "From the other"
    other.page.get_by_role("button", name="Save").click()
    other.page.wait_for_load_state()
    assert "From the other" in other.text("#draft-list")
