"""An admin imports a playbook in the browser: every finding, the first version, the second, and what changed between them."""

import json
from collections.abc import Callable
from typing import Any

from tests.browser.test_every_page import COLORS, EVERYTHING, RUN_AXE
from tests.browser.windows import AXE, PHONE, WIDE, Window
from tests.playbooks.books import END, START, book, manual


def document(text: str, modified: str, **more: Any) -> str:
    made = book({"start": START, "first": manual(text, on_completion="end"), "end": END}, start="start", name="Imported by hand")
    return json.dumps({**made, "created": "2024-01-01T00:00:00.000Z", "modified": modified, **more}, indent=2)


def faults(window: Window) -> list[str]:
    """What axe says of the page in both themes and two widths, and whether it scrolls sideways."""
    page, found = window.page, []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size, scheme, options in ((WIDE, "light", EVERYTHING), (WIDE, "dark", COLORS), (PHONE, "light", EVERYTHING)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found += [f"{size['width']} {scheme}: {one}" for one in page.evaluate(RUN_AXE, options)]
    page.set_viewport_size({"width": 320, "height": 640})
    found += [] if page.evaluate("document.scrollingElement.scrollWidth") <= 320 else ["scrolls sideways at 320"]
    page.set_viewport_size(WIDE)
    return found + window.faults


def test_from_findings_to_two_versions_and_what_changed(window: Callable[..., Window]) -> None:
    ada = window("ada")
    page = ada.page
    ada.open("/playbooks/")
    page.get_by_role("link", name="Import a playbook").click()

    page.get_by_label("Or paste it").fill(document("Look", "2026-01-01T00:00:00.000Z", type="recipe", timeout=-1))
    page.get_by_role("button", name="Check only").click()
    table = page.get_by_role("table", name="Findings, in the order of the check")
    assert table.get_by_text("/type", exact=True).is_visible()
    assert "recipe" in page.get_by_label("Or paste it").input_value()
    assert faults(ada) == []

    for text, modified in (("Look", "2026-01-01T00:00:00.000Z"), ("Look twice", "2026-07-01T00:00:00.000Z")):
        ada.open("/playbooks/import/")
        page.get_by_label("Or paste it").fill(document(text, modified))
        page.get_by_role("button", name="Publish").click()
        page.wait_for_url("**/playbooks/imported-by-hand/versions/**")
    assert page.get_by_role("heading", name="What changed from version 1 to version 2").is_visible()
    assert page.locator("ins", has_text="Look twice").count() == 2
    assert faults(ada) == []

    with page.expect_download() as download:
        page.get_by_role("link", name="Export as YAML").click()
    assert download.value.suggested_filename.endswith("imported-by-hand-v2.yaml")
