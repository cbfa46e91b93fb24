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
    instruments, rules = _read("instruments.json"), _read("rules.json")
    with transaction.atomic():
        known = {one.code: one for one in Instrument.objects.all()}
        new = [Instrument(code=f["code"], name=f["name"], kind=f["kind"]) for f in instruments if f["code"] not in known]
        Instrument.objects.bulk_create(new)
        known |= {one.code: one for one in new}
        return len(new) + _load_states(instruments, known, by) + _load_rules(rules, known, by)


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FACTS / name).read_text())
    return found


def _load_states(facts: list[dict[str, Any]], known: dict[str, Instrument], by: Actor) -> int:
    before = InstrumentState.objects.filter(recorded_by=BY_FACTS).order_by("id")
    said = {(state.instrument_id, state.effective_from): _state_told(state) for state in before}
    states = [_state(known[fact["code"]], told, by.now()) for fact in facts for told in fact["states"]]
    new = [state for state in states if said.get((state.instrument_id, state.effective_from)) != _state_told(state)]
    InstrumentState.objects.bulk_create(new)
    return len(new)


def _state(instrument: Instrument, told: dict[str, Any], at: datetime) -> InstrumentState:
    return InstrumentState(
        instrument=instrument,
        standing=told["standing"],
        effective_from=date.fromisoformat(told["effective_from"]),
        in_force_from=_day(told.get("in_force_from")),
        in_force_until=_day(told.get("in_force_until")),
        superseded_by=told.get("superseded_by") or "",
        source=told["source"],
        tag=told.get("tag", ""),
        verified=told.get("verified", False),
        note=told.get("note", ""),
        recorded_at=at,
        recorded_by=BY_FACTS,
    )


def _state_told(state: InstrumentState) -> tuple[Any, ...]:
    return (
        state.standing,
        state.in_force_from,
        state.in_force_until,
        state.superseded_by,
        state.source,
        state.tag,
        state.verified,
        state.note,
    )


def _load_rules(facts: list[dict[str, Any]], known: dict[str, Instrument], by: Actor) -> int:
    said = {rule.code: _rule_told(rule) for rule in Rule.objects.order_by("id")}
    rules = [_rule(known[fact["instrument"]], fact, by.now()) for fact in facts]
    new = [rule for rule in rules if said.get(rule.code) != _rule_told(rule)]
    Rule.objects.bulk_create(new)
    return len(new)


def _rule(instrument: Instrument, told: dict[str, Any], at: datetime) -> Rule:
    return Rule(
        code=told["code"],
        instrument=instrument,
        kind=told["kind"],
        label=told["label"],
        trigger=told["trigger"],
        severity=told.get("severity", ""),
        calendar=told["calendar"],
        duration=timedelta(seconds=told["seconds"]) if told.get("seconds") else None,
        business_days=told.get("business_days"),
        deadline=datetime.fromisoformat(told["deadline"]) if told.get("deadline") else None,
        may_pause=told.get("may_pause", False),
        recipient=told.get("recipient", ""),
        wired=told.get("wired", False),
        source=told.get("source", ""),
        tag=told.get("tag", ""),
        verified=told.get("verified", False),
        note=told.get("note", ""),
        recorded_at=at,
    )


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
        rule.tag,
        rule.verified,
        rule.note,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
