"""Who may do what on the bottom floor, one line a rule."""

from tenants.actors import Actor


def may_change_the_directory(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.kind == "system"


def may_grant(actor: Actor) -> bool:
    """Nothing about an agency is granted by anyone but the programme's admins."""
    return actor.runs_the_programme or actor.kind == "system"


def may_handle_keys(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.kind == "system"


def may_see_people(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.audits


def may_tend_deliveries(actor: Actor) -> bool:
    return actor.leads_the_watch or actor.runs_the_programme


def may_see_deliveries(actor: Actor) -> bool:
    return may_tend_deliveries(actor) or actor.audits
