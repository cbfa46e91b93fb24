"""Working off what was received: each alert is suppressed, joins its case, or opens one."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Length

from soc.cases.events import AlertJoined, AlertsArrived, SeverityChanged
from soc.cases.intake.entities import leading_entity
from soc.cases.intake.grouping import Grouping, decide, fingerprint
from soc.cases.intake.normal import NormalAlert
from soc.cases.intake.problems import Problem
from soc.cases.intake.recognising import normalise
from soc.cases.intake.splitting import Item, read_item
from soc.cases.models import Alert, Body, Case, Receipt, Suppression, TimelineEntry
from soc.cases.operations.changing import MOST_LINE, settle
from soc.cases.operations.gathering import Gathered, write_down
from soc.cases.operations.intake import INTAKE, PREFER_INDEXES, as_document, tell_of_deaths
from soc.cases.operations.opening import open_case
from soc.cases.states import CaseState, Origin, ReceiptState, Severity
from soc.clocks.operations.running import tighten
from tenants.actors import Actor
from tenants.journal.recording import record

logger = logging.getLogger(__name__)

BATCH = 50
MOST_BYTES = 8 * 1024 * 1024  # of bodies in a batch: fifty of the largest would not fit into a worker
# Long enough for people to mend what is wrong on our side before an alert that is in order counts as dead.
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (2, 15, 60, 600, 1800, 3600, 7200))

SETTLE = """
UPDATE cases_receipt r SET state = g.state, why = g.why, problem = g.problem::jsonb, case_id = g.case_id, settled_at = %s, due_at = NULL
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[]) AS g(id, state, why, problem, case_id)
WHERE r.agency_id = %s AND r.id = g.id AND r.state = 'pending'
"""


def work_off(*, agency_id: int, by: Actor, most: int = BATCH) -> int:
    """Settle up to `most` pending receipts of an agency, oldest first, each exactly once. Returns how many moved.

    One worker at a time does an agency's intake (an advisory lock): so alerts are grouped in the order in which they came,
    and one agency's flood takes one worker, not all of them. What cannot be understood becomes a dead letter. When a batch
    fails for another reason it is tried one by one, so that one alert never holds up the others; such an alert waits and is
    tried again, and after eight times it is a dead letter too. Call in the agency's scope.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PREFER_INDEXES)
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('intake', %s))", [agency_id])
            if not cursor.fetchone()[0]:
                return 0
        receipts = _claimed(agency_id=agency_id, at=by.now(), most=most)
        if not receipts:
            return 0
        if not _settled(receipts, agency_id=agency_id, by=by):
            for receipt in receipts:
                if not _settled([receipt], agency_id=agency_id, by=by):
                    _put_off(receipt, by=by)
        record(AlertsArrived(count=len(receipts)), agency_id=agency_id, subject=INTAKE, by=by)
        return len(receipts)


def _claimed(*, agency_id: int, at: datetime, most: int) -> list[Receipt]:
    """The oldest pending receipts, locked: as many as `most`, and as fit into `MOST_BYTES`, but one at least."""
    due = Q(due_at=None) | Q(due_at__lte=at)
    pending = Receipt.objects.filter(due, agency_id=agency_id, state=ReceiptState.PENDING).order_by("received_at", "position", "id")
    sized = pending.annotate(size=Coalesce(Length("body__corrected"), Length("body__raw"), 0))
    found: list[Receipt] = []
    size = 0
    for receipt in sized.select_for_update(skip_locked=True, of=("self",))[:most]:
        size += receipt.size
        if found and size > MOST_BYTES:
            break
        found.append(receipt)
    return found


def _settled(receipts: list[Receipt], *, agency_id: int, by: Actor) -> bool:
    """Settle in a savepoint; False when it failed and nothing of it is left. A lost connection ends the transaction itself."""
    try:
        with transaction.atomic():
            _settle(receipts, agency_id=agency_id, by=by)
    except Exception:
        logger.exception("a batch of alerts could not be worked off")
        return False
    return True


def _put_off(receipt: Receipt, *, by: Actor) -> None:
    receipt.attempts += 1
    if receipt.attempts <= len(BACKOFF):
        receipt.due_at = by.now() + BACKOFF[receipt.attempts - 1]
        receipt.save(update_fields=["attempts", "due_at"])
        return
    failed = Problem(
        code="not_worked_off",
        field="",
        detail="The alert was understood but could not be put into a case.",
        cure="Replay it once the cause is mended.",
    )
    receipt.state, receipt.problem, receipt.settled_at = ReceiptState.DEAD, as_document(failed), by.now()
    receipt.due_at = None
    receipt.save(update_fields=["attempts", "state", "problem", "settled_at", "due_at"])
    tell_of_deaths([(failed.code, str(receipt.public_id))], agency_id=receipt.agency_id, by=by)


