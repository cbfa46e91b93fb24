"""Who may see and do what about the measures."""

from tenants.actors import Actor


def may_read_scorecard(actor: Actor, agency_id: int) -> bool:
    return actor.reads_cases and actor.covers(agency_id)


def may_read_standings(actor: Actor) -> bool:
    return actor.reads_cases


def may_publish(actor: Actor) -> bool:
    return actor.runs_the_programme
