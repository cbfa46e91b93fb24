"""Which verbs a page offers for a case: those that its reader may do and that fit its state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from soc.cases import policies
from soc.cases.operations.claiming import assign, begin_investigation, claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import change_severity, declare, edit
from soc.cases.operations.noting import add_task, finish_task, note
from soc.cases.operations.releasing import release
from soc.cases.operations.suppressing import suppress
from soc.cases.queries.case import CaseView
from soc.cases.states import CaseState, IncidentKind
from tenants.actors import Actor


@dataclass(frozen=True)
class Verb:
    """One verb as a form: what it calls, which fields it sends, how its button and its outcome read."""

    name: str
    operation: Callable[..., Any]
    fields: tuple[str, ...]
    label: str
    done: str
    allowed: Callable[[Actor, Any], bool]
    fits: Callable[[CaseView], bool]


def _open(case: CaseView) -> bool:
    return case.is_open


def _always(case: CaseView) -> bool:
    return True


def _from_alerts(case: CaseView) -> bool:
    return bool(case.rule) and not case.by_hand


def _may_be_worse(case: CaseView) -> bool:
    return case.is_open and case.incident != IncidentKind.MAJOR_INCIDENT


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("claim", claim, (), "Take", "You own this case now.", policies.may_claim, lambda c: c.is_open and c.owner is None),
        Verb("assign", assign, ("owner",), "Assign", "The owner is changed.", policies.may_assign, _open),
        Verb(
            "investigate",
            begin_investigation,
            (),
            "Start investigating",
            "The investigation has begun.",
            policies.may_begin_investigation,
            lambda c: c.state in (CaseState.NEW, CaseState.TRIAGE),
        ),
        Verb("edit", edit, ("title", "summary"), "Save", "Title and summary are saved.", policies.may_edit, _open),
        Verb("note", note, ("text", "visibility"), "Add note", "The note is on the timeline.", policies.may_note, _always),
        Verb(
            "severity",
            change_severity,
            ("severity", "reason"),
            "Change severity",
            "The severity is changed.",
            policies.may_change_severity,
            _open,
        ),
        Verb(
            "contain",
            contain,
            ("reason", "at"),
            "Mark contained",
            "The case is contained.",
            policies.may_contain,
            lambda c: c.is_open and not c.contained_at,
        ),
        Verb(
            "recover",
            recover,
            ("reason", "at"),
            "Mark recovered",
            "The case has recovered.",
            policies.may_recover,
            lambda c: c.is_open and not c.recovered_at,
        ),
        Verb("release", release, ("items",), "Release", "The agency sees the released rows now.", policies.may_release, _always),
        Verb("task", add_task, ("title",), "Add task", "The task is added.", policies.may_add_task, _open),
        Verb("task_done", finish_task, ("task",), "Done", "The task is done.", policies.may_finish_task, _open),
        Verb(
            "suppress",
            suppress,
            ("until", "reason"),
            "Suppress",
            "Alerts like these are counted and open no case until then.",
            policies.may_suppress,
            _from_alerts,
        ),
        Verb(
            "declare",
            declare,
            ("kind", "reason"),
            "Declare",
            "The incident is declared; the report to CISA is due within the hour.",
            policies.may_declare,
            _may_be_worse,
        ),
        Verb("close", close, ("disposition", "reason"), "Close the case", "The case is closed.", policies.may_close, _open),
        Verb("reopen", reopen, ("reason",), "Reopen", "The case is open again.", policies.may_reopen, lambda c: not c.is_open),
    )
}
NEXT = {
    CaseState.NEW: "investigate",
    CaseState.TRIAGE: "investigate",
    CaseState.INVESTIGATING: "contain",
    CaseState.CONTAINED: "recover",
    CaseState.RECOVERED: "close",
    CaseState.CLOSED: "reopen",
}


@dataclass(frozen=True)
class Offers:
    """Names of the verbs that fit, and the one that comes next: the pane's only filled button."""

    names: frozenset[str]
    first: str

    def __contains__(self, name: str) -> bool:
        return name in self.names


def offers(actor: Actor, case: CaseView) -> Offers:
    """What `actor` may do with the case as it is now. No query."""
    names = frozenset(verb.name for verb in VERBS.values() if verb.allowed(actor, case) and verb.fits(case))
    following = "claim" if "claim" in names else NEXT[CaseState(case.state)]
    return Offers(names, following if following in names else "")
