"""An admin in the browser: a new agency, a new person, a key that is shown once, and an access that ends at once."""

import re
from collections.abc import Callable

import httpx

from tests.browser.floor import Floor
from tests.browser.windows import Window
from tests.cast import PASSWORD


def press(window: Window, opener: str, button: str | None = None) -> None:
    """Open what asks first, and press the button that it then shows."""
    window.page.locator("summary", has_text=re.compile(f"^\\s*{opener}\\s*$")).first.click()
    panel = window.page.locator("details.ask[open]").first
    panel.get_by_role("button", name=button or opener).click()


def test_from_a_new_agency_to_an_access_that_ended(floor: Floor, window: Callable[..., Window]) -> None:
    ada = window("ada")
    page = ada.page

    # An agency is registered, and moves along its way.
    ada.open("/agencies/")
    page.get_by_role("link", name="Add an agency").click()
    page.locator("#id_name").fill("Board of Eastern Harbors")
    page.locator("#id_acronym").fill("EAST")
    page.locator("#id_slug").fill("east")
    page.get_by_role("button", name="Add the agency").click()
    page.wait_for_url("**/agencies/east/")
    way = page.locator("ol.way [aria-current=step]")
    assert "prospective" in way.inner_text().lower()
    for expected in ("onboarding", "parallel", "live"):
        if expected in way.inner_text().lower():
            continue
        page.locator(".head details.ask > summary").first.click()
        with page.expect_navigation(wait_until="load"):
            page.locator(".head details.ask[open] button[type=submit]").click()
        if "live" in way.inner_text().lower():
            break
    assert "live" in way.inner_text().lower()

    # A sensor key is shown once; with it the agency's sensor may post.
    page.locator("form[action$='/agencies/east/keys/'] input[name=name]").fill("edr")
    page.locator("form[action$='/agencies/east/keys/'] button").click()
    secret = page.locator("#secret").inner_text().strip()
    alert = {"title": "First alert", "severity": "low", "rule": "first"}
    answer = httpx.post(
        f"{floor.address}/api/v1/alerts", json=alert, headers={"Authorization": f"Bearer {secret}"}, timeout=30, trust_env=False
    )
    assert answer.status_code == 202
    ada.open("/agencies/east/")
    assert secret not in page.content()

    # A person is added, and made the liaison of the agency.
    ada.open("/people/")
    page.locator("summary", has_text="Add a person").click()
    page.locator("#id_name").fill("Hal Bridger")
    page.locator("#id_email").fill("hal@watchfloor.example")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Add the person").click()
    page.wait_for_url(re.compile("/people/[0-9a-f-]{36}/"))
    page.locator("#id_role").select_option("liaison")
    page.locator("#id_agency").select_option("east")
    page.get_by_role("button", name="Grant the role").click()
    ada.wait_for_text("The role is granted.")

    # They sign in and see their agency.
    hal = window(None)
    hal.open("/home/")
    hal.page.locator("#id_login").fill("hal@watchfloor.example")
    hal.page.locator("#id_password").fill(PASSWORD)
    hal.page.get_by_role("button", name="Sign in", exact=True).click()
    hal.page.wait_for_url("**/home/")
    assert "EAST" in hal.text(".bar")
    assert hal.open("/agency/") == 200

    # Deactivated, their open session ends at once: the bell hears of it, and the page goes to the sign-in by itself.
    press(ada, "Deactivate", "Deactivate Hal Bridger")
    ada.wait_for_text("The person is deactivated")
    hal.page.wait_for_url("**/accounts/login/**", timeout=90_000)
    hal.page.locator("#id_login").fill("hal@watchfloor.example")
    hal.page.locator("#id_password").fill(PASSWORD)
    with hal.page.expect_navigation(wait_until="load"):
        hal.page.get_by_role("button", name="Sign in", exact=True).click()
    hal.open("/home/")
    assert "/accounts/login/" in hal.page.url, "and they cannot sign in again"
