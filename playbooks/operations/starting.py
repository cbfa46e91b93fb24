"""Starting runs: by a trigger rule that fits the facts, or by hand."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from playbooks.catalogue import facts_about, find_subject
from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read
from playbooks.definition.graph import Graph
from playbooks.definition.variables import UndefinedVariable, filled
from playbooks.events import DryRunStarted, RunStarted, StartRefused
from playbooks.models import Frame, Run, StepAttempt, TriggerRule, Version
from playbooks.operations.coalescing import is_covered, stand_for, storm_of
from playbooks.operations.telling import tell
from playbooks.policies import may_start
from playbooks.queries.books import enabled_rules, graph_of, newest_version
from playbooks.queries.trust import refusal_of, was_refused
from playbooks.states import Lane, RuleMode, RunMode
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require
from tenants.journal import doorbell
from tenants.journal.recording import record


def start_matching_runs(*, agency_id: int, subject: str, facts: Mapping[str, Any], by: Actor) -> list[Run]:
    """Start each book whose trigger rule fits the facts; the same rule, content and subject start once. Returns the runs begun now.

    `facts` are texts, numbers or lists of texts (`severity`, `hosts`, `entity_kind`, `entity`, `title`, `number` ...);
    a rule that they cannot answer does not start its book.
    """
    values = as_values(facts)
    begun = []
    with transaction.atomic():
        for rule in enabled_rules(subject.partition(":")[0]):
            try:
                fits = holds(read(rule.condition), values)
                why = filled(rule.why, values)
            except (ConditionSyntax, Undecidable, UndefinedVariable):
                continue
            version = newest_version(rule.book.slug) if fits else None
            if version is None:
                continue
            run = _begin(
                agency_id=agency_id, subject=subject, version=version, values=values, why=why, by=by, trigger=rule, mode=_mode(rule)
            )
            if run is not None:
                begun.append(run)
    return begun


def start_run(
    *, agency_id: int, subject: str, book: str, variables: Mapping[str, Any], why: str, by: Actor, mode: RunMode = RunMode.REAL
) -> Run:
    """Start a book (its slug) by hand, or try it out. Who starts it cannot approve what it asks.

    Raises NotAllowed, Unknown, Invalid (`why`), Conflict when the book's author or the agency's signature policy forbids it.
    """
    with transaction.atomic():
        require(may_start(by, agency_id), NotAllowed())
        version = newest_version(book)
        if version is None:
            raise Unknown()
        require(bool(why.strip()), Invalid("The reason is missing.", field="why", cure="Say in a few words why this book runs now."))
        about: dict[str, Any] = {"agency_id": agency_id, "subject": subject, "version": version, "values": as_values(variables)}
        run = _begin(**about, why=why.strip(), by=by, mode=mode)
        assert run is not None
    return run


def start_on_case(*, number: Any, book: str, why: Any, by: Actor) -> Run:
    """Start a book by hand on an open case, with what the case knows.

    Raises Unknown, NotAllowed, Invalid (`case`, `why`), Conflict as `start_run`.
    """
    with transaction.atomic():
        require(newest_version(book) is not None, Unknown())
        require(by.works_the_floor, NotAllowed())
        subject = find_subject("case", number.strip().upper(), by) if isinstance(number, str) else None
        known = facts_about(subject) if subject else None
        if subject is None or known is None:
            raise Invalid("There is no such open case.", field="case", cure="Write the whole number of an open case, like DOI-2026-000123.")
        agency_id, facts = known
        reason = why if isinstance(why, str) else ""
        return start_run(agency_id=agency_id, subject=subject, book=book, variables=facts, why=reason, by=by)


def start_called(*, caller: Run, attempt: StepAttempt, version: Version, values: Mapping[str, Any], by: Actor) -> Run:
    """Start the book that a step of another run calls, about the same subject. Who started the caller cannot approve here either.

    Raises NotAllowed, Conflict as `start_run`.
    """
    with transaction.atomic():
        require(may_start(by, caller.agency_id), NotAllowed())
        why = f"{caller.book.name} runs it: {attempt.name}."
        mode = RunMode.SIMULATE if caller.acts() and not caller.acts(attempt.step_id) else RunMode(caller.mode)
        about: dict[str, Any] = {"agency_id": caller.agency_id, "subject": caller.subject, "mode": mode}
        run = _begin(**about, version=version, values=values, why=why, by=by, caller=caller, attempt=attempt)
        assert run is not None
    return run


def as_values(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as a book's variables: `hosts` becomes `__hosts__`, its count `__host_count__`, its first (or the entity) `__host__`."""
    hosts = [str(one) for one in facts.get("hosts") or ()]
    if not hosts and facts.get("entity_kind") == "host" and facts.get("entity"):
        hosts = [str(facts["entity"])]
    more = {"hosts": hosts, "host": hosts[0] if hosts else "", "host_count": len(hosts), "case": facts.get("number", "")}
    values = {}
    for name, value in {**facts, **more}.items():
        if isinstance(value, (list, tuple, set, frozenset)):
            value = ", ".join(str(one) for one in value)
        if value is not None and value != "":
            values[f"__{name}__"] = str(value).replace("\x00", "\ufffd")
    values.setdefault("__host_count__", "0")
    return values


