"""One case as a page, and the forms that change it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from soc.cases.pages.offers import VERBS, Verb, offers
from soc.cases.queries.case import CaseView, case_of
from soc.cases.queries.owners import owners_for
from soc.cases.queries.queue import next_clock
from soc.cases.queries.runs import runs_beside
from soc.cases.queries.subjects import subject_of
from soc.cases.queries.timeline import ORDERS, changes_since, timeline_of
from soc.cases.states import CaseState, Disposition, IncidentKind, Severity
from tenants.errors import Invalid, Stale, Unknown, VersionRequired, require
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

CASE_READERS = READERS | {"liaison"}
MOST_OBSERVABLES = 8
MORE = ("declare", "contain", "recover", "suppress")  # verbs that stand behind one button
SUPPRESS_FOR = ((1, "For a day"), (7, "For 7 days"), (30, "For 30 days"), (90, "For 90 days"))
# What a verb's fields are called where a person reads them back.
SAID = {"reason": "Reason", "text": "Note", "title": "Title", "summary": "Summary", "at": "When", "owner": "Owner", "severity": "Severity",
        "kind": "Declared", "disposition": "What it was", "until": "Until"}  # fmt: skip


class CasePage(Page):
    """`/cases/<number>/`: one case, in full or as released."""

    roles = CASE_READERS
    verb: Verb | None = None  # whose form was refused

    def get(self, request: Any, number: str, **of_the_verb: Any) -> Any:
        at = self.actor.now()
        case = case_of(number, self.actor, at)
        asked = {name: request.GET.get(name, "") for name in ("order", "who", "lines", "after", "observables")}
        offered = offers(self.actor, case)
        everything = asked["lines"] == "all"
        return self.page(
            "cases/case.html",
            at=at,
            case=case,
            asked=asked,
            offers=offered,
            verbs=VERBS,
            first_verb=VERBS.get(offered.first),
            more={name: VERBS[name] for name in MORE if name in offered and name != offered.first},
            next_clock=next_clock(case.clocks),
            stage_index=list(CaseState.values).index(case.state),
            timeline=timeline_of(case, at=at, order=asked["order"], origin=asked["who"], everything=everything, after=asked["after"]),
            orders=ORDERS,
            observables=case.observables if asked["observables"] == "all" else case.observables[:MOST_OBSERVABLES],
            more_observables=0 if asked["observables"] == "all" else max(0, len(case.observables) - MOST_OBSERVABLES),
            tasks_done=sum(task.done_at is not None for task in case.tasks),
            runs=runs_beside(case, self.actor, at),
            owners=tuple(owners_for(case.agency_id)) if "assign" in offered else (),
            severities=tuple(reversed(Severity.choices)),
            kinds=[(kind.value, kind.label) for kind in IncidentKind if kind.value and kind.value != case.incident],
            untils=[((at + timedelta(days=days)).isoformat(), label) for days, label in SUPPRESS_FOR],
            dispositions=Disposition.choices,
            topics=f"case.{case.number}",
            here=request.get_full_path() if self.verb is None else reverse("case", args=[case.number]),
            **{"failed": self.verb.name if self.verb else "", **self.conflict(case)},
        )

    def conflict(self, case: CaseView) -> dict[str, Any]:
        """What a refused edit shows: what was typed, and what others did meanwhile."""
        if self.error is None or self.verb is None:
            return {}
        data = self.request.POST
        typed = [(SAID[name], " ".join(data.getlist(name))) for name in self.verb.fields if name in SAID and data.get(name)]
        in_conflict = self.error.status in (409, 428)
        changed = isinstance(self.error, Stale | VersionRequired)
        return {
            "verb": self.verb,
            "conflict": in_conflict,
            # What was typed stands once: in the conflict's own form, or in the form that was sent.
            "failed": "" if in_conflict else self.verb.name,
            "stale": changed,
            "typed_fields": typed,
            "changes": changes_since(case, _read_at(data.get("read_at", ""))) if changed else (),
            "before": data.get("was_summary", ""),
            "can_repeat": self.verb.name in offers(self.actor, case),
        }


class VerbPage(CasePage):
    """POST `/cases/<number>/<verb>/`: one verb, one operation; a refusal shows the case with what was typed."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.verb = VERBS.get(kwargs["verb"])
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: Any, number: str, **of_the_verb: Any) -> Any:
        require(self.verb is not None, Unknown())
        if self.error is None:
            require(subject_of(number, self.actor) is not None, Unknown())
            return HttpResponseRedirect(reverse("case", args=[number]))
        return super().get(request, number)

    def act(self, data: Any) -> str:
        if self.verb is None:
            raise Unknown()
        number = self.kwargs["number"]
        self.verb.operation(number=number, version=self.seen_version(), by=self.actor, **asked_of(self.verb, data))
        self.done = self.verb.done
        return self.onward(data, number)

    def seen_version(self) -> int | Invalid | None:
        """The version in the form; a malformed one is refused by the operation, in its turn."""
        try:
            return self.version()
        except Invalid as problem:
            return problem

    def onward(self, data: Any, number: str) -> str:
        """Where to go on: to where the form was, if that is on this site."""
        target = str(data.get("next", ""))
        if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
            return target
        return reverse("case", args=[number])


