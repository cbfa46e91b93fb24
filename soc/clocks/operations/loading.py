"""Loading the instruments and rules that ship with the product, as rows that are added and never edited."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from soc.clocks.models import Instrument, InstrumentState, Rule
from tenants.actors import Actor, system

FACTS = Path(__file__).resolve().parent.parent / "facts"
BY_FACTS = "facts"


def load_facts(*, by: Actor | None = None) -> int:
    """Add what the facts files say and the tables do not; returns how many rows were added, 0 the second time.

    A fact that an admin has corrected is not loaded again: only what the files said last is compared.
    """
    by = by or system("facts")
    with transaction.atomic():
        return _load_instruments(_read("instruments.json"), by) + _load_rules(_read("rules.json"), by)


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FACTS / name).read_text())
    return found


def _load_instruments(facts: list[dict[str, Any]], by: Actor) -> int:
    known = {one.code: one for one in Instrument.objects.all()}
    new = [Instrument(code=f["code"], name=f["name"], kind=f["kind"]) for f in facts if f["code"] not in known]
    Instrument.objects.bulk_create(new)
    known |= {one.code: one for one in new}
    said = {(s.instrument_id, s.effective_from): _state_told(s) for s in InstrumentState.objects.filter(recorded_by=BY_FACTS).order_by("id")}
    states = []
    for fact in facts:
        for told in fact["states"]:
            state = _state(known[fact["code"]], told, by.now())
            if said.get((state.instrument_id, state.effective_from)) != _state_told(state):
                states.append(state)
    InstrumentState.objects.bulk_create(states)
    return len(new) + len(states)


def _state(instrument: Instrument, told: dict[str, Any], at: datetime) -> InstrumentState:
    return InstrumentState(
        instrument=instrument,
        standing=told["standing"],
        effective_from=_day(told["effective_from"]),
        in_force_from=_day(told.get("in_force_from")),
        in_force_until=_day(told.get("in_force_until")),
        superseded_by=told.get("superseded_by", ""),
        source=told["source"],
        verified=told.get("verified", False),
        note=told.get("note", ""),
        recorded_at=at,
        recorded_by=BY_FACTS,
    )


def _state_told(state: InstrumentState) -> tuple[Any, ...]:
    return (state.standing, state.in_force_from, state.in_force_until, state.superseded_by, state.source, state.verified, state.note)


def _load_rules(facts: list[dict[str, Any]], by: Actor) -> int:
    instruments = {one.code: one.pk for one in Instrument.objects.all()}
    said = {rule.code: _rule_told(rule) for rule in Rule.objects.order_by("id")}
    rules = []
    for fact in facts:
        rule = Rule(
            code=fact["code"],
            instrument_id=instruments[fact["instrument"]],
            kind=fact["kind"],
            label=fact["label"],
            trigger=fact["trigger"],
            severity=fact.get("severity", ""),
            calendar=fact.get("calendar", "calendar_time"),
            duration=timedelta(seconds=fact["seconds"]) if fact.get("seconds") else None,
            business_days=fact.get("business_days"),
            deadline=datetime.fromisoformat(fact["deadline"]) if fact.get("deadline") else None,
            may_pause=fact.get("may_pause", False),
            recipient=fact.get("recipient", ""),
            wired=fact.get("wired", False),
            source=fact.get("source", ""),
            verified=fact.get("verified", False),
            note=fact.get("note", ""),
            recorded_at=by.now(),
        )
        if said.get(rule.code) != _rule_told(rule):
            rules.append(rule)
    Rule.objects.bulk_create(rules)
    return len(rules)


def _rule_told(rule: Rule) -> tuple[Any, ...]:
    return (
        rule.instrument_id,
        rule.kind,
        rule.label,
        rule.trigger,
        rule.severity,
        rule.calendar,
        rule.term,
        rule.recipient,
        rule.wired,
        rule.source,
        rule.verified,
        rule.note,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
