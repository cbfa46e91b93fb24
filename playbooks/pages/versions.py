"""Pages on which books come in, leave, and stand beside their earlier versions."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from playbooks.definition.exchange import is_yaml
from playbooks.operations.publishing import import_book
from playbooks.queries.versions import book_file, findings_in, versions_of
from tenants.errors import Invalid, Unknown, require
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

TYPES = {"json": "application/json; charset=utf-8", "yaml": "application/yaml; charset=utf-8"}
# A longer file is not shown again with its findings.
MOST_SHOWN = 500_000


class ImportPage(Page):
    """`/playbooks/import/`: a CACAO playbook, pasted or as a file, is checked with every finding shown, or published."""

    roles = frozenset({"admin"})

    def get(self, request: Any) -> Any:
        return self._page(self.error.extra.get("findings") if self.error else None)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.POST.get("way") != "check":
            return super().post(request, *args, **kwargs)
        raw, yaml = self._given()
        return self._page(findings_in(raw, yaml=yaml, lenient=bool(request.POST.get("lenient"))), checked=True)

    def act(self, data: Any) -> str:
        raw, yaml = self._given()
        made = import_book(raw=raw, yaml=yaml, lenient=bool(data.get("lenient")), by=self.actor)
        what = "is published" if made.new else "has this content already; nothing was written"
        self.done = f"Version {made.version.number} of “{made.version.book.name}” {what}."
        return f"{reverse('playbook-versions', args=[made.version.book.slug])}?{urlencode({'version': made.version.number})}"

    def _given(self) -> tuple[bytes, bool]:
        """What was sent, and whether it is read as YAML. Raises Invalid when it is nothing."""
        raw, name = self._sent()
        require(bool(raw.strip()), Invalid("There is no playbook yet.", field="document", cure="Choose a file or paste the playbook."))
        return raw, is_yaml(name, raw)

    def _sent(self) -> tuple[bytes, str]:
        file = self.request.FILES.get("file")
        if file is None:
            return self.request.POST.get("document", "").encode(), ""
        file.seek(0)
        return file.read(), str(file.name)

    def _page(self, findings: Any, *, checked: bool = False) -> Any:
        raw, _ = self._sent()
        text = raw.decode(errors="replace") if len(raw) <= MOST_SHOWN else ""
        return self.page("playbooks/import.html", findings=findings, checked=checked, text=text)


class VersionsPage(Page):
    """`/playbooks/<slug>/versions/`: who published which content when, its findings, and what changed from another version."""

    roles = READERS | {"admin"}

    def get(self, request: Any, book: str) -> Any:
        seen = versions_of(book, _number(request.GET.get("version")), _number(request.GET.get("against")))
        return self.page("playbooks/versions.html", at=self.actor.now(), book=seen)


class ExportPage(Page):
    """`/playbooks/<slug>/export/`: a version as a file, JSON or YAML."""

    roles = READERS | {"admin"}

    def get(self, request: Any, book: str) -> Any:
        kind = request.GET.get("kind", "json")
        file = book_file(book, form=kind, version=request.GET.get("version", ""))
        answer = HttpResponse(file.text, content_type=TYPES[kind])
        answer["Content-Disposition"] = f'attachment; filename="{"simulated-" if settings.SIMULATED else ""}{file.name}"'
        return answer


def _number(text: str | None) -> int | None:
    if not text:
        return None
    require(text.isdecimal() and len(text) < 10, Unknown())
    return int(text)
