"""Who may listen to which kind of topic; whose it is, the queries know."""

from soc.live.topics import Topic
from tenants.actors import Actor


def may_join(actor: Actor, topic: Topic) -> bool:
    """Whether the role may listen to such topics at all. An admin works no case and hears of the intake only."""
    if topic.aspect == "intake":
        return actor.reads_cases or actor.runs_the_programme
    return actor.reads_cases
