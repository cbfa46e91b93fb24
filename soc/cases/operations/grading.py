"""What a case is: its title and summary, how bad it is, and whether an incident is declared."""

from typing import Any

from django.db import transaction

from soc.cases.errors import AlreadyDeclared, CaseIsClosed
from soc.cases.events import IncidentDeclared, SeverityChanged, TitleChanged
from soc.cases.models import Case
from soc.cases.operations.changing import Version, settle, take
from soc.cases.operations.inputs import MOST_NOTE, MOST_REASON, MOST_TITLE, choice_of, text_of
from soc.cases.policies import may_change_severity, may_declare, may_edit
from soc.cases.states import CaseState, IncidentKind, Severity
from soc.clocks.operations.running import start_clock, tighten
from tenants.actors import Actor
from tenants.errors import Invalid, require


@transaction.atomic
def edit(*, number: str, version: Version, by: Actor, title: Any = None, summary: Any = None) -> Case:
    """Change the title, the summary, or both; None leaves as it is, an empty summary clears it.

    Raises CaseIsClosed, Invalid (`title`, `summary`), and what `take` raises: two editors never lose a word.
    """
    case = take(number, allowed=may_edit, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    if title is None and summary is None:
        raise Invalid("There is nothing to change.", field="title", cure="Send a title, a summary, or both.")
    changed = []
    if title is not None:
        case.title = text_of(title, field="title", most=MOST_TITLE)
        changed.append("title")
    if summary is not None:
        case.summary = "" if summary == "" else text_of(summary, field="summary", most=MOST_NOTE)
        changed.append("summary")
    event = TitleChanged(case_id=case.pk, number=case.number, title=case.title)
    return settle(case, event, f"Edited the {' and the '.join(changed)}", by=by, at=by.now())


@transaction.atomic
def change_severity(*, number: str, version: Version, severity: Any, reason: Any, by: Actor) -> Case:
    """Grade the case anew, with a reason. Raised: clocks end earlier. Lowered: they stay as they are.

    Raises CaseIsClosed, Invalid (`severity`: unknown or unchanged; `reason`), and what `take` raises.
    """
    case = take(number, allowed=may_change_severity, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    after = choice_of(severity, Severity, field="severity")
    before = Severity(case.severity)
    if after is before:
        raise Invalid(f"The severity is {before.value} already.", field="severity", cure="Send another severity.")
    reason = text_of(reason, field="reason", most=MOST_REASON)
    at = by.now()
    case.severity, case.severity_rank = after, after.rank
    tighten(agency_id=case.agency_id, subject=case.subject, severity=after.value, at=at, by=by)
    event = SeverityChanged(case_id=case.pk, number=case.number, before=before.value, after=after.value, reason=reason)
    moved = "Raised" if after.rank > before.rank else "Lowered"
    return settle(case, event, f"{moved} the severity from {before.value} to {after.value}: {reason}", by=by, at=at)


@transaction.atomic
def declare(*, number: str, version: Version, kind: Any, reason: Any, by: Actor) -> Case:
    """Declare an incident or a major incident, which starts the one-hour report to CISA; major may follow incident.

    Raises CaseIsClosed, AlreadyDeclared, Invalid (`kind`, `reason`), and what `take` raises.
    """
    case = take(number, allowed=may_declare, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    require(case.incident != IncidentKind.MAJOR_INCIDENT, AlreadyDeclared(cure="A major incident is the highest level."))
    declared = choice_of(kind, IncidentKind, field="kind")
    require(case.incident != declared, AlreadyDeclared(cure="Declare a major incident, or leave it."))
    reason = text_of(reason, field="reason", most=MOST_REASON)
    at = by.now()
    case.incident = declared
    if case.declared_at is None:
        case.declared_at = at
        start_clock(agency_id=case.agency_id, subject=case.subject, kind="report_to_cisa", at=at, by=by)
    event = IncidentDeclared(case_id=case.pk, number=case.number, kind=declared.value, reason=reason, at=at)
    article = "an incident" if declared is IncidentKind.INCIDENT else "a major incident"
    return settle(case, event, f"Declared {article}: {reason}", by=by, at=at)
