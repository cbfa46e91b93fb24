"""Every page of every role: no fault of accessibility in any theme or width, no sideways scrolling, no error, no dead link."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.floor import Floor
from tests.browser.visits import EXCUSED, Visit, pages, plain_visits, states
from tests.browser.windows import AXE, PHONE, WIDE, Window

NARROW = {"width": 320, "height": 640}
# What depends on the colors only; the rest of a page is the same in both themes.
COLORS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "resultTypes": ["violations"]}
EVERYTHING = {"resultTypes": ["violations"]}
RUN_AXE = """
async (options) => {
  const why = (node) => node.any.concat(node.all, node.none).map((check) => check.message).join("; ");
  const said = (node) => `${node.target.join(" ")}: ${why(node)}`;
  const found = await axe.run(document, options);
  return found.violations.map((one) => `${one.id} ${one.nodes.slice(0, 4).map(said).join(" | ")}`);
}
"""


class Looker:
    """One window a person for the whole module: signing in anew for every page would only cost time."""

    def __init__(self, browser: Browser, floor: Floor) -> None:
        self.browser, self.floor = browser, floor
        self.windows: dict[str | None, Window] = {}
        self.axe = AXE.read_text(encoding="utf-8")

    def window(self, who: str | None) -> Window:
        if who not in self.windows:
            session = self.floor.session_of(who) if who else None
            self.windows[who] = Window(self.browser, self.floor.address, session)
        return self.windows[who]

    def faults_of(self, visit: Visit) -> list[str]:
        """Everything that is wrong with one page."""
        window = self.window(visit.who)
        page = window.page
        window.faults.clear()
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        status = window.open(visit.path)
        found = [] if status == visit.status else [f"answers {status}"]
        page.evaluate(self.axe)
        found += self.axe_says("1440 light", page, EVERYTHING)
        page.emulate_media(color_scheme="dark")
        found += self.axe_says("1440 dark", page, COLORS)
        page.set_viewport_size(PHONE)
        found += self.axe_says("390 dark", page, COLORS)
        page.emulate_media(color_scheme="light")
        found += self.axe_says("390 light", page, EVERYTHING)
        page.set_viewport_size(NARROW)
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        if wide > NARROW["width"]:
            found.append(f"is {wide} pixels wide at {NARROW['width']}")
        return found + window.faults

    @staticmethod
    def axe_says(where: str, page: Any, options: dict[str, Any]) -> list[str]:
        return [f"{where}: {one}" for one in page.evaluate(RUN_AXE, options)]


@pytest.fixture(scope="module")
def looker(browser: Browser, floor: Floor) -> Iterator[Looker]:
    one = Looker(browser, floor)
    yield one
    for window in one.windows.values():
        window.close()


def test_every_address_is_visited_or_excused(floor: Floor) -> None:
    visited = {visit.name for visit in plain_visits(floor.things)}
    left = set(pages()) - visited - set(EXCUSED)
    assert not left, f"Visit these in tests/browser/visits.py, or say there why not: {sorted(left)}"
    gone = {name for name in EXCUSED if name not in pages()}
    assert not gone, f"Excused, but no such page: {sorted(gone)}"


@pytest.mark.parametrize("who", [None, "ana", "lee", "ada", "aud", "nia"])
def test_every_page_of_a_role_is_in_order(who: str | None, looker: Looker, floor: Floor) -> None:
    faults = {str(visit): looker.faults_of(visit) for visit in plain_visits(floor.things) if visit.who == who}
    assert {name: found for name, found in faults.items() if found} == {}


def test_every_other_state_of_a_page_is_in_order(looker: Looker, floor: Floor) -> None:
    faults = {f"{visit} {visit.path}": looker.faults_of(visit) for visit in states(floor.things)}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("who", ["ana", "lee", "ada", "aud", "nia", "eve"])
def test_every_link_of_the_bar_works(who: str, looker: Looker, window: Callable[..., Window]) -> None:
    page = looker.window(who).page
    page.set_viewport_size(WIDE)
    page.goto("/")
    links = page.locator(".bar nav[aria-label=Pages] a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert len(links) >= 3
    for link in links:
        assert page.goto(link).status == 200, link
        current = page.locator(".bar nav[aria-label=Pages] a[aria-current=page]")
        assert current.count() == 1, f"{link} does not say in the bar that it is the current page"
