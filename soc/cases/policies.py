"""Who may do what to a case, one line a rule."""

from soc.cases.models import Case
from tenants.actors import Actor


def may_read(actor: Actor, case: Case) -> bool:
    """A restricted case (need to know) does not exist for liaisons."""
    return actor.reads_cases and actor.covers(case.agency_id) and not (case.restricted and actor.speaks_for_an_agency)


def may_work(actor: Actor, case: Case) -> bool:
    """The floor for the agencies assigned, and the agency's own automation."""
    return (actor.works_the_floor or actor.is_machine) and actor.covers(case.agency_id)


def may_claim(actor: Actor, case: Case) -> bool:
    """A person of the floor: a machine owns nothing."""
    return actor.works_the_floor and actor.person_id is not None and actor.covers(case.agency_id)


def may_assign(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_begin_investigation(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_edit(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_change_severity(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_note(actor: Actor, case: Case) -> bool:
    """The floor, automation, and the agency's liaison, whose notes are always released."""
    return may_work(actor, case) or (actor.speaks_for_an_agency and may_read(actor, case))


def may_contain(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_recover(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_release(actor: Actor, case: Case) -> bool:
    """What the agency is shown is decided by a person."""
    return actor.works_the_floor and actor.covers(case.agency_id)


def may_add_task(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_finish_task(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_declare(actor: Actor, case: Case) -> bool:
    """An incident is declared by a person, never guessed by a machine."""
    return actor.works_the_floor and actor.covers(case.agency_id)


def may_close(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_reopen(actor: Actor, case: Case) -> bool:
    return may_work(actor, case)


def may_suppress(actor: Actor, case: Case) -> bool:
    """A suppression has a person as its owner."""
    return actor.works_the_floor and actor.person_id is not None and actor.covers(case.agency_id)
