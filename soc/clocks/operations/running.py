"""Starting, stopping, pausing and tightening the clocks of a subject; every change is a line of its ledger."""

from datetime import datetime, timedelta

from django.db import transaction

from soc.clocks.models import Clock, Rule
from soc.clocks.operations.breaching import breach_if_due
from soc.clocks.operations.ledger import append, begin
from soc.clocks.queries.rules import rule_for, rules_for
from soc.clocks.reckoning import EntryKind
from soc.clocks.terms import Term
from tenants.actors import Actor

ACKNOWLEDGE, CONTAIN, REPORT = "acknowledge", "contain", "report_to_cisa"
RESPONSE = (ACKNOWLEDGE, CONTAIN)


def start_response_clocks(*, agency_id: int, subject: str, severity: str, at: datetime, by: Actor) -> None:
    """Start `acknowledge` and `contain` for a severity. Those that run already are left as they are."""
    _start(agency_id, subject, RESPONSE, severity, at, by, None)


def start_clock(
    *, agency_id: int, subject: str, kind: str, at: datetime, by: Actor, limit: timedelta | None = None, severity: str = ""
) -> None:
    """Start one clock by the rule of its kind; `limit` shortens or lengthens that rule's term. No-op when it was started before."""
    _start(agency_id, subject, (kind,), severity, at, by, limit)


def stop_clock(*, agency_id: int, subject: str, kind: str, at: datetime, evidence: str, by: Actor) -> None:
    """Stop a clock by its own event, with what proves it. No-op when it does not run. Two to five statements."""
    with transaction.atomic():
        clock = _locked(agency_id, subject, kind)
        if clock is None or not clock.reckoning.is_open:
            return
        # A claimed time before the start proves nothing about this clock.
        at = _not_before(at, clock.started_at)
        breach_if_due(clock, at=at, by=by)
        append(clock, EntryKind.STOPPED, at=at, by=by, reason=evidence)


def pause_clock(*, agency_id: int, subject: str, kind: str, at: datetime, reason: str, by: Actor) -> None:
    """Pause a clock whose rule allows it, with a reason. No-op when it does not run or its rule knows no pause."""
    with transaction.atomic():
        clock = _locked(agency_id, subject, kind)
        if clock is None or not clock.reckoning.runs or not clock.may_pause:
            return
        breach_if_due(clock, at=at, by=by)
        append(clock, EntryKind.PAUSED, at=_not_before(at, clock.started_at), by=by, reason=reason)


def resume_clock(*, agency_id: int, subject: str, kind: str, at: datetime, by: Actor, reason: str = "") -> None:
    """Let a paused clock run again; its due time moves by the time paused. No-op when it is not paused."""
    with transaction.atomic():
        clock = _locked(agency_id, subject, kind)
        if clock is None or clock.paused_at is None or clock.stopped_at is not None:
            return
        append(clock, EntryKind.RESUMED, at=_not_before(at, clock.paused_at), by=by, reason=reason)


def close_clocks(*, agency_id: int, subject: str, at: datetime, by: Actor) -> None:
    """Stop what still runs because its subject was closed."""
    with transaction.atomic():
        for clock in _all_locked(agency_id, subject):
            if clock.reckoning.is_open:
                at_or_after = _not_before(at, clock.started_at)
                breach_if_due(clock, at=at_or_after, by=by)
                append(clock, EntryKind.CLOSED, at=at_or_after, by=by)


def reopen_clocks(*, agency_id: int, subject: str, at: datetime, by: Actor) -> None:
    """Make exactly those run again that closing had stopped, with their old due time: the time closed counts."""
    with transaction.atomic():
        for clock in _all_locked(agency_id, subject):
            if clock.stopped_by_closing:
                append(clock, EntryKind.REOPENED, at=_not_before(at, clock.stopped_at), by=by)
                breach_if_due(clock, at=at, by=by)


def tighten(*, agency_id: int, subject: str, severity: str, at: datetime, by: Actor) -> None:
    """The severity changed: a higher one makes open response clocks due earlier, a lower one changes nothing.

    Downgrades after the start count at the higher severity (federal.md 3, anti-gaming).
    """
    with transaction.atomic():
        for clock in _all_locked(agency_id, subject):
            if clock.kind not in RESPONSE or not clock.reckoning.is_open:
                continue
            term = rule_for(clock.kind, severity).term
            if (
                term is None
                or clock.started_at is None
                or clock.due_at is None
                or term.due_at(clock.started_at) + clock.paused_for >= clock.due_at
            ):
                continue
            append(clock, EntryKind.TIGHTENED, at=_not_before(at, clock.started_at), by=by, term=term, severity=severity)
            breach_if_due(clock, at=at, by=by)


def _start(agency_id: int, subject: str, kinds: tuple[str, ...], severity: str, at: datetime, by: Actor, limit: timedelta | None) -> None:
    rules = rules_for(kinds, severity)
    with transaction.atomic():
        held = set(Clock.objects.filter(agency_id=agency_id, subject=subject, kind__in=kinds).values_list("kind", flat=True))
        new = [Clock(agency_id=agency_id, subject=subject, kind=kind, rule=rules[kind]) for kind in kinds if kind not in held]
        begin([(clock, _term_for(clock.rule, limit)) for clock in new], at=at, by=by, severity=severity)


def _term_for(rule: Rule, limit: timedelta | None) -> Term | None:
    return rule.term if limit is None else Term(duration=limit, may_pause=rule.may_pause)


def _locked(agency_id: int, subject: str, kind: str) -> Clock | None:
    found: Clock | None = Clock.objects.select_for_update().filter(agency_id=agency_id, subject=subject, kind=kind).first()
    return found


def _all_locked(agency_id: int, subject: str) -> list[Clock]:
    return list(Clock.objects.select_for_update().filter(agency_id=agency_id, subject=subject).order_by("id"))


def _not_before(at: datetime, earliest: datetime | None) -> datetime:
    return at if earliest is None else max(at, earliest)
