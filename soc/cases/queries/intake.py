"""What became of what was received: one receipt, the balance of the sources, the dead letters."""

import base64
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Length

from soc.cases.models import Body, Case, Receipt, Suppression
from soc.cases.policies import may_know_of_dead_letters, may_read_balance, may_read_dead_letters, may_read_receipts
from soc.cases.states import ReceiptState
from tenants.actors import Actor
from tenants.errors import NotAllowed, Unknown, require
from tenants.models import Agency
from tenants.queries.paging import encode, page_of

STATES = ("grouped", "opened", "suppressed", "dead", "pending")
PAGE_BYTES = 4 * 1024 * 1024  # of raw bytes on one page of dead letters; a page holds one letter at least
ORDER = ("-received_at", "-public_id")


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """The figures of one source. `received` is always the sum of the five that follow; a repeat is not received again."""

    source: str
    grouped: int = 0
    opened: int = 0
    suppressed: int = 0
    dead: int = 0
    pending: int = 0
    repeated: int = 0

    @property
    def received(self) -> int:
        return self.grouped + self.opened + self.suppressed + self.dead + self.pending

    def as_json(self) -> dict[str, Any]:
        return {"source": self.source, **_figures(self)}


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of one agency's intake."""

    agency: str
    sources: tuple[SourceBalance, ...] = field(default=())

    @property
    def whole(self) -> SourceBalance:
        """The sum of all sources."""
        return SourceBalance("", *(sum(getattr(one, name) for one in self.sources) for name in (*STATES, "repeated")))

    def as_json(self) -> dict[str, Any]:
        return {"agency": self.agency, **_figures(self.whole), "sources": [one.as_json() for one in self.sources]}


def _figures(one: SourceBalance) -> dict[str, int]:
    return {name: getattr(one, name) for name in ("received", *STATES, "repeated")}


def balance_of(*, agency: str, reader: Actor) -> Balance:
    """The balance of an agency (its slug; "" is the reader's own), per source. Two queries, one of them for the figures.

    Every figure comes from one statement, so they fit together at every moment. Raises Unknown for what is not the reader's.
    """
    require(may_read_balance(reader), Unknown())
    return balance_at(_agency(agency, reader), reader=reader)


def balance_at(found: Agency, *, reader: Actor) -> Balance:
    """The balance of an agency that was read, as `balance_of`; one query. Raises Unknown for what is not the reader's."""
    require(may_read_balance(reader) and reader.covers(found.pk), Unknown())
    return balances_of([found.pk]).get(found.pk) or Balance(found.slug)


def _agency(slug: str, reader: Actor) -> Agency:
    require("\x00" not in slug, Unknown())
    which = Q(slug=slug) if slug else Q(pk=reader.agency_id)
    found: Agency | None = Agency.objects.filter(which).first()
    if found is None or not reader.covers(found.pk):
        raise Unknown("Name an agency of yours.", field="agency", cure="Send ?agency= with its slug.")
    return found


def balances_of(agency_ids: list[int]) -> dict[int, Balance]:
    """The balances of several agencies in scope, by agency; one query. Agencies that sent nothing are missing."""
    per_state = {state: Count("state", filter=Q(state=state)) for state in STATES}  # `state` stands in the index, `id` does not
    rows = (
        Receipt.objects.filter(agency_id__in=agency_ids)
        .values("agency_id", "agency__slug", "source")
        .annotate(**per_state, repeated=Coalesce(Sum("repeats"), 0))
        .order_by("agency__slug", "source")
    )
    found: dict[int, Balance] = {}
    for row in rows:
        agency_id, slug = row.pop("agency_id"), row.pop("agency__slug")
        before = found.get(agency_id, Balance(slug)).sources
        found[agency_id] = Balance(slug, (*before, SourceBalance(**row)))
    return found


def receipt_of(*, receipt: str, reader: Actor) -> dict[str, Any]:
    """One receipt (its public id) as the interface promises it. Two queries at most.

    A sensor is not told of a restricted case. Raises Unknown: also for a caller who may not know of receipts.
    """
    require(may_read_receipts(reader), Unknown())
    found = Receipt.objects.filter(public_id=_uuid(receipt)).first()
    if found is None or not reader.covers(found.agency_id):
        raise Unknown()
    return receipt_as_json(found, reader=reader)


def receipt_as_json(found: Receipt, *, reader: Actor) -> dict[str, Any]:
    """A receipt's state, its case's number where the reader may know it, why, and its problem. One query at most."""
    number, restricted = None, False
    if found.case_id is not None:
        number, restricted = Case.objects.filter(pk=found.case_id).values_list("number", "restricted").first() or (None, False)
    hidden = restricted and reader.kind == "sensor"
    return {
        "receipt": str(found.public_id),
        "state": found.state,
        "case": None if hidden else number,
        "why": "" if hidden else found.why,
        "problem": found.problem,
    }


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One item that could not be understood, with the bytes as they came."""

    id: str
    agency: str
    source: str
    raw: bytes
    problem: dict[str, str]
    received_at: Any

    def as_json(self) -> dict[str, Any]:
        """As the interface promises it; the receipt's id names the letter too."""
        return {
            "id": self.id,
            "agency": self.agency,
            "raw": base64.b64encode(self.raw).decode(),
            "problem": self.problem,
            "receipt": self.id,
            "source": self.source,
            "received_at": self.received_at.isoformat().replace("+00:00", "Z"),
        }


def dead_letters(*, reader: Actor, agency: str = "", cursor: str = "") -> tuple[list[DeadLetter], str | None]:
    """One page of dead letters in the reader's agencies, newest first, and the next cursor. Two queries.

    A page ends early rather than hold more than `PAGE_BYTES`. A slug that is not the reader's finds nothing. Raises
    Unknown, NotAllowed, Invalid (`cursor`).
    """
    require(may_know_of_dead_letters(reader), Unknown())
    require(may_read_dead_letters(reader), NotAllowed())
    # One by one by their key: a join with the bodies may read all of them.
    size_of = Body.objects.filter(agency=OuterRef("agency"), receipt=OuterRef("pk")).values(size=Length("raw"))
    rows = Receipt.objects.filter(state=ReceiptState.DEAD).select_related("agency").annotate(size=Subquery(size_of))
    if agency:
        rows = rows.none() if "\x00" in agency else rows.filter(agency__slug=agency)
    found, following = page_of(rows, order=ORDER, cursor=cursor)
    size = 0
    for at, one in enumerate(found):
        size += one.size or 0
        if size > PAGE_BYTES and at > 0:
            found = found[:at]
            following = encode([found[-1].received_at.isoformat(), str(found[-1].public_id)])
            break
    raws = dict(Body.objects.filter(receipt__in=found).values_list("receipt_id", "raw"))
    letters = [
        DeadLetter(str(one.public_id), one.agency.slug, one.source, bytes(raws[one.pk]), one.problem or {}, one.received_at)
        for one in found
    ]
    return letters, following


def suppressions(*, reader: Actor) -> Any:
    """Suppressions in force in the reader's agencies, the next to end first; one query. Raises Unknown."""
    require(reader.sees_internal_rows and reader.kind != "sensor", Unknown())
    live = Suppression.objects.filter(ended_at=None, until__gt=reader.now())
    return live.select_related("agency", "owner").order_by("until", "id")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise Unknown() from None
