"""Opening a case: its number, its clocks, its first line."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from soc.cases.events import CaseOpened
from soc.cases.intake.dwell import dwell_is_unknown
from soc.cases.models import Case
from soc.cases.operations.changing import origin_of, tell
from soc.cases.operations.inputs import MOST_REASON, MOST_TITLE, choice_of, text_of
from soc.cases.policies import may_open_by_hand
from soc.cases.states import Severity
from soc.clocks.operations.running import start_response_clocks
from soc.clocks.queries.clocks import next_due
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record
from tenants.models import Agency

COUNT = """
INSERT INTO cases_casenumberseries AS series (agency_id, year, restricted, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (agency_id, year, restricted) DO UPDATE SET last = series.last + 1 RETURNING last
"""


def take_number(*, agency: Agency, year: int, restricted: bool) -> str:
    """The next number of an agency and year: DOI-2026-000123, or from the other series DOI-2026-R00004.

    Holds the counter's row until the transaction ends; a gap stays when that is rolled back.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT, [agency.pk, year, restricted])
        (last,) = cursor.fetchone()
    return f"{agency.slug.upper()}-{year}-{f'R{last:05}' if restricted else f'{last:06}'}"


def open_case(
    *,
    agency_id: int,
    title: str,
    severity: str,
    at: datetime,
    by: Actor,
    rule: str = "",
    rule_name: str = "",
    entity_kind: str = "",
    entity: str = "",
    fingerprint: str = "",
    hosts: tuple[str, ...] = (),
    happened_at: datetime | None = None,
    summary: str = "",
    by_hand: bool = False,
    restricted: bool = False,
    reason: str = "",
) -> Case:
    """Open a case at `at`, with its response clocks running from then, whatever its severity.

    With a `fingerprint` it gathers further alerts; `case_gathers_once` refuses a second one that does (IntegrityError).
    `reason` becomes the first line of the timeline. Policies are the caller's. No case is ever without its clocks: they
    start in the same transaction.
    """
    with transaction.atomic():
        level = Severity(severity)
        unknown = dwell_is_unknown(happened_at, at)
        case = Case(
            agency_id=agency_id,
            title=title,
            summary=summary,
            severity=level,
            severity_rank=level.rank,
            restricted=restricted,
            by_hand=by_hand,
            rule=rule,
            rule_name=rule_name,
            entity_kind=entity_kind,
            entity=entity,
            fingerprint=fingerprint,
            gathering=bool(fingerprint),
            happened_at=happened_at,
            dwell_unknown=unknown,
            opened_at=at,
            changed_at=at,
        )
        agency = Agency.objects.get(pk=agency_id)
        case.number = take_number(agency=agency, year=at.year, restricted=restricted)
        case.save(force_insert=True)
        start_response_clocks(agency_id=agency_id, subject=case.subject, severity=level.value, at=at, by=by)
        due = next_due(case.subject)
        if due:
            case.next_due_kind, case.next_due_at = due
            case.save(update_fields=["next_due_kind", "next_due_at"])
        opened = CaseOpened(
            case_id=case.pk,
            number=case.number,
            title=title,
            severity=level.value,
            rule=rule,
            entity_kind=entity_kind,
            entity=entity,
            hosts=hosts,
            opened_at=at,
            happened_at=happened_at,
            dwell_unknown=unknown,
            by_hand=by_hand,
            restricted=restricted,
        )
        entry = record(opened, agency_id=agency_id, subject=case.subject, by=by)
        tell(case, reason, by_label=by.label, origin=origin_of(by), at=at, entry_id=entry.id)
    return case


def open_by_hand(*, agency: Any, title: Any, severity: Any, reason: Any, by: Actor, restricted: bool = False) -> Case:
    """Open a case without an alert: somebody called. When it happened is not known (`dwell_unknown`).

    Raises Unknown for an agency (a slug) that does not exist or is not the caller's, NotAllowed, Invalid (`agency`, `title`,
    `severity`, `reason`).
    """
    with transaction.atomic():
        named = isinstance(agency, str) and agency != ""
        found = Agency.objects.filter(slug=agency).first() if named and "\x00" not in agency else None
        if named:
            require(found is not None and by.covers(found.pk), Unknown())
        require(by.works_the_floor, NotAllowed())
        if found is None:
            raise Invalid("The agency is missing.", field="agency", cure="Send the agency's slug, like doi.")
        require(may_open_by_hand(by, found.pk), NotAllowed())
        title = text_of(title, field="title", most=MOST_TITLE)
        level = choice_of(severity, Severity, field="severity")
        reason = text_of(reason, field="reason", most=MOST_REASON)
        return open_case(
            agency_id=found.pk,
            title=title,
            severity=level.value,
            at=by.now(),
            by=by,
            by_hand=True,
            restricted=restricted,
            reason=f"Opened by hand: {reason}",
        )
