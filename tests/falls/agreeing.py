"""The judge of playbooks under kills: what each book must leave, what the product outside counted, and what the rows say, held together."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.falls.judging import TWICE, Verdict
from tests.falls.shapes import CLASSES, Shape, of

Rows = Callable[..., list[tuple[Any, ...]]]
CLASS_OF = {"openc2": "keyed"}  # parts of the product that are not named by their class

RUNS = """
SELECT r.public_id::text, r.variables ->> '__no__', r.state, r.waits_for, r.depth, EXISTS (
  SELECT 1 FROM playbooks_stepattempt a JOIN playbooks_run own ON own.id = a.run_id
  WHERE own.subject = r.subject AND own.depth >= r.depth AND a.state = 'unknown' AND a.effect_class = 'unsafe')
FROM playbooks_run r
"""
ATTEMPTS = """
SELECT COALESCE(a.rendered -> 'headers' ->> 'X-Of', a.rendered -> 'arguments' ->> 'text'), a.effect_class, a.state, a.effect_key,
  COALESCE(a.rendered -> 'headers' ->> 'Idempotency-Key', a.rendered -> 'headers' ->> 'X-Request-ID', ''),
  (a.started_at IS NOT NULL)::int, a.checks, a.state = 'unknown' OR a.response ? 'answer', a.public_id::text