class ClosePage(VerbPage):
    """`/cases/<number>/close/`: what it turned out to be, and why."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, verb="close", **kwargs)

    def get(self, request: Any, number: str, **of_the_verb: Any) -> Any:
        at = self.actor.now()
        case = case_of(number, self.actor, at)
        if not self.actor.works_the_floor or (self.error is None and not case.is_open):
            return HttpResponseRedirect(reverse("case", args=[number]))
        tiles = [(value, *MEANT[value]) for value in Disposition.values]
        waiting = runs_beside(case, self.actor, at).waits
        return self.page("cases/close.html", at=at, case=case, tiles=tiles, waiting=waiting, **self.conflict(case))


class ReleasePage(VerbPage):
    """`/cases/<number>/release/`: choosing which rows the agency is shown."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, verb="release", **kwargs)

    def get(self, request: Any, number: str, **of_the_verb: Any) -> Any:
        at = self.actor.now()
        case = case_of(number, self.actor, at)
        if not self.actor.works_the_floor:
            return HttpResponseRedirect(reverse("case", args=[number]))
        notes = {note.created_at: note for note in case.notes}
        lines = []
        for line in case.timeline:
            note = notes.get(line.created_at)
            told = note is not None and note.text.startswith(line.text)
            # A note and its line are one thing to a reader: they are released together.
            refs = [line.ref, note.ref] if note is not None and told else [line.ref]
            if not line.released or (note is not None and told and not note.released):
                lines.append((" ".join(refs), line.text, line.created_at, None))
        groups = [
            ("Timeline and notes", lines),
            ("Observables", [(o.ref, "", o.created_at, o) for o in case.observables if not o.released]),
            ("Techniques", [(t.ref, t.technique, t.created_at, None) for t in case.techniques if not t.released]),
            ("Tasks", [(t.ref, t.title, t.created_at, None) for t in case.tasks if not t.released]),
        ]
        chosen = set(request.POST.getlist("items"))
        return self.page("cases/release.html", at=at, case=case, chosen=chosen, groups=[g for g in groups if g[1]], **self.conflict(case))


MEANT = {
    "true_positive": ("True positive", "It happened and did harm, or could"),
    "benign_positive": ("Benign positive", "It happened and was allowed"),
    "false_positive_rule": ("False positive, rule", "The rule was wrong"),
    "false_positive_data": ("False positive, data", "The sensor was wrong"),
    "undetermined": ("Undetermined", "Not enough is known to say"),
}


def asked_of(verb: Verb, data: Any) -> dict[str, Any]:
    """A form's fields as the operation takes them."""
    asked: dict[str, Any] = {name: data.get(name) for name in verb.fields}
    if "items" in asked:
        asked["items"] = [ref for chosen in data.getlist("items") for ref in chosen.split()]
    if "owner" in asked:
        asked["owner"] = data.get("owner") or None
    if asked.get("at"):
        # A browser's field of date and time knows no zone; the label says that it is UTC.
        asked["at"] = f"{data['at']}Z" if len(data["at"]) <= 19 and "Z" not in data["at"].upper() else data["at"]
    return asked


def _read_at(text: str) -> datetime:
    """Since when the form knows the case, from its hidden field; without it everything counts as new."""
    try:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
