"""The figures of a period again, from the journal alone, and where they differ from what is stored."""

from dataclasses import dataclass
from typing import Any

from soc.scorecards.measures import MEASURES
from soc.scorecards.models import Figure, Scorecard
from soc.scorecards.periods import Period
from soc.scorecards.queries.journal import cases_from_journal
from soc.scorecards.scoring import figures
from soc.scorecards.survival import NOTHING


@dataclass(frozen=True)
class Replay:
    """A scorecard counted again: what the journal says, and each field in which the stored one says something else."""

    figures: dict[str, Any]
    differences: tuple[str, ...]


def replayed(*, agency_id: int, period: Period) -> Replay:
    """Fold every entry of the agency up to the stored position, count the period, compare. 3 queries."""
    card = Scorecard.objects.filter(agency_id=agency_id, period=period.name).first()
    told = [folded for _, folded in cases_from_journal(agency_id=agency_id, up_to=card.as_of if card else None) if not folded.restricted]
    held = [folded.facts for folded in told if period.holds(folded.facts.opened_at)]
    again: dict[str, Any] = {
        "cases": len(held),
        "closed": sum(facts.closed_at is not None for facts in held),
        "as_of": max((folded.entries[-1] for folded in told), default=0),
    }
    if told:
        for found in figures(held, as_of=max(folded.at for folded in told)):
            again |= _flat(found.measure, found.estimate, found.excluded)
    else:
        for measure in MEASURES:
            again |= _flat(measure, NOTHING, 0)
    return Replay(again, tuple(_differences(again, _stored(card))) if card or held else ())


def _stored(card: Scorecard | None) -> dict[str, Any]:
    if card is None:
        return {}
    stored: dict[str, Any] = {"cases": card.cases, "closed": card.closed, "as_of": card.as_of}
    for row in Figure.objects.filter(scorecard=card):
        stored |= _flat(row.measure, row.estimate, row.excluded)
    return stored


def _flat(measure: str, estimate: Any, excluded: int) -> dict[str, Any]:
    return {
        f"{measure} value": estimate.value,
        f"{measure} interval": list(estimate.interval),
        f"{measure} n": estimate.n,
        f"{measure} events": estimate.events,
        f"{measure} excluded": excluded,
    }


def _differences(again: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    return [
        f"{name}: the journal says {value}, the scorecard says {stored.get(name, 'nothing')}"
        for name, value in again.items()
        if name not in stored or stored[name] != value
    ]
