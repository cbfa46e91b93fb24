"""Alerts of one rule and one entity belong together for 24 hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from soc.cases.intake.dwell import dwell_is_unknown
from soc.cases.intake.grouping import about, decide, fingerprint, joins
from soc.cases.intake.normal import NormalAlert
from soc.cases.intake.recognising import normalise

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def alert(*entities: Any, rule: str = "r-1", **more: Any) -> NormalAlert:
    found = normalise({"title": "t", "rule": rule, "entities": list(entities), **more})
    assert isinstance(found, NormalAlert), found
    return found


@pytest.mark.parametrize(("hours", "together"), [(0, True), (23.99, True), (24, False), (48, False), (-5, True)])
def test_the_window_is_under_24_hours(hours: float, together: bool) -> None:
    assert joins(NOON, NOON + timedelta(hours=hours)) is together


def test_the_first_of_host_account_mail_address_url_resource_counts() -> None:
    named = [
        {"type": "resource", "value": "arn:x"},
        {"type": "url", "value": "http://e.example/"},
        {"type": "address", "value": "10.0.0.5"},
        {"type": "mail", "value": "a@e.example"},
        {"type": "account", "value": "AG\\ana"},
        {"type": "host", "value": "ws-17"},
    ]
    wanted = ["on resource arn:x", "on URL http://e.example/", "on address 10.0.0.5", "on mailbox a@e.example"]
    wanted += ["on account AG\\ana", "on host ws-17"]
    assert [about(alert(*named[: count + 1])) for count in range(6)] == wanted


def test_without_an_entity_the_rule_alone_counts() -> None:
    assert fingerprint(alert()) == fingerprint(alert({"type": "domain", "value": "e.example"}))
    assert about(alert()) == "on no entity, by the rule alone"


def test_what_was_only_observed_counts_after_what_was_named() -> None:
    assert about(alert("AG\\ana", observables=["10.0.0.5"])) == "on account AG\\ana"
    assert about(alert(observables=["10.0.0.5"])) == "on address 10.0.0.5"


def test_rule_and_entity_make_the_fingerprint_and_case_does_not() -> None:
    assert fingerprint(alert("WS-17")) == fingerprint(alert("ws-17", title="another title"))
    assert fingerprint(alert("AG\\Ana")) == fingerprint(alert("ag\\ana"))
    assert fingerprint(alert("ws-17")) != fingerprint(alert("ws-18"))
    assert fingerprint(alert("ws-17")) != fingerprint(alert("ws-17", rule="r-2"))


def test_every_decision_says_why() -> None:
    one = alert("ws-17")
    opened = decide(one, last_alert_at=None, received_at=NOON)
    joined = decide(one, last_alert_at=NOON - timedelta(hours=3, minutes=12), received_at=NOON)
    late = decide(one, last_alert_at=NOON - timedelta(hours=24), received_at=NOON)
    assert (opened.joins, joined.joins, late.joins) == (False, True, False)
    assert opened.why == "Opened a new case: no open case held “r-1” on host ws-17."
    assert joined.why == "Joined this case: “r-1” on host ws-17, and the last such alert came 3 h 12 min earlier."
    assert late.why.startswith("Opened a new case") and "24 h 0 min" in late.why


def test_old_or_unsaid_times_are_no_detection_times() -> None:
    assert dwell_is_unknown(None, NOON)
    assert dwell_is_unknown(NOON - timedelta(days=30, seconds=1), NOON)
    assert not dwell_is_unknown(NOON - timedelta(days=30), NOON)
