"""Where a topic's count is kept for a reader, and where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from playbooks.queries.naming import runs_named
from soc.cases.queries.naming import cases_named, numbers_of, restricted_among
from soc.live.models import TopicCount
from soc.live.policies import may_join
from soc.live.topics import STANDINGS, Ring, Topic, ring_of, understood
from tenants.actors import Actor
from tenants.models import Agency


@dataclass(frozen=True)
class Seat:
    """A topic that a reader may listen to, and the agency whose row counts it (none: the programme's)."""

    topic: str
    agency_id: int | None


def seats_for(names: Iterable[str], reader: Actor) -> list[Seat]:
    """The topics among `names` that `reader` may listen to. What is missing is unknown or foreign, which is the same.

    At most 4 queries, whatever the names. Call in the reader's scope.
    """
    topics = [t for t in (understood(name) for name in names) if t is not None and may_join(reader, t)]
    agencies = _agencies([t for t in topics if t.kind == "agency"])
    numbers = [t.key for t in topics if t.kind == "case"]
    cases = cases_named(numbers, reader) if numbers else {}
    ids = [t.key for t in topics if t.kind == "run"]
    runs = _runs(ids, reader) if ids else {}
    kept = {"agency": agencies, "case": cases, "run": runs}
    seats = []
    for topic in topics:
        if topic.kind == "standings":
            seats.append(Seat(topic.name, reader.agency_id))
            continue
        agency_id = kept[topic.kind].get(topic.key)
        if agency_id is not None and reader.covers(agency_id):
            seats.append(Seat(topic.name, agency_id))
    return seats


def counts_at(seats: Iterable[Seat], reader: Actor) -> dict[str, int]:
    """Where each seat's count stands for `reader`; 0 for one that never moved. At most 2 queries."""
    seats = list(seats)
    counts = {seat.topic: 0 for seat in seats}
    owned = {seat.topic: seat.agency_id for seat in seats if seat.agency_id is not None}
    if owned:
        rows = TopicCount.objects.filter(agency_id__in=set(owned.values()), topic__in=list(owned))
        for agency_id, topic, n, told in rows.values_list("agency_id", "topic", "n", "told"):
            if owned[topic] == agency_id:
                counts[topic] = told if reader.speaks_for_an_agency else n
    if any(seat.agency_id is None for seat in seats):
        counts[STANDINGS] = _of_the_programme(STANDINGS)
    return counts


def ring_for(event: Any, agency_id: int | None) -> Ring:
    """What a fact moves: its names need the agency's slug and the number of the case it speaks of. At most 2 queries."""
    slug = "" if agency_id is None else _slug(agency_id)
    number = getattr(event, "number", "")
    if about := getattr(event, "about", ""):
        number = numbers_of([about]).get(about, "")
    return ring_of(event, slug=slug, number=number)


@lru_cache(maxsize=1000)
def _slug(agency_id: int) -> str:
    # A slug is an agency's name in every address and never changes.
    found: str = Agency.objects.values_list("slug", flat=True).get(pk=agency_id)
    return found


def _agencies(topics: list[Topic]) -> dict[str, int]:
    if not topics:
        return {}
    return dict(Agency.objects.filter(slug__in={t.key for t in topics}).values_list("slug", "id"))


def _runs(ids: list[str], reader: Actor) -> dict[str, int]:
    """Runs by id, without those about a restricted case for the agency's liaison."""
    found = runs_named(ids)
    hidden: set[str] = set()
    if reader.speaks_for_an_agency and found:
        hidden = restricted_among({about for _, about in found.values()})
    return {run: agency_id for run, (agency_id, about) in found.items() if about not in hidden}


def _of_the_programme(topic: str) -> int:
    # A narrowed floor may read the programme's own rows, which the manager leaves out: they are of no agency.
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM live_topiccount WHERE agency_id IS NULL AND topic = %s", [topic])
        row = cursor.fetchone()
    return row[0] if row else 0
