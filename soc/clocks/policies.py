"""Who may do what about clocks and the instruments they hang on."""

from tenants.actors import Actor


def may_change_instruments(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.kind == "system"


def may_read_instruments(actor: Actor) -> bool:
    return actor.kind == "person"
