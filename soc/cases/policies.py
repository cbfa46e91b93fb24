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


def may_open_by_hand(actor: Actor, agency_id: int) -> bool:
    return actor.works_the_floor and actor.covers(agency_id)


def may_end_suppression(actor: Actor, owner_id: int) -> bool:
    """One's own; a watch lead ends those of others too."""
    return actor.works_the_floor and (actor.leads_the_watch or actor.person_id == owner_id)


def may_post_alerts(actor: Actor) -> bool:
    return actor.kind == "sensor" and actor.agency_id is not None


def may_read_receipts(actor: Actor) -> bool:
    """The agency's own sensors, the floor, and the auditor; a liaison reads what was released of the cases instead."""
    return actor.kind == "sensor" or actor.works_the_floor or actor.audits


def may_read_balance(actor: Actor) -> bool:
    return may_read_receipts(actor) or actor.speaks_for_an_agency


def may_know_of_dead_letters(actor: Actor) -> bool:
    """An analyst knows that they exist (403); a liaison and a sensor do not (404)."""
    return actor.works_the_floor or actor.runs_the_programme or actor.audits


def may_read_dead_letters(actor: Actor) -> bool:
    return actor.leads_the_watch or actor.runs_the_programme or actor.audits


def may_replay(actor: Actor) -> bool:
    return actor.leads_the_watch or actor.runs_the_programme
