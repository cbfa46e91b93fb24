"""Who may start, vote, answer, consent and connect."""

from playbooks.models import Approval, Draft, Run
from playbooks.states import Side
from tenants.actors import Actor


def may_start(actor: Actor, agency_id: int) -> bool:
    return (actor.works_the_floor or actor.is_machine) and actor.covers(agency_id)


def may_publish(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.is_machine


def may_draft(actor: Actor) -> bool:
    """Write a book; another publishes it, or the same person where they may."""
    return (actor.works_the_floor or actor.runs_the_programme) and actor.person_id is not None


def may_change_draft(actor: Actor, draft: Draft) -> bool:
    """A draft is its author's alone: who wrote a version is known, and does not approve what it asks."""
    return may_draft(actor) and actor.person_id == draft.author_id


def may_discard_draft(actor: Actor, draft: Draft) -> bool:
    return may_change_draft(actor, draft) or actor.runs_the_programme


def may_publish_draft(actor: Actor, draft: Draft) -> bool:
    return may_publish(actor)


def may_rebase_draft(actor: Actor, draft: Draft) -> bool:
    """Say that what came out since was read, and that the draft is meant in its place."""
    return may_publish(actor) or may_change_draft(actor, draft)


def may_connect(actor: Actor) -> bool:
    return actor.runs_the_programme or actor.is_machine


def may_trust(actor: Actor) -> bool:
    """Whose signatures count, and what agencies ask of them."""
    return actor.runs_the_programme or actor.is_machine


def may_consent(actor: Actor, agency_id: int) -> bool:
    return actor.speaks_for_an_agency and actor.agency_id == agency_id


def may_answer(actor: Actor, run: Run) -> bool:
    return actor.works_the_floor and actor.covers(run.agency_id)


def may_cancel(actor: Actor, run: Run) -> bool:
    return actor.works_the_floor and actor.covers(run.agency_id)


def may_take_back(actor: Actor, run: Run) -> bool:
    """Or let what was done last longer."""
    return actor.works_the_floor and actor.covers(run.agency_id)


def may_read_approval(actor: Actor, approval: Approval) -> bool:
    """The agency's liaison knows of the approvals that ask them; the floor and auditors of all."""
    return actor.sees_internal_rows or (actor.speaks_for_an_agency and approval.asks_agency)


def may_move(actor: Actor, run: Run) -> bool:
    """To a newer version of its book."""
    return actor.works_the_floor and actor.covers(run.agency_id)


def is_partial(actor: Actor, run: Run) -> bool:
    """Who started a run by hand, or wrote the version that it runs, is no judge of it."""
    return actor.person_id is not None and actor.person_id in (run.started_by_person_id, run.version.published_by_person_id)


def may_backtest(actor: Actor) -> bool:
    """What comes of it names cases: for those who work them."""
    return actor.works_the_floor or actor.is_machine


def side_of(actor: Actor, approval: Approval, run: Run) -> Side | None:
    """For whom this actor may vote, or None: the floor, and the liaison where they are asked, but nobody who is partial."""
    if actor.person_id is None or not actor.covers(approval.agency_id) or is_partial(actor, run):
        return None
    if actor.works_the_floor:
        return Side.FLOOR
    return Side.LIAISON if actor.speaks_for_an_agency and approval.asks_agency else None


def may_break_glass(actor: Actor, approval: Approval, run: Run) -> bool:
    """A watch lead of the agency's floor, for a run that they neither started nor wrote."""
    return actor.leads_the_watch and actor.covers(approval.agency_id) and not is_partial(actor, run)


def may_review_glass(actor: Actor, agency_id: int, broken_by_id: int) -> bool:
    """Anybody of the agency's floor but the breaker."""
    return actor.works_the_floor and actor.covers(agency_id) and actor.person_id not in (None, broken_by_id)