def _begin(
    *,
    agency_id: int,
    subject: str,
    version: Version,
    values: Mapping[str, Any],
    why: str,
    by: Actor,
    trigger: TriggerRule | None = None,
    caller: Run | None = None,
    attempt: StepAttempt | None = None,
    mode: RunMode = RunMode.REAL,
) -> Run | None:
    graph = graph_of(version, version.content_hash)
    now = by.now()
    run = Run(
        agency_id=agency_id,
        book=version.book,
        version=version,
        version_hash=version.content_hash,
        subject=subject,
        trigger=trigger,
        mode=mode,
        why=why,
        lane=_lane(graph, trigger, caller, values),
        started_by=by.name,
        started_by_label=by.label,
        started_by_person_id=caller.started_by_person_id if caller else by.person_id,
        variables=_variables(graph, values),
        parent_attempt=attempt,
        depth=caller.depth + 1 if caller else 0,
        wake_at=now,
        started_at=now,
    )
    if trigger is not None and _has_begun(run):
        return None
    refused = refusal_of(version, agency_id, now)
    if refused is not None:
        _refuse(agency_id=agency_id, subject=subject, version=version, reason=refused, by=by, trigger=trigger)
        return None
    storm = storm_of(run, rule=trigger, graph=graph, values=values, by=by) if trigger is not None and run.acts() else None
    if trigger is not None and storm is not None and is_covered(storm, run, rule=trigger, by=by):
        return None
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        # Two workers saw the same facts: one of them starts the run.
        if trigger is not None and _has_begun(run):
            return None
        raise
    if storm is not None:
        stand_for(storm, run)
    frame = Frame.objects.create(agency_id=agency_id, run=run, cursor=graph.start, visits={graph.start: 1})
    about = {"run": str(run.public_id), "about": subject, "book": version.book.name, "version": version.content_hash, "why": why}
    event = RunStarted(**about) if run.acts() else DryRunStarted(**about, mode=mode)
    tell(run=run, kind="started", text=why, by=by, event=event, moved={"open": [frame.told]})
    transaction.on_commit(lambda: doorbell.ring("runs", agency_id))
    return run


def _mode(rule: TriggerRule) -> RunMode:
    return RunMode.SHADOW if rule.mode == RuleMode.SHADOW else RunMode.REAL


def _has_begun(run: Run) -> bool:
    """Whether the rule has begun this content about this subject before, in this mode."""
    known = {"agency_id": run.agency_id, "subject": run.subject, "trigger": run.trigger, "version": run.version, "mode": run.mode}
    return bool(Run.objects.filter(**known).exists())


def _lane(graph: Graph, trigger: TriggerRule | None, caller: Run | None, values: Mapping[str, Any]) -> Lane:
    """The emergency lane is for what an urgent rule starts, for books of the highest priority and for critical subjects."""
    if caller is not None:
        return Lane(caller.lane)
    urgent = (trigger is not None and trigger.urgent) or graph.priority == 1 or values.get("__severity__") == "critical"
    return Lane.EMERGENCY if urgent else Lane.NORMAL


def _refuse(*, agency_id: int, subject: str, version: Version, reason: str, by: Actor, trigger: TriggerRule | None) -> None:
    """Say that a book may not run: to a person by an error, which the gate writes down; of a rule in the journal, once for each reason."""
    if trigger is None:
        raise Conflict(reason, field="book", cure="Publish a version that is signed as the agency's policy asks, and start that.")
    event = StartRefused(about=subject, book=version.book.name, version=version.content_hash, rule=trigger.slug, reason=reason)
    if not was_refused(agency_id=agency_id, subject=subject, event=event):
        record(event, agency_id=agency_id, subject=subject, by=by)


def _variables(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """What each declared variable begins with: external ones are given, the others keep the book's value."""
    begin: dict[str, Any] = {"__problem__": ""}
    for name, one in graph.variables.items():
        begin[name] = values.get(name, one.value) if one.external and not one.constant else one.value
    return begin
