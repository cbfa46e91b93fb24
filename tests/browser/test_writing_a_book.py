"""An analyst writes a book in two windows of the editor, and nothing that they typed is lost."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.floor import Floor
from tests.browser.windows import Window


def saved(page: Page, name: str) -> None:
    """Wait until what was typed is saved by itself: the list beside the form says it."""
    expect(page.locator("#draft-list")).to_contain_text(name)


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
