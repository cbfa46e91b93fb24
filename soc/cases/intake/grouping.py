"""Which alerts belong together, and why."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from soc.cases.intake.entities import leading_entity
from soc.cases.intake.normal import NormalAlert

WINDOW = timedelta(hours=24)


def fingerprint(alert: NormalAlert) -> str:
    """What the alerts of one case share within an agency, as 64 hex digits: the rule and the entity, or the rule alone."""
    entity = leading_entity(alert)
    parts = [alert.rule_key, *(entity.compared if entity else ())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def joins(last_alert_at: datetime, received_at: datetime) -> bool:
    """Whether an alert received at one time joins an open case whose last alert was received at another.

    Both are times of receipt: the sensor's own times do not move the window. An alert exactly 24 hours later opens a new case.
    """
    return received_at - last_alert_at < WINDOW


@dataclass(frozen=True, slots=True)
class Grouping:
    """Where an alert goes. `joins` is False when it opens a case; `why` is a sentence for people."""

    fingerprint: str
    joins: bool
    why: str


def decide(alert: NormalAlert, *, last_alert_at: datetime | None, received_at: datetime) -> Grouping:
    """Whether the alert joins the open case of its fingerprint (`last_alert_at` is None when there is none), and why."""
    joined = last_alert_at is not None and joins(last_alert_at, received_at)
    return Grouping(fingerprint(alert), joined, explain(alert, last_alert_at=last_alert_at, received_at=received_at))


def explain(alert: NormalAlert, *, last_alert_at: datetime | None, received_at: datetime) -> str:
    """One sentence that says why the alert joined a case or opened one."""
    subject = f"“{alert.rule_name}” {about(alert)}"
    if last_alert_at is None:
        return f"Opened a new case: no open case held {subject}."
    if joins(last_alert_at, received_at):
        return f"Joined this case: {subject}, and the last such alert came {_ago(received_at - last_alert_at)} earlier."
    return f"Opened a new case: the last alert of {subject} came {_ago(received_at - last_alert_at)} earlier, 24 hours or more."


def about(alert: NormalAlert) -> str:
    """What the alert is grouped by besides its rule, in words: "on host ws-17", or "on no entity, by the rule alone"."""
    entity = leading_entity(alert)
    words = {"url": "URL", "mail": "mailbox"}
    return f"on {words.get(entity.type, entity.type)} {entity.value}" if entity else "on no entity, by the rule alone"


def _ago(gap: timedelta) -> str:
    minutes = max(int(gap.total_seconds() // 60), 0)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} days"
