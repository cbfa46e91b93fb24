"""What a trigger rule of the playbooks gets to know of a case."""

from typing import Any

from soc.cases.models import Case, Observable
from soc.cases.states import CaseState, ObservableKind

MOST_NAMED = 50  # hosts, and accounts


def facts_of(case_id: int) -> dict[str, Any] | None:
    """Facts of an open case, its hosts with the case's own entity first; None when it is closed or unknown. Three queries."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None or case.state == CaseState.CLOSED:
        return None
    return as_facts(case, *(_values(case, kind) for kind in (ObservableKind.HOST, ObservableKind.ACCOUNT)))


def as_facts(case: Case, hosts: list[str], accounts: list[str]) -> dict[str, Any]:
    """The facts of a case and its observables. No query."""
    if case.entity_kind == ObservableKind.HOST:
        hosts = [case.entity, *(host for host in hosts if host != case.entity)]
    return {
        "number": case.number,
        "title": case.title,
        "severity": str(case.severity),
        "entity_kind": case.entity_kind,
        "entity": case.entity,
        "rule": case.rule,
        "hosts": hosts,
        "accounts": accounts,
    }


def _values(case: Case, kind: ObservableKind) -> list[str]:
    return list(Observable.objects.filter(case=case, kind=kind).order_by("id").values_list("value", flat=True)[:MOST_NAMED])