@dataclass
class _Batch:
    """What a batch has decided so far; written down at its end, a statement for each kind of row."""

    cases: dict[str, Case] = field(default_factory=dict)  # locked, by fingerprint
    suppressions: list[Suppression] = field(default_factory=list)
    gathered: dict[int, Gathered] = field(default_factory=dict)  # by case
    alerts: list[Alert] = field(default_factory=list)
    lines: list[TimelineEntry] = field(default_factory=list)
    outcomes: list[tuple[int, str, str, str | None, int | None]] = field(default_factory=list)
    hidden: Counter[int] = field(default_factory=Counter)
    dead: list[tuple[str, str]] = field(default_factory=list)


def _settle(receipts: list[Receipt], *, agency_id: int, by: Actor) -> None:
    batch = _Batch()
    understood: list[tuple[Receipt, NormalAlert, str]] = []
    for receipt, item in _read(receipts):
        alert = item.problem or normalise(item.alert)
        if isinstance(alert, Problem):
            batch.dead.append((alert.code, str(receipt.public_id)))
            batch.outcomes.append((receipt.pk, ReceiptState.DEAD.value, "", orjson.dumps(as_document(alert)).decode(), None))
        else:
            understood.append((receipt, alert, fingerprint(alert)))
    marks = {mark for _, _, mark in understood}
    batch.suppressions = list(Suppression.objects.filter(fingerprint__in=marks).order_by("-until")) if marks else []
    batch.cases = {case.fingerprint: case for case in _gathering(marks)} if marks else {}
    for receipt, alert, mark in understood:
        _place(receipt, alert, mark, batch, agency_id=agency_id, by=by)
    Alert.objects.bulk_create(batch.alerts)
    TimelineEntry.objects.bulk_create(batch.lines)
    write_down(batch.gathered, agency_id=agency_id)
    for case_id, found in batch.gathered.items():
        Case.objects.filter(pk=case_id).update(alert_count=F("alert_count") + found.alerts, last_alert_at=found.last_at)
        if found.joined:
            joined = AlertJoined(case_id=case_id, number=found.number, receipt=found.last_receipt, count=found.joined)
            record(joined, agency_id=agency_id, subject=f"case:{case_id}", by=by)
    for suppression_id, count in batch.hidden.items():
        Suppression.objects.filter(pk=suppression_id).update(hidden=F("hidden") + count)
    tell_of_deaths(batch.dead, agency_id=agency_id, by=by)
    ids, states, whys, problems, cases = zip(*batch.outcomes, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [by.now(), list(ids), list(states), list(whys), list(problems), list(cases), agency_id])
        if cursor.rowcount != len(receipts):
            raise RuntimeError("a receipt was settled twice")


def _read(receipts: list[Receipt]) -> Iterator[tuple[Receipt, Item]]:
    bodies = Body.objects.filter(receipt__in=receipts).values_list("receipt_id", "raw", "corrected")
    sent = {receipt_id: raw if corrected is None else corrected for receipt_id, raw, corrected in bodies}
    for receipt in receipts:
        yield receipt, read_item(bytes(sent[receipt.pk]))


def _place(receipt: Receipt, alert: NormalAlert, mark: str, batch: _Batch, *, agency_id: int, by: Actor) -> None:
    """Find where one alert belongs, and note everything that follows from it."""
    at = receipt.received_at
    suppression = next((one for one in batch.suppressions if one.fingerprint == mark and one.holds_at(at)), None)
    if suppression is not None:
        batch.hidden[suppression.pk] += 1
        why = f"Suppressed: alerts of “{alert.rule_name}” on this entity are suppressed until {suppression.until:%Y-%m-%d %H:%M} UTC."
        batch.alerts.append(_as_alert(receipt, alert, mark, None))
        batch.outcomes.append((receipt.pk, ReceiptState.SUPPRESSED.value, why, None, None))
        return
    case, grouping = _case_of(receipt, alert, mark, batch, agency_id=agency_id, by=by)
    found = batch.gathered.setdefault(case.pk, Gathered(case.number, receipt.received_at))
    case.last_alert_at = max(case.last_alert_at or receipt.received_at, receipt.received_at)
    found.take(alert, receipt=str(receipt.public_id), at=receipt.received_at, last_at=case.last_alert_at, joins=grouping.joins)
    if grouping.joins:
        _raise_severity(case, alert, batch, by=by, at=receipt.received_at)
    batch.alerts.append(_as_alert(receipt, alert, mark, case))
    batch.lines.append(_as_line(receipt, alert, case))
    state = ReceiptState.GROUPED if grouping.joins else ReceiptState.OPENED
    batch.outcomes.append((receipt.pk, state.value, grouping.why, None, case.pk))


