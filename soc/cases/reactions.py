"""What cases hear: a new case starts its playbook, and what playbooks, votes and clocks do is told on the timeline."""

from typing import Any

from playbooks.events import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalLapsesSoon,
    GlassBroken,
    GlassReviewed,
    RunCovers,
    RunEnded,
    RunMoved,
    RunStarted,
    StartRefused,
    StepEnded,
    UndoBegan,
    UndoEnded,
    UndoPutOff,
    UndoRegistered,
    VoteGiven,
)
from playbooks.operations.starting import start_matching_runs
from soc.cases.events import AlertJoined, CaseOpened, SeverityChanged
from soc.cases.operations.telling import write_line
from soc.cases.queries.facts import facts_of
from soc.cases.states import Origin
from soc.clocks.events import ClockLate
from soc.clocks.queries.clocks import LABELS
from tenants.actors import system
from tenants.journal.subscribing import reacts_to

# How each outcome reads: what was not done says so as plainly as what was.
DECIDED = {
    "approved": "Approved: {action}",
    "denied": "Denied, so it is not done: {action}",
    "lapsed": "Nobody decided in time, the approval lapsed, so it is not done: {action}",
    "void": "The action changed, its approval is void, so it is not done: {action}",
}
VERDICTS = {"justified": "justified", "not_justified": "not justified"}
# What an agency is told at once, whatever it had agreed to before.
TOLD_TO_THE_AGENCY = (GlassBroken, GlassReviewed)
UNDONE = {"done": "Taken back", "failed": "Could not be taken back", "in_doubt": "It is not known whether it was taken back"}
ENDED = {
    "done": "The playbook ended",
    "failed": "The playbook failed",
    "stopped": "The playbook was stopped",
    "cancelled": "The playbook was cancelled",
}


@reacts_to(CaseOpened, AlertJoined, SeverityChanged)
def start_the_matching_playbook(event: Any, entry: Any) -> None:
    """Start what the trigger rules want for the case as it is now: a host may come with a later alert. A rule starts once for a case."""
    facts = facts_of(event.case_id)
    if facts is not None:
        by = system("trigger", agency_id=entry.agency_id)
        start_matching_runs(agency_id=entry.agency_id, subject=entry.subject, facts=facts, by=by)


@reacts_to(
    StartRefused,
    RunCovers,
    RunStarted,
    RunMoved,
    StepEnded,
    ApprovalAsked,
    VoteGiven,
    ApprovalLapsesSoon,
    ApprovalDecided,
    UndoRegistered,
    UndoBegan,
    UndoEnded,
    UndoPutOff,
    RunEnded,
    GlassBroken,
    GlassReviewed,
)
def tell_what_the_playbook_does(event: Any, entry: Any) -> None:
    """A line for what a reader of the case must know; steps that went well stand on the run's own page."""
    text = told(event)
    if text is None:
        return
    by_person = entry.actor.startswith("person:")
    write_line(
        subject=event.about,
        text=text,
        origin=Origin.PERSON if by_person else Origin.AUTOMATION,
        label=entry.actor_label or "Playbook",
        at=entry.at,
        by=system("timeline", agency_id=entry.agency_id),
        released=isinstance(event, TOLD_TO_THE_AGENCY),
        entry_id=entry.id,
    )


@reacts_to(ClockLate)
def tell_that_a_clock_is_late(event: ClockLate, entry: Any) -> None:
    """A missed due time stands on the case, once."""
    write_line(
        subject=event.about,
        text=f"{LABELS.get(event.kind, event.kind)}: the time ran out, this is late",
        origin=Origin.AUTOMATION,
        label="Clock",
        at=entry.at,
        happened_at=event.due_at,
        by=system("timeline", agency_id=entry.agency_id),
        entry_id=entry.id,
    )


def told(event: Any) -> str | None:
    """What an event of the playbooks says on the timeline, or None."""
    match event:
        case RunStarted():
            return f"Playbook started: {event.book}. {event.why}".strip()
        case RunMoved():
            return with_reason(f"Playbook moved from version {event.number_before} to version {event.number}: {event.book}", event.reason)
        case RunCovers():
            return f"Playbook not started again: {event.book}. {event.why}"
        case StartRefused():
            return with_reason(f"Playbook not started: {event.book}", event.reason)
        case StepEnded(outcome="failed" | "unknown"):
            return with_reason(
                f"Step {'failed' if event.outcome == 'failed' else 'ended without a known result'}: {event.name}", event.detail
            )
        case ApprovalAsked():
            return f"Asked for approval: {event.action}. Lapses at {event.expires_at:%H:%M} UTC"
        case VoteGiven():
            return with_reason(f"{event.voter} voted to {event.vote}", event.reason)
        case ApprovalLapsesSoon():
            return f"The approval lapses at {event.expires_at:%H:%M} UTC, the watch lead is told: {event.action}"
        case ApprovalDecided():
            return with_reason(DECIDED.get(event.outcome, event.outcome + ": {action}").format(action=event.action), event.reason)
        case GlassBroken():
            due = f"To be reviewed by {event.review_due_at:%d %b %H:%M} UTC"
            return with_reason(f"GLASS BROKEN by {event.broken_by}, without {event.missing}: {event.action}", f"{event.reason}. {due}")
        case GlassReviewed():
            return with_reason(f"Broken glass reviewed by {event.reviewed_by}, {VERDICTS[event.verdict]}: {event.action}", event.note)
        case UndoRegistered():
            return f"Can be undone: {event.text}"
        case UndoBegan():
            return with_reason(f"What {event.book} did is being taken back: {'; '.join(event.texts)}", event.why)
        case UndoEnded():
            return with_reason(f"{UNDONE[event.outcome]}: {event.text}", event.detail if event.outcome != "done" else "")
        case UndoPutOff():
            return with_reason(f"Lasts until {event.until:%d %b %Y %H:%M} UTC: {event.text}", event.reason)
        case RunEnded():
            return with_reason(ENDED.get(event.outcome, f"The playbook ended: {event.outcome}"), event.detail)
    return None


def with_reason(text: str, reason: str) -> str:
    """A line, and its reason where there is one."""
    return f"{text}. {reason}" if reason else text
