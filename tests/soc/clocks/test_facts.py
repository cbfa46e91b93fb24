"""The facts that ship with the product hold together, and say how they are known."""

import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from soc.clocks.terms import Term

FACTS = Path(__file__).parents[3] / "soc" / "clocks" / "facts"
INSTRUMENTS: list[dict[str, Any]] = json.loads((FACTS / "instruments.json").read_text())
RULES: list[dict[str, Any]] = json.loads((FACTS / "rules.json").read_text())

HOUR = 3600
ACKNOWLEDGE = {"critical": 900, "high": 1800, "medium": 2 * HOUR, "low": 8 * HOUR, "informational": 24 * HOUR}
CONTAIN = {"critical": HOUR, "high": 4 * HOUR, "medium": 24 * HOUR, "low": 72 * HOUR, "informational": 168 * HOUR}
KINDS = {"statute", "order", "directive", "memo", "contract_clause", "proposal", "guideline", "program_policy"}
STANDINGS = {"proposed", "in_force", "dormant", "lapsed", "superseded"}


def test_every_code_is_there_once() -> None:
    for facts in (INSTRUMENTS, RULES):
        codes = [fact["code"] for fact in facts]
        assert [code for code, count in Counter(codes).items() if count > 1 or len(code) > 60] == []
        assert [code for code in codes if not code.replace("-", "").isalnum() or code != code.lower()] == []


def test_instruments_say_what_they_are_and_where_they_stand() -> None:
    codes = {fact["code"] for fact in INSTRUMENTS}
    for fact in INSTRUMENTS:
        assert fact["kind"] in KINDS, fact["code"]
        days = [date.fromisoformat(state["effective_from"]) for state in fact["states"]]
        assert days == sorted(days) and days, fact["code"]
        for state in fact["states"]:
            assert state["standing"] in STANDINGS
            assert (state["standing"] == "superseded") == bool(state["superseded_by"])
            assert state["superseded_by"] in {"", *codes}


def test_only_what_was_read_counts_as_verified() -> None:
    for fact in [*RULES, *(state for instrument in INSTRUMENTS for state in instrument["states"])]:
        assert fact["tag"] in {"V", "S", "M", "X"}
        assert fact["verified"] is (fact["tag"] == "V")
        assert fact["source"]


def test_rules_hang_on_instruments_and_run_for_one_term() -> None:
    codes = {fact["code"] for fact in INSTRUMENTS}
    for rule in RULES:
        assert rule["instrument"] in codes
        given = [name for name in ("seconds", "business_days", "deadline") if rule.get(name) is not None]
        calendar = {"seconds": "calendar_time", "business_days": "business_days", "deadline": "fixed"}
        assert rule["calendar"] == (calendar[given[0]] if given else "unstated"), rule["code"]
        assert len(given) <= 1
        if "deadline" in given:
            assert Term(deadline=datetime.fromisoformat(rule["deadline"])).deadline


def test_what_runs_is_the_policy_and_the_report_to_cisa() -> None:
    wired: dict[str, dict[str, int]] = {}
    for rule in RULES:
        if rule["wired"]:
            wired.setdefault(rule["kind"], {})[rule.get("severity", "")] = rule["seconds"]
    assert wired == {"acknowledge": ACKNOWLEDGE, "contain": CONTAIN, "report_to_cisa": {"": HOUR}}
    of = {rule["instrument"] for rule in RULES if rule["kind"] in ("acknowledge", "contain")}
    assert {fact["kind"] for fact in INSTRUMENTS if fact["code"] in of} == {"program_policy"}


def test_what_was_revoked_or_is_only_proposed_is_not_in_force() -> None:
    now = {fact["code"]: fact["states"][-1]["standing"] for fact in INSTRUMENTS}
    wanted = {"bod-22-01": "superseded", "bod-19-02": "superseded", "m-21-31": "superseded", "circia": "dormant"}
    wanted |= {"circia-rule": "proposed", "bod-26-04": "in_force", "ed-2019-2024": "lapsed"}
    assert {code: now[code] for code in wanted} == wanted
