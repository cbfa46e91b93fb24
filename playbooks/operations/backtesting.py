"""Asking what a book would have done on past subjects, and working the answer off, a batch at a time. Nothing of it acts."""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from playbooks.catalogue import Past, past_of
from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read
from playbooks.events import BacktestAsked
from playbooks.models import Backtest, BacktestedSubject, Book, StandingConsent, Version
from playbooks.operations.starting import as_values
from playbooks.policies import may_backtest
from playbooks.products import product_of
from playbooks.queries.backtests import agencies_for, rules_of
from playbooks.queries.books import graph_of, newest_version
from playbooks.simulation.foreseeing import Known, foreseen
from playbooks.simulation.summing import Sum
from playbooks.states import BacktestState
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal import doorbell
from tenants.journal.recording import record

BACKTESTS = "backtests"
MOST_DAYS = 365
MOST_SUBJECTS = 2000  # of one agency, the first of the time asked about
BATCH = 25  # subjects that share a transaction
BATCH_SECONDS = 1.0  # after which a batch ends, so that no other work waits long
MOST_SECONDS = 600  # of work on one agency
LONGEST_RULE = 2000
OWN, RULE, EVERY = "own", "rule", "all"
WAYS = (OWN, RULE, EVERY)


def ask_backtest(
    *, book: str, days: Any, by: Actor, agencies: Iterable[str] = (), way: Any = OWN, rule: Any = "", version: Any = None
) -> UUID:
    """Ask what a version of a book (the newest unless its number is given) would have done on the subjects of the last days of these
    agencies (all that the asker works for): on those that its own rules start it for, that fit `rule`, or all. Returns the question's id.

    Raises NotAllowed, Unknown, Invalid (`days`, `agency`, `rule`, `way`, `version`).
    """
    with transaction.atomic():
        require(Book.objects.filter(slug=book).exists(), Unknown())
        require(may_backtest(by), NotAllowed())
        tested = _version(book, version)
        condition = _condition(tested.book, way, rule)
        within = _days(days)
        past = past_of("case")
        require(past is not None, Invalid("There are no past cases to look at.", field="days", cure="Connect the cases first."))
        assert past is not None
        wanted = list(dict.fromkeys(agencies))
        named = agencies_for(by, wanted)
        missing = set(wanted) - {one.slug for one in named}
        cure = "Choose agencies that you work for."
        require(bool(named) and not missing, Invalid("There is no such agency.", field="agency", cure=cure))
        question, now = uuid4(), by.now()
        since = now - timedelta(days=within)
        for agency in named:
            Backtest.objects.create(
                agency_id=agency.pk,
                question=question,
                book=tested.book,
                version=tested,
                version_hash=tested.content_hash,
                about="case",
                rule=condition,
                since=since,
                until=now,
                asked_by_id=by.person_id,
                asked_by_label=by.label,
                asked_at=now,
                total=past.count(agency_id=agency.pk, since=since, until=now, most=MOST_SUBJECTS),
            )
            event = BacktestAsked(str(question), tested.book.name, tested.content_hash, condition, since, now)
            record(event, agency_id=agency.pk, subject=f"backtest:{question}", by=by)
        asked = [one.pk for one in named]

        def ring() -> None:
            for agency_id in asked:
                doorbell.ring(BACKTESTS, agency_id)

        transaction.on_commit(ring)
    return question


def _version(book: str, number: Any) -> Version:
    if number in (None, ""):
        found = newest_version(book)
    else:
        fits = str(number).isdecimal() and len(str(number)) < 10
        wrong = Invalid("There is no such version.", field="version", cure="Name a version's number.")
        require(fits, wrong)
        found = Version.objects.select_related("book").filter(book__slug=book, number=int(number)).first()
        require(found is not None, wrong)
    if found is None:
        raise Unknown()
    return found


def _days(days: Any) -> int:
    text = str(days)
    fits = text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST_DAYS
    require(fits, Invalid("The number of days does not fit.", field="days", cure=f"Write a whole number from 1 to {MOST_DAYS}."))
    return int(text)


