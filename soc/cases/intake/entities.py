"""Which of the things that an alert names it is about."""

from collections.abc import Iterable

from soc.cases.intake.normal import NormalAlert, Observable

ENTITY_ORDER = ("host", "account", "mail", "address", "url", "resource")


def distinct(*groups: Iterable[Observable]) -> tuple[Observable, ...]:
    """All members of the groups, each once, in order of appearance, in the first spelling seen."""
    seen: dict[tuple[str, str], Observable] = {}
    for group in groups:
        for found in group:
            seen.setdefault(found.compared, found)
    return tuple(seen.values())


def shown(*groups: Iterable[Observable]) -> tuple[Observable, ...]:
    """The observables of a case: everything distinct except cloud resources, which are entities only."""
    return tuple(found for found in distinct(*groups) if found.type != "resource")


def leading_entity(alert: NormalAlert) -> Observable | None:
    """What the alert is about: the first of host, account, mail, address, URL, resource; None means the rule alone.

    What the sensor called an entity counts before what it only observed.
    """
    for group in (alert.entities, alert.observables):
        for type_ in ENTITY_ORDER:
            for found in group:
                if found.type == type_:
                    return found
    return None
