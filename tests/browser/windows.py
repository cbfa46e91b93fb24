"""Windows of the browser: one per person, watched for errors of scripts and of the content security policy."""

from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parents[2] / "var" / "assets" / "axe.min.js"
SAY_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`));
"""


class Window:
    """One person's window with what went wrong in it."""

    def __init__(self, browser: Browser, address: str, session: str | None = None, **options: Any) -> None:
        self.address = address
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=address, viewport=WIDE, reduced_motion="reduce", locale="en-US", timezone_id="UTC", **options
        )
        self.context.set_default_timeout(20_000)
        if session is not None:
            self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        if options.get("java_script_enabled", True):
            self.context.add_init_script(SAY_VIOLATIONS)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that answers with 404 or 422 on purpose is written to the console too; its status is looked at elsewhere.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")
        elif message.type == "error" and "/static/" in str(message.location.get("url", "")):
            self.faults.append(f"console: {message.text} {message.location.get('url')}")

    def open(self, path: str) -> int:
        """Go to an address; gives the status of what is shown in the end."""
        answer = self.page.goto(path, wait_until="load")
        return answer.status if answer is not None else 0

    def text(self, selector: str = "main") -> str:
        """The words that are shown, with single spaces."""
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def wait_for_text(self, words: str, selector: str = "body", seconds: float = 20) -> None:
        """Wait until a part of the page says something."""
        self.page.locator(selector).filter(has_text=words).first.wait_for(timeout=seconds * 1000)

    def tab_to(self, selector: str, most: int = 80) -> None:
        """Press Tab until the focus stands on what is meant."""
        for _ in range(most):
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {selector}; the focus is on {self.focus()}")

    def focus(self) -> str:
        """What has the focus, for a failure's words."""
        return str(self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))

    def press(self, key: str) -> None:
        """Press a key and let a navigation that it starts come to its end."""
        self.page.keyboard.press(key)

    def press_and_go(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press(key)

    def close(self) -> None:
        """Close it with everything in it."""
        self.context.close()
