"""Screenshots of the main pages into docs/pictures: `make pictures`, of a running demo floor when there is one, else of the stage."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser.windows import PHONE, WIDE, Window

pytestmark = pytest.mark.pictures

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LONGEST = 1800  # pixels of a page; what comes below repeats
ROLES = {"ana": "analyst", "lee": "watch_lead", "ada": "admin", "aud": "auditor", "nia": "liaison"}


class Subject:
    """The floor in the picture: who signs in how, and where its pages are."""

    def __init__(self, browser: Browser, address: str, sign_in: Callable[[Window, str], None]) -> None:
        self.browser, self.address, self.sign_in = browser, address, sign_in
        self.windows: dict[str | None, Window] = {}

    def window(self, who: str | None) -> Window:
        if who not in self.windows:
            self.windows[who] = Window(self.browser, self.address, device_scale_factor=1)
            if who is not None:
                self.sign_in(self.windows[who], who)
        return self.windows[who]

    def first(self, who: str, path: str, selector: str, otherwise: str = "") -> str:
        """The address of the first link that a page shows."""
        window = self.window(who)
        window.open(path)
        found = window.page.locator(selector).first
        return (found.get_attribute("href") or otherwise) if found.count() else otherwise

    def close(self) -> None:
        for window in self.windows.values():
            window.close()


def demo_people() -> dict[str, dict[str, str]]:
    """The sign-ins of the demo floor by role, when it runs here; else nothing."""
    file = Path(os.environ.get("DEMO_VAR") or settings.VAR.parent) / "demo.json"
    try:
        if httpx.get(f"http://localhost:{settings.PORT}/healthz", timeout=2, trust_env=False).status_code != 200:
            return {}
        found: dict[str, dict[str, str]] = {}
        for person in json.loads(file.read_text(encoding="utf-8")):
            found.setdefault(person["role"], person)
        return found
    except (OSError, httpx.HTTPError, ValueError):
        return {}


@pytest.fixture(scope="module")
def subject(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Subject]:
    people = demo_people()

    def by_form(window: Window, who: str) -> None:
        person = people[ROLES[who]]
        window.open("/accounts/login/")
        window.page.locator("#id_login").fill(person["email"])
        window.page.locator("#id_password").fill(person["password"])
        window.page.get_by_role("button", name="Sign in", exact=True).click()
        window.page.wait_for_url(lambda url: "/accounts/login/" not in url)

    if people:
        one = Subject(browser, f"http://localhost:{settings.PORT}", by_form)
    else:
        floor = request.getfixturevalue("floor")

        def by_session(window: Window, who: str) -> None:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": floor.session_of(who), "url": floor.address}
            window.context.add_cookies([cookie])  # type: ignore[list-item]

        one = Subject(browser, floor.address, by_session)
    yield one
    one.close()


def the_approval(subject: Subject) -> str:
    """The approval with the most time left: pictures of it take a while."""
    return subject.first("lee", "/approvals/?state=open", "ol:first-of-type li:last-child a.approval-item", "/approvals/")


def the_case(subject: Subject) -> str:
    """The case with the most to see: the one that this approval is about."""
    approval = the_approval(subject)
    return subject.first("lee", approval, ".approval-head a.number") if approval else subject.first("lee", "/queue/", "a.row-title")


PLACES: dict[str, tuple[str | None, Any]] = {
    "queue": ("lee", "/queue/"),
    "queue-empty": ("lee", "/queue/?q=nothing-like-it"),
    "case": ("lee", the_case),
    "case-new": ("ana", "/cases/new/"),
    "case-close": ("lee", lambda s: the_case(s) + "close/"),
    "case-release": ("lee", lambda s: the_case(s) + "release/"),
    "search": ("ana", lambda s: f"/search/?q={the_case(s).rstrip('/')[-6:]}"),
    "approval": ("lee", the_approval),
    "run": ("lee", lambda s: s.first("lee", the_case(s), ".run-section a[href^='/runs/']")),
    "playbooks": ("lee", "/playbooks/"),
    "playbook": ("lee", "/playbooks/malware-on-a-host/"),
    "home": ("nia", "/home/"),
    "own-agency": ("nia", "/agency/"),
    "released": ("nia", lambda s: s.first("nia", "/home/", "main a.number")),
    "scorecard": ("nia", lambda s: s.first("nia", "/home/", "main a[href^='/scorecards/']")),
    "standings": ("lee", "/standings/?measure=time_to_contain"),
    "agencies": ("ada", "/agencies/"),
    "agency": ("ada", lambda s: s.first("ada", "/agencies/?state=live", "td.name a")),
    "agency-new": ("ada", "/agencies/new/"),
    "people": ("ada", "/people/"),
    "person": ("ada", lambda s: s.first("ada", "/people/", "td.name a")),
    "dead-letters": ("lee", "/dead-letters/"),
    "dead-letter": ("lee", lambda s: s.first("lee", "/dead-letters/", "main td a.button")),
    "parked": ("lee", "/parked/"),
    "suppressions": ("lee", "/suppressions/"),
    "sources": ("ana", "/sources/"),
    "law": ("aud", "/law/"),
    "instrument": ("aud", "/law/m-25-04/"),
    "queues": ("lee", "/queues/"),
    "account": ("ana", "/account/"),
    "second-factor": ("ana", "/accounts/2fa/"),
    "not-found": ("ana", "/nowhere/"),
    "sign-in": (None, "/accounts/login/"),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_picture_of(name: str, subject: Subject) -> None:
    who, place = PLACES[name]
    path = place(subject) if callable(place) else place
    if not path:
        pytest.skip(f"this floor has nothing to show as {name}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    window = subject.window(who)
    page = window.page
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        window.open(path)
        if page.locator("[data-live]").count() and page.locator("body").get_attribute("data-topics"):
            page.locator("[data-live][data-state=live]").wait_for(state="attached")
        page.evaluate("document.fonts.ready")
        # The window grows to the page's length, so that what sticks to its edges stands where it belongs.
        tall = min(LONGEST, max(size["height"], page.evaluate("document.documentElement.scrollHeight")))
        page.set_viewport_size({"width": size["width"], "height": tall})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.wait_for_timeout(80)
            page.screenshot(path=PICTURES / f"{name}-{size['width']}-{theme}.png")


def test_the_pictures_of_the_readme_are_there() -> None:
    assert all((PICTURES / f"{name}-1440-light.png").exists() for name in ("queue", "case"))