def _case_of(receipt: Receipt, alert: NormalAlert, mark: str, batch: _Batch, *, agency_id: int, by: Actor) -> tuple[Case, Grouping]:
    """The case that an alert joins, or the one that it opens; `case_gathers_once` decides between two that open at once."""
    case = batch.cases.get(mark)
    grouping = decide(alert, last_alert_at=case.last_alert_at if case else None, received_at=receipt.received_at)
    if case is not None and grouping.joins:
        return case, grouping
    if case is not None:
        case.gathering = False
        case.save(update_fields=["gathering"])
    try:
        with transaction.atomic():
            batch.cases[mark] = _opened(receipt, alert, mark, grouping, agency_id=agency_id, by=by)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") != "case_gathers_once":
            raise
        batch.cases.update((case.fingerprint, case) for case in _gathering({mark}))
        return _case_of(receipt, alert, mark, batch, agency_id=agency_id, by=by)
    return batch.cases[mark], grouping


def _gathering(marks: set[str]) -> Iterator[Case]:
    """The open cases that take alerts of these fingerprints, locked in one order. One that was closed meanwhile takes none."""
    for case in Case.objects.filter(fingerprint__in=marks, gathering=True).order_by("id").select_for_update(of=("self",)):
        if CaseState(case.state).is_open:
            yield case
        else:
            case.gathering = False
            case.save(update_fields=["gathering"])


def _opened(receipt: Receipt, alert: NormalAlert, mark: str, grouping: Grouping, *, agency_id: int, by: Actor) -> Case:
    entity = leading_entity(alert)
    return open_case(
        agency_id=agency_id,
        title=alert.title,
        summary=alert.description,
        severity=alert.severity,
        at=receipt.received_at,
        by=by,
        rule=alert.rule_key,
        rule_name=alert.rule_name,
        entity_kind=entity.type if entity else "",
        entity=entity.value if entity else "",
        fingerprint=mark,
        hosts=tuple(dict.fromkeys(one.value for one in (*alert.entities, *alert.observables) if one.type == "host")),
        happened_at=alert.happened_at,
        reason=grouping.why,
    )


def _raise_severity(case: Case, alert: NormalAlert, batch: _Batch, *, by: Actor, at: datetime) -> None:
    """An alert that is worse than every earlier one of its case raises the case.

    What a person lowered, knowing an alert of that level, stays lowered.
    """
    level, before = Severity(alert.severity), Severity(case.severity)
    as_bad = [one.value for one in Severity if one.rank >= level.rank]
    if level.rank <= before.rank or any(one.case_id == case.pk and one.severity in as_bad for one in batch.alerts):
        return
    if Alert.objects.filter(case=case, severity__in=as_bad).exists():
        return
    reason = f"An alert of severity {level.value} joined."
    case.severity, case.severity_rank = level, level.rank
    tighten(agency_id=case.agency_id, subject=case.subject, severity=level.value, at=at, by=by)
    event = SeverityChanged(case_id=case.pk, number=case.number, before=before.value, after=level.value, reason=reason)
    settle(case, event, f"Raised the severity from {before.value} to {level.value}: {reason}", by=by, at=at)


def _as_alert(receipt: Receipt, alert: NormalAlert, mark: str, case: Case | None) -> Alert:
    entity = leading_entity(alert)
    return Alert(
        agency_id=receipt.agency_id,
        receipt=receipt,
        case=case,
        form=alert.form,
        title=alert.title,
        severity=alert.severity,
        rule=alert.rule_key,
        rule_name=alert.rule_name,
        fingerprint=mark,
        entity_kind=entity.type if entity else "",
        entity=entity.value if entity else "",
        happened_at=alert.happened_at,
        received_at=receipt.received_at,
    )


def _as_line(receipt: Receipt, alert: NormalAlert, case: Case) -> TimelineEntry:
    """What the sensor saw, with both clocks: when it happened, and when we learned of it."""
    return TimelineEntry(
        agency_id=receipt.agency_id,
        case=case,
        happened_at=alert.happened_at,
        created_at=receipt.received_at,
        origin=Origin.SENSOR,
        actor_label=receipt.source,
        text=f"Alert: {alert.title}"[:MOST_LINE],
        technique=alert.techniques[0] if alert.techniques else "",
    )