def _condition(book: Book, way: Any, rule: Any) -> str:
    require(way in WAYS, Invalid("There is no such choice.", field="way", cure=f"Choose one of {', '.join(WAYS)}."))
    if way == OWN:
        conditions = [one.condition for one in rules_of(book)]
        return " OR ".join(f"({one})" for one in conditions)
    if way == EVERY:
        return ""
    text = rule.strip() if isinstance(rule, str) else ""
    cure = "Write a condition over the facts of a case, like __severity__:value = 'high'."
    require(bool(text) and len(text) <= LONGEST_RULE and "\x00" not in text, Invalid("The rule is missing.", field="rule", cure=cure))
    try:
        read(text)
    except ConditionSyntax as error:
        raise Invalid(f"The rule cannot be read: {error}", field="rule", cure=cure) from error
    return text


def work_off_backtest(*, agency_id: int, by: Actor) -> int:
    """Look at the next batch of the agency's oldest question that is not answered. Returns how many subjects, and 1 for its end."""
    with transaction.atomic():
        open_ones = Backtest.objects.select_related("version", "book").filter(agency_id=agency_id, state=BacktestState.WAITING)
        one = open_ones.select_for_update(skip_locked=True, of=("self",)).order_by("asked_at", "id").first()
        past = past_of(one.about) if one is not None else None
        if one is None or past is None:
            return 0
        began = time.monotonic()
        most = min(BATCH, MOST_SUBJECTS - one.looked)
        some = past.some(agency_id=agency_id, since=one.since, until=one.until, after=one.after, most=most) if most else []
        looked = _look(one, some, began)
        one.spent_ms += round((time.monotonic() - began) * 1000)
        if not some or (looked == len(some) < most) or one.looked >= MOST_SUBJECTS:
            _end(one, BacktestState.DONE, by)
        elif one.spent_ms > MOST_SECONDS * 1000:
            _end(one, BacktestState.STOPPED, by)
        one.save()
    return max(looked, 1)


def _look(one: Backtest, some: list[Past], began: float) -> int:
    """Foresee each subject and write it down; ends early when the batch takes long. Returns how many were looked at."""
    rule = read(one.rule) if one.rule else None
    graph = graph_of(one.version, one.version_hash)
    rows, looked = [], 0
    for subject in some:
        values = as_values(subject.facts)
        row = _foreseen(one, subject, rule, graph, values)
        rows += [row] if row is not None else []
        one.after, looked = subject.place, looked + 1
        if time.monotonic() - began > BATCH_SECONDS:
            break
    BacktestedSubject.objects.bulk_create(rows)
    one.looked += looked
    one.fitting += sum(row.outcome != "rule_undecided" for row in rows)
    return looked


def _foreseen(one: Backtest, past: Past, rule: Any, graph: Any, values: Mapping[str, Any]) -> BacktestedSubject | None:
    """What would have come of a subject; None where the rule does not fit it."""
    here = {"agency_id": one.agency_id, "backtest": one, "subject": past.subject, "happened_at": past.at}
    try:
        if rule is not None and not holds(rule, values):
            return None
    except Undecidable as error:
        return BacktestedSubject(**here, outcome="rule_undecided", reason=f"The rule has no answer: {error}")
    made = foreseen(graph, values, product_action)
    told = [action.as_json() for action in made.actions]
    return BacktestedSubject(**here, outcome=made.outcome, reason=made.reason, minutes=made.minutes, actions=told)


def product_action(category: str, method: str, path: str) -> Known | None:
    """What a kind of product calls a request, with its reach and undo in words; None where none knows it."""
    product = product_of(category)
    found = product.action_for(method, path) if product else None
    if product is None or found is None:
        return None
    action, parts = found
    targets = tuple(parts.values())
    reach = action.reach({"host": targets[0], "url": "", "content": "", "connector": product.label}) if targets else ""
    return Known(action.name, action.label, targets, str(action.effect), reach, action.undo_text.format(**parts))


def _end(one: Backtest, state: BacktestState, by: Actor) -> None:
    """Add up what was found."""
    found = Sum()
    for row in BacktestedSubject.objects.filter(backtest=one).order_by("id").iterator(chunk_size=200):
        found.add(row.subject, outcome=row.outcome, reason=row.reason, minutes=row.minutes, actions=row.actions)
    consented = {name for some in StandingConsent.objects.filter(withdrawn_at=None).values_list("actions", flat=True) for name in some}
    one.figures = found.as_json(consented)
    one.state, one.ended_at = state, by.now()
    if state == BacktestState.STOPPED:
        one.detail = (
            f"Stopped after {MOST_SECONDS // 60} minutes of work: {one.total - one.looked} of {one.total} cases were not looked at."
        )
    elif one.total >= MOST_SUBJECTS:
        one.detail = f"The first {MOST_SUBJECTS} cases of that time; later ones were not looked at."
