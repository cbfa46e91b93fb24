"""Starting runs: by a trigger rule that fits the facts, or by hand."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from playbooks.catalogue import facts_about, find_subject
from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read
from playbooks.definition.graph import Graph
from playbooks.definition.variables import UndefinedVariable, filled
from playbooks.events import RunStarted
from playbooks.models import Frame, Run, TriggerRule, Version
from playbooks.operations.telling import tell
from playbooks.policies import may_start
from playbooks.queries.books import enabled_rules, graph_of, newest_version
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal import doorbell


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
            run = _begin(agency_id=agency_id, subject=subject, version=version, values=values, why=why, by=by, trigger=rule)
            if run is not None:
                begun.append(run)
    return begun


def start_run(*, agency_id: int, subject: str, book: str, variables: Mapping[str, Any], why: str, by: Actor) -> Run:
    """Start a book (its slug) by hand. Who starts it cannot approve what it asks. Raises NotAllowed, Unknown, Invalid (`why`)."""
    with transaction.atomic():
        require(may_start(by, agency_id), NotAllowed())
        version = newest_version(book)
        if version is None:
            raise Unknown()
        require(bool(why.strip()), Invalid("The reason is missing.", field="why", cure="Say in a few words why this book runs now."))
        run = _begin(agency_id=agency_id, subject=subject, version=version, values=as_values(variables), why=why.strip(), by=by)
        assert run is not None
    return run


def start_on_case(*, number: Any, book: str, why: Any, by: Actor) -> Run:
    """Start a book by hand on an open case, with what the case knows. Raises Unknown, NotAllowed, Invalid (`case`, `why`)."""
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
    *, agency_id: int, subject: str, version: Version, values: Mapping[str, str], why: str, by: Actor, trigger: TriggerRule | None = None
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
        why=why,
        started_by=by.name,
        started_by_label=by.label,
        started_by_person_id=by.person_id,
        variables=_variables(graph, values),
        wake_at=now,
        started_at=now,
    )
    if trigger is not None and Run.objects.filter(subject=subject, trigger=trigger, version=version, agency_id=agency_id).exists():
        return None
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        # Two workers saw the same facts: one of them starts the run.
        if trigger is not None and Run.objects.filter(subject=subject, trigger=trigger, version=version, agency_id=agency_id).exists():
            return None
        raise
    Frame.objects.create(agency_id=agency_id, run=run, cursor=graph.start, visits={graph.start: 1})
    about = RunStarted(run=str(run.public_id), about=subject, book=version.book.name, version=version.content_hash, why=why)
    tell(run=run, kind="started", text=why, by=by, event=about)
    transaction.on_commit(lambda: doorbell.ring("runs", agency_id))
    return run


def _variables(graph: Graph, values: Mapping[str, str]) -> dict[str, str | None]:
    """What each declared variable begins with: external ones are given, the others keep the book's value."""
    begin: dict[str, str | None] = {"__problem__": ""}
    for name, one in graph.variables.items():
        begin[name] = values.get(name, one.value) if one.external and not one.constant else one.value
    return begin