FROM playbooks_stepattempt a WHERE a.kind IN ('local', 'http')
"""
NOTES = "SELECT text, count(*) FROM cases_note GROUP BY text"
STEPS = """
SELECT r.subject, count(DISTINCT (a.frame_id, a.step_id, a.iteration)) FROM playbooks_stepattempt a JOIN playbooks_run r ON r.id = a.run_id
GROUP BY r.subject
"""
EFFECTS = "SELECT effect_key, count(*) FROM playbooks_effect GROUP BY effect_key"
# Each note is told once in the journal, each end of an attempt once.
TOLD = {
    "notes told twice": (
        "SELECT data ->> 'note', count(*) - 1 FROM tenants_entry WHERE kind = 'cases.NoteWritten' GROUP BY 1 HAVING count(*) > 1"
    ),
    "ends of runs told twice": (
        "SELECT subject, count(*) - 1 FROM tenants_entry WHERE kind IN ('playbooks.RunStarted', 'playbooks.RunEnded') "
        "GROUP BY kind, subject HAVING count(*) > 1"
    ),
    **{name: TWICE[name] for name in ("effects under one key", "lines of one fact", "bells rung twice")},
}


@dataclass(frozen=True)
class Request:
    """One request as the product wrote it down. `did` is the number of the effect, 0 for none; `said` 0 is no answer."""

    part: str
    key: str
    of: str
    did: int
    said: int
    gone: bool = False
    looked: bool = False
    path: str = ""
    state: str = ""

    @property
    def kind(self) -> str:
        return CLASS_OF.get(self.part, self.part)


@dataclass(frozen=True)
class Attempt:
    """One row. `sent` is the key that its request carries; `begun` and `checks` say how often it may have left."""

    of: str
    kind: str
    state: str
    key: str
    sent: str = ""
    begun: int = 1
    checks: int = 0
    asked: bool = False
    id: str = ""


@dataclass(frozen=True)
class Standing:
    """A run as it stands; `doubt`: it, or a run that it started, asks a person about an unsafe step."""

    run: str
    no: str
    state: str
    waits_for: str = ""
    depth: int = 0
    doubt: bool = False


@dataclass
class Seen:
    """Everything that the judge looks at. `promised` are the started runs by number: their outside id and their book."""

    promised: Mapping[str, tuple[str, Shape]]
    requests: Sequence[Request]
    runs: Sequence[Standing]
    attempts: Sequence[Attempt]
    notes: Mapping[str, int]
    effects: Mapping[str, int] = field(default_factory=dict)  # rows of the engine's own, by effect key
    told: Mapping[str, Iterable[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def expected(self) -> dict[str, str]:
        """What each step of each promised run is about, with its class."""
        return {of(no, step, turn): kind for no, (_, shape) in self.promised.items() for step, turn, kind in shape.effects}


@dataclass(frozen=True)
class Line:
    """One class of effects in the table."""

    steps: int = 0
    requests: int = 0
    effects: int = 0
    repeats: int = 0
    look_ups: int = 0
    in_doubt: int = 0
    asked: int = 0


def read_requests(file: Path) -> list[Request]:
    """What the product wrote down so far."""
    names = Request.__dataclass_fields__
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [Request(**{name: value for name, value in one.items() if name in names}) for one in lines]


def look(promised: Mapping[str, tuple[str, Shape]], requests: Sequence[Request], rows: Rows) -> Seen:
    """Everything as it stands now."""
    return Seen(
        promised=promised,
        requests=requests,
        runs=[Standing(*row) for row in rows(RUNS)],
        attempts=[Attempt(*row) for row in rows(ATTEMPTS)],
        notes=dict(rows(NOTES)),  # type: ignore[arg-type]
        effects=dict(rows(EFFECTS)),  # type: ignore[arg-type]
        told={name: rows(sql) for name, sql in TOLD.items()},
    )


def judge(seen: Seen, *, over: bool) -> Verdict:
    """Hold it all together. `over`: people have answered, so every run must be done and everything expected be there."""
    verdict = Verdict(accepted=len(seen.promised), stored=len({one.no for one in seen.runs if one.depth == 0} & set(seen.promised)))
    _judge_runs(verdict, seen, over=over)
    _judge_effects(verdict, seen, over=over)
    _judge_agreement(verdict, seen)
    for fault, found in seen.told.items():
        verdict.add(verdict.twice, fault, found)
    return verdict


def _judge_runs(verdict: Verdict, seen: Seen, *, over: bool) -> None:
    there = {one.run for one in seen.runs}
    verdict.add(verdict.lost, "runs", [(f"{no} {run}", 1) for no, (run, _) in seen.promised.items() if run not in there])
    tops = Counter(one.no for one in seen.runs if one.depth == 0)
    verdict.add(verdict.twice, "runs", [(no, count - 1) for no, count in tops.items() if count > 1])
    wrong = [one for one in seen.runs if one.state in ("failed", "stopped", "cancelled")]
    verdict.add(verdict.lost, "runs that failed", [(f"{one.no} {one.run} {one.state}", 1) for one in wrong])
    still = [one for one in seen.runs if one.state in ("ready", "running", "waiting")]
    waits = [one for one in still if not over and one.doubt and one.state == "waiting" and one.waits_for in ("person", "run")]
    left = [one for one in still if one not in waits]
    verdict.add(verdict.unfinished, "runs that stand still", [(f"{one.no} {one.run} {one.state} {one.waits_for}", 1) for one in left])


def _judge_effects(verdict: Verdict, seen: Seen, *, over: bool) -> None:
    """What is outside and on the cases, against what the books say."""
    expected = seen.expected
    done = Counter(one.of for one in seen.requests if one.did)
    sent = Counter(one.of for one in seen.requests if not one.looked)
    by_class = {kind: [about for about, of_kind in expected.items() if of_kind == kind] for kind in CLASSES}
    local = [(about, seen.notes.get(about, 0)) for about in by_class["local"]]
    verdict.add(verdict.twice, "local effects", [(about, count - 1) for about, count in local if count > 1])
    for kind in ("keyed", "verifiable", "unsafe"):
        found = [(about, done[about] - 1) for about in by_class[kind] if done[about] > 1]
        verdict.add(verdict.twice, f"{kind} effects", found)
    again = Counter(one.key for one in seen.requests if one.kind == "unsafe")
    verdict.add(verdict.twice, "unsafe requests under one key", [(key, count - 1) for key, count in again.items() if count > 1])
    twice = [(about, sent[about] - 1) for about in by_class["unsafe"] if sent[about] > 1]
    verdict.add(verdict.twice, "unsafe requests of one step", twice)
    if over:
        left = [one for one in seen.attempts if one.state not in ("ok", "failed", "skipped")]
        verdict.add(verdict.unfinished, "steps left open", [(f"{one.of} {one.state}", 1) for one in left])
        verdict.add(verdict.lost, "local effects", [(about, 1) for about, count in local if count == 0])
        for kind in ("idempotent", "keyed", "verifiable"):
            verdict.add(verdict.lost, f"{kind} effects", [(about, 1) for about in by_class[kind] if not done[about]])
        for kind in ("read", "unsafe"):
            # An unsafe call whose worker died before it left is in doubt as well; a person has said that it did not happen.
            asked = {one.of for one in seen.attempts if one.asked}
            found = [(about, 1) for about in by_class[kind] if not sent[about] and not (kind == "unsafe" and about in asked)]
            verdict.add(verdict.lost, f"{kind} requests", found)
        _judge_states(verdict, seen)


def _judge_states(verdict: Verdict, seen: Seen) -> None:
    """Each state is the one that its run set last."""
    stand: dict[str, str] = {}
    for one in sorted((one for one in seen.requests if one.kind == "idempotent" and one.did), key=lambda one: one.did):
        stand[one.path] = one.state
    for no, (_, shape) in seen.promised.items():
        for lane, (step, turn) in shape.last.items():
            path, wanted = f"/idempotent/{no}/{lane}", of(no, step, turn)
            if stand.get(path) != wanted:
                verdict.add(verdict.lost, "states that are not the last", [(f"{path}: {stand.get(path)}, not {wanted}", 1)])


def _judge_agreement(verdict: Verdict, seen: Seen) -> None:
    """Rows and the product's own count say the same of each request."""
    rows: dict[str, list[Attempt]] = {}
    for one in seen.attempts:
        rows.setdefault(one.of, []).append(one)
    strange = [one for one in seen.requests if not one.looked and one.of not in rows]
    verdict.add(verdict.twice, "requests that no row meant", [(one.of, 1) for one in strange])
    keys: dict[str, set[str]] = {}
    for request in seen.requests:
        if request.key and not request.looked:
            keys.setdefault(request.of, set()).add(request.key)
    wrong = [(about, 1) for about, some in keys.items() if some != {one.sent for one in rows.get(about, ())}]
    verdict.add(verdict.twice, "keys that the rows do not name", wrong)
    sent = Counter(one.of for one in seen.requests if not one.looked)
    most = {about: sum(one.begun + one.checks for one in some) for about, some in rows.items()}
    more = [(about, count - most[about]) for about, count in sent.items() if about in most and count > most[about]]
    verdict.add(verdict.twice, "requests that were not written down before", more)
    done = Counter(one.of for one in seen.requests if one.did)
    acts = [one for one in seen.attempts if one.kind in ("idempotent", "keyed", "verifiable", "unsafe")]
    verdict.add(verdict.lost, "effects that rows tell of", [(one.of, 1) for one in acts if one.state == "ok" and not done[one.of]])
    refused = [one for one in acts if one.state in ("failed", "skipped") and done[one.of]]
    verdict.add(verdict.lost, "effects that rows deny", [(one.of, 1) for one in refused])
    kept = [one for one in acts if one.state == "ok" and not one.asked and seen.effects.get(one.key) != 1]
    verdict.add(verdict.lost, "effects without a row", [(one.of, 1) for one in kept])
    local = Counter(one.of for one in seen.attempts if one.kind == "local" and one.state == "ok")
    verdict.add(verdict.lost, "notes that rows tell of", [(one, 1) for one, n in local.items() if seen.notes.get(one, 0) != n])
    # Whoever got no answer, or none that tells, does not know: then a person is asked, of whatever must not be repeated.
    asked = {one.of for one in seen.attempts if one.asked}
    open_ones = {one.of for one in seen.requests if one.kind == "unsafe" and one.said != 200}
    verdict.add(verdict.lost, "unsafe steps in doubt that nobody was asked about", [(one, 1) for one in sorted(open_ones - asked)])


def table(seen: Seen) -> dict[str, Line]:
    """A line a class."""
    lines = {}
    for kind in CLASSES:
        steps = {about for about, of_kind in seen.expected.items() if of_kind == kind}
        mine = [one for one in seen.attempts if one.kind == kind]
        requests = [one for one in seen.requests if one.kind == kind and not one.looked]
        local = sum(seen.notes.get(about, 0) for about in steps)
        lines[kind] = Line(
            steps=len(steps),
            requests=len(requests),
            effects=local if kind == "local" else sum(bool(one.did) for one in requests),
            repeats=len(requests) - len({one.of for one in requests}),
            look_ups=sum(one.looked for one in seen.requests if one.kind == kind),
            in_doubt=len({one.of for one in mine if one.checks or one.asked}),
            asked=len({one.of for one in mine if one.asked}),
        )
    return lines


def told(lines: Mapping[str, Line]) -> list[str]:
    """The table for people."""
    names = list(Line.__dataclass_fields__)
    head = f"{'effect':<12}" + "".join(f"{name.replace('_', ' '):>11}" for name in names)
    return [head, *(f"{kind:<12}" + "".join(f"{getattr(line, name):>11}" for name in names) for kind, line in lines.items())]
