"""Counting that something changed, in the transaction of the delivery that says so."""

from django.db import connection

from soc.live.topics import Moved, Ring
from tenants.actors import Actor
from tenants.errors import NotAllowed, require

# Rows are taken in the order of their names: two transactions that move the same topics cannot lock each other out.
BUMP = """
INSERT INTO live_topiccount (agency_id, topic, n, told)
SELECT %(agency)s, name, 1, %(told)s FROM unnest(%(topics)s::text[]) AS name ORDER BY name
ON CONFLICT (agency_id, topic) DO UPDATE SET n = live_topiccount.n + 1, told = live_topiccount.told + EXCLUDED.told
RETURNING topic, n, told
"""


def count(*, ring: Ring, agency_id: int | None, by: Actor) -> list[Moved]:
    """Add one to every topic of `ring` and return where they stand now. One statement; none when nothing moves.

    Raises NotAllowed for everyone but our own machinery.
    """
    require(by.is_machine, NotAllowed())
    if not ring.topics:
        return []
    with connection.cursor() as cursor:
        cursor.execute(BUMP, {"agency": agency_id, "told": int(ring.told), "topics": list(ring.topics)})
        return [Moved(agency_id, topic, n, told) for topic, n, told in cursor.fetchall()]
