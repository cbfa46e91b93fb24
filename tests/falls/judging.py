"""The judge: what was promised, what is there, and what happened twice. Safety and liveness are judged apart."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Rows = Callable[..., list[tuple[Any, ...]]]
NAMED = 5  # of each fault, in the report

# Liveness: work that rows still hold.
UNFINISHED = {
    "receipts pending": "SELECT count(*) FROM cases_receipt WHERE state = 'pending'",
    "deliveries open or parked": "SELECT count(*) FROM tenants_delivery WHERE state IN ('open', 'parked')",
    "runs not over": "SELECT count(*) FROM playbooks_run WHERE state NOT IN ('done', 'failed', 'cancelled')",
    "timers due": (
        "SELECT count(*) FROM playbooks_timer t JOIN playbooks_run r ON r.id = t.run_id WHERE t.fired_at IS NULL AND r.ended_at IS NULL"
    ),
    "approvals open": "SELECT count(*) FROM playbooks_approval WHERE state = 'open'",
    "cases not scored": "SELECT count(*) FROM scorecards_observation WHERE unscored",
    "journal not sealed": (
        "SELECT count(*) FROM tenants_entry WHERE id > (SELECT COALESCE(max(last_id), 0) FROM tenants_seal WHERE stream = 'journal')"
    ),
    "audit not sealed": (
        "SELECT count(*) FROM tenants_auditrow WHERE id > (SELECT COALESCE(max(last_id), 0) FROM tenants_seal WHERE stream = 'audit')"
    ),
}

# Each delivery to the bell adds one to its topics: a run's topic stands at the number of its facts.
RUNG = """
SELECT 'run.' || (e.data ->> 'run') AS topic, count(*) AS done FROM tenants_delivery d JOIN tenants_entry e ON e.id = d.entry_id
WHERE d.state = 'done' AND d.subscriber LIKE 'soc.live.%' AND e.data ? 'run' GROUP BY 1
"""

# Safety, in the database alone: each query names what is there twice, with how often too many.
TWICE = {
    "alerts of one receipt": "SELECT receipt_id::text, count(*) - 1 FROM cases_alert GROUP BY receipt_id HAVING count(*) > 1",
    "receipts of one key": "SELECT key, count(*) - 1 FROM cases_receipt GROUP BY agency_id, key HAVING count(*) > 1",
    "bodies of one receipt": "SELECT receipt_id::text, count(*) - 1 FROM cases_body GROUP BY receipt_id HAVING count(*) > 1",
    "cases of one group": (
        "SELECT rule || ' on ' || entity, count(*) - 1 FROM cases_case GROUP BY agency_id, rule, entity HAVING count(*) > 1"
    ),
    "runs of one case": "SELECT subject, count(*) - 1 FROM playbooks_run GROUP BY agency_id, subject, trigger_id HAVING count(*) > 1",
    "effects under one key": "SELECT effect_key, count(*) - 1 FROM playbooks_effect GROUP BY agency_id, effect_key HAVING count(*) > 1",
    "undos of one step": "SELECT run_id::text, count(*) - 1 FROM playbooks_undo GROUP BY run_id, attempt_id HAVING count(*) > 1",
    "facts told twice": """
        SELECT kind || ' ' || subject, count(*) - 1 FROM tenants_entry
        WHERE kind IN ('cases.CaseOpened', 'playbooks.RunStarted', 'playbooks.RunEnded', 'playbooks.ApprovalAsked',
                       'playbooks.ApprovalDecided', 'playbooks.VoteGiven', 'playbooks.UndoRegistered', 'playbooks.StepEnded')
        GROUP BY kind, subject, data ->> 'step', data ->> 'approval', data ->> 'voter' HAVING count(*) > 1""",
    "lines of one fact": (
        "SELECT entry_id::text, count(*) - 1 FROM cases_timelineentry WHERE entry_id IS NOT NULL AND origin = 'automation' "
        "GROUP BY case_id, entry_id HAVING count(*) > 1"
    ),
    "alerts counted twice": """
        SELECT c.number, c.alert_count - count(a.id) FROM cases_case c LEFT JOIN cases_alert a ON a.case_id = c.id
        GROUP BY c.id, c.number, c.alert_count HAVING c.alert_count > count(a.id)""",
    "bells rung twice": """
        SELECT t.topic, t.n - d.done FROM live_topiccount t JOIN (RUNG) d ON d.topic = t.topic WHERE t.n > d.done""".replace("RUNG", RUNG),
}
# The same for what is missing though the work was done.
LOST = {
    "settled receipts without an alert": """
        SELECT r.key, 1 FROM cases_receipt r LEFT JOIN cases_alert a ON a.receipt_id = r.id
        WHERE r.state IN ('grouped', 'opened', 'suppressed') AND a.id IS NULL""",
    "alerts that count as dead": "SELECT key, 1 FROM cases_receipt WHERE state = 'dead'",
    "severe cases without a run": """
        SELECT c.number, 1 FROM cases_case c LEFT JOIN playbooks_run r ON r.subject = 'case:' || c.id
        WHERE c.severity = 'high' AND r.id IS NULL""",
    "runs that did not isolate": (
        "SELECT public_id::text || ' ' || detail, 1 FROM playbooks_run WHERE state IN ('failed', 'cancelled') OR "
        "(state = 'done' AND detail <> 'Isolated')"
    ),
    "facts without a delivery": """
        SELECT kind || ' ' || e.id, 1 FROM tenants_entry e WHERE kind = 'cases.CaseOpened'
        AND NOT EXISTS (SELECT 1 FROM tenants_delivery d WHERE d.entry_id = e.id)""",
    "alerts not counted": """
        SELECT c.number, count(a.id) - c.alert_count FROM cases_case c LEFT JOIN cases_alert a ON a.case_id = c.id
        GROUP BY c.id, c.number, c.alert_count HAVING c.alert_count < count(a.id)""",
    "bells not rung": """
        SELECT d.topic, d.done - COALESCE(t.n, 0) FROM (RUNG) d LEFT JOIN live_topiccount t ON d.topic = t.topic
        WHERE COALESCE(t.n, 0) < d.done""".replace("RUNG", RUNG),
}


@dataclass(frozen=True)
class Promised:
    """What the service took: alerts as (agency, key, receipt), and the approvals whose vote it took."""

    alerts: frozenset[tuple[str, str, str]]
    votes: frozenset[str] = frozenset()


@dataclass
class Verdict:
    """The figures of one proof, and the first of what is wrong by name."""

    accepted: int = 0
    stored: int = 0
    isolations: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    twice: Counter[str] = field(default_factory=Counter)
    unfinished: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.twice or self.unfinished)

    def add(self, to: Counter[str], fault: str, found: Iterable[tuple[Any, ...]]) -> None:
        """Count faults of a kind and name the first few."""
        found = list(found)
        to.update({fault: sum(int(row[-1]) for row in found)} if found else {})
        self.named += [f"{fault}: {row[0]}" for row in found[:NAMED]]

    def figures(self) -> dict[str, int]:
        """As the last line of a proof tells them."""
        counts = {name: sum(getattr(self, name).values()) for name in ("lost", "twice", "unfinished")}
        return {"accepted": self.accepted, "stored": self.stored, **counts}

    def report(self) -> list[str]:
        lines = [f"{name}: {fault} {count}" for name in ("lost", "twice", "unfinished") for fault, count in getattr(self, name).items()]
        return [*lines, *(f"  {one}" for one in self.named)]


def unfinished(rows: Rows) -> Counter[str]:
    """Work that rows hold now, by kind; nothing when all is done."""
    counted = {name: int(rows(sql)[0][0]) for name, sql in UNFINISHED.items()}
    return Counter({name: count for name, count in counted.items() if count})


def judge(promised: Promised, rows: Rows, isolations: Iterable[dict[str, Any]]) -> Verdict:
    """Compare what was promised with the database and with what the product was told (`host`, `key`)."""
    verdict = Verdict(accepted=len({(slug, key) for slug, key, _ in promised.alerts}))
    _judge_alerts(verdict, promised, rows)
    _judge_isolations(verdict, rows, list(isolations))
    voted = {str(one) for (one,) in rows("SELECT a.public_id FROM playbooks_vote v JOIN playbooks_approval a ON a.id = v.approval_id")}
    verdict.add(verdict.lost, "votes", [(one, 1) for one in promised.votes - voted])
    for fault, sql in TWICE.items():
        verdict.add(verdict.twice, fault, rows(sql))
    for fault, sql in LOST.items():
        verdict.add(verdict.lost, fault, rows(sql))
    verdict.unfinished = unfinished(rows)
    return verdict


def _judge_alerts(verdict: Verdict, promised: Promised, rows: Rows) -> None:
    sql = """SELECT a.slug, r.key, r.public_id::text, count(b.id) FROM cases_receipt r JOIN tenants_agency a ON a.id = r.agency_id
             LEFT JOIN cases_body b ON b.receipt_id = r.id GROUP BY a.slug, r.key, r.public_id"""
    there = {(slug, key, receipt): bodies for slug, key, receipt, bodies in rows(sql)}
    whole = {one for one in promised.alerts if there.get(one) == 1}
    verdict.stored = len({(slug, key) for slug, key, _ in whole})
    verdict.add(verdict.lost, "accepted alerts", [(" ".join(one), 1) for one in sorted(promised.alerts - whole)])


def _judge_isolations(verdict: Verdict, rows: Rows, isolations: list[dict[str, Any]]) -> None:
    """One isolation for each host, under the one key that its run wrote down; each run that says so did it."""
    verdict.isolations = len(isolations)
    hosts = Counter(str(one["host"]) for one in isolations)
    keys = Counter(str(one["key"]) for one in isolations)
    verdict.add(verdict.twice, "isolations of one host", [(host, count - 1) for host, count in hosts.items() if count > 1])
    verdict.add(verdict.twice, "isolations under one key", [(key, count - 1) for key, count in keys.items() if count > 1])
    meant = {key for (key,) in rows("SELECT DISTINCT effect_key FROM playbooks_stepattempt WHERE kind = 'http'")}
    verdict.add(verdict.twice, "isolations that no run meant", [(key, 1) for key in keys if key not in meant])
    said = rows("SELECT effect_key FROM playbooks_stepattempt WHERE state = 'ok' AND rendered ->> 'action' = 'endpoint.isolate'")
    verdict.add(verdict.lost, "isolations", [(key, 1) for (key,) in said if key not in keys])
