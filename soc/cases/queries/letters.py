"""One dead letter, and its bytes written so that nobody is harmed by reading them."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from soc.cases.intake.plain import FIELDS
from soc.cases.models import Body, Receipt
from soc.cases.policies import may_know_of_dead_letters, may_read_dead_letters, may_replay
from soc.cases.states import ReceiptState
from tenants.actors import Actor
from tenants.errors import NotAllowed, Unknown, require

MOST_SHOWN = 20_000  # characters
MOST_EXPORTED = 10_000
KEPT = ("\n", "\t")


@dataclass(frozen=True)
class LetterView:
    """One item that could not be understood. `shown` is its text with everything unprintable spelled out."""

    id: str
    agency: str
    acronym: str
    agency_name: str
    source: str
    received_at: datetime
    problem: dict[str, Any]
    size: int
    shown: str
    cut: bool
    text: str  # as it came, to begin a correction with; empty when it is not UTF-8
    may_replay: bool
    fields: tuple[str, ...]  # that a mapping may fill


def letter_of(*, letter: str, reader: Actor) -> LetterView:
    """One dead letter by its public id; 2 queries. Raises Unknown (also when it is dead no more), NotAllowed."""
    require(may_know_of_dead_letters(reader), Unknown())
    try:
        wanted = UUID(letter)
    except ValueError:
        raise Unknown() from None
    found = Receipt.objects.filter(public_id=wanted, state=ReceiptState.DEAD).select_related("agency").first()
    if found is None:
        raise Unknown()
    require(may_read_dead_letters(reader), NotAllowed())
    raw = bytes(Body.objects.get(receipt=found).raw)
    text = spelled(raw)
    return LetterView(
        id=str(found.public_id),
        agency=found.agency.slug,
        acronym=found.agency.acronym,
        agency_name=found.agency.name,
        source=found.source,
        received_at=found.received_at,
        problem=found.problem or {},
        size=len(raw),
        shown=text[:MOST_SHOWN],
        cut=len(text) > MOST_SHOWN,
        text=_as_it_came(raw),
        may_replay=may_replay(reader),
        fields=FIELDS,
    )


def letters_for_export(*, reader: Actor, agency: str = "") -> Iterator[tuple[Any, ...]]:
    """Id, agency, source, time and problem of dead letters, the newest first, at most 10,000; 1 query. Raises Unknown, NotAllowed."""
    require(may_know_of_dead_letters(reader), Unknown())
    require(may_read_dead_letters(reader), NotAllowed())
    rows = Receipt.objects.filter(state=ReceiptState.DEAD).order_by("-received_at", "-public_id")
    if agency:
        rows = rows.filter(agency__slug=agency)
    for one in rows.values("public_id", "agency__slug", "source", "received_at", "problem")[:MOST_EXPORTED]:
        problem = one["problem"] or {}
        told = [problem.get(name, "") for name in ("code", "detail", "field", "cure")]
        yield (str(one["public_id"]), one["agency__slug"], one["source"], one["received_at"], *told)


def spelled(raw: bytes) -> str:
    """Bytes as text: what is no UTF-8 as \\xNN, control and direction characters as \\uNNNN, so that nothing hides or turns around."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(
        char if char in KEPT or unicodedata.category(char)[0] not in "CZ" or char == " " else f"\\u{ord(char):04x}" for char in text
    )


def _as_it_came(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= MOST_SHOWN and "\x00" not in text else ""
