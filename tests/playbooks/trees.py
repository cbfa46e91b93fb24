"""Playbooks that grow at random as trees of blocks, and a small oracle that says of a tree how its run must go."""

from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any
from uuid import UUID

SUCCESS, FAILURE, TIMEOUT = "success", "failure", "timeout"
AGENT = "individual--5b0c2a1e-0d5f-4f7c-8a57-3f6f0e9a1c11"
IDENTITY = "identity--3b0f5c62-8f0a-4c1e-9d53-0f3a7b1e6c21"
MOST_STEPS = 40


@dataclass(frozen=True)
class Step:
    """One step of a way; of a block also its ways by key. A failure is `rescue`d by a way of its own, by the `next` step, or not at all."""

    id: str
    kind: str
    ways: dict[str, "Way"] = field(default_factory=dict)
    rescue: "Way | str | None" = None
    delay: int = 0
    timeout: int = 0
    value: str = ""  # of the variable that a block asks
    luck: tuple[str, ...] = (SUCCESS,)

    @property
    def variable(self) -> str:
        return f"__v{self.id[-12:]}__"


@dataclass(frozen=True)
class Way:
    """Steps one after another, and the end after them."""

    steps: tuple[Step, ...]
    end: str


class Gardener:
    """Grows trees."""

    def __init__(self, luck: Random) -> None:
        self.luck = luck
        self.grown = 0

    def id(self, kind: str) -> str:
        self.grown += 1
        return f"{kind}--{UUID(int=self.grown, version=4)}"

    def way(self, depth: int) -> Way:
        return Way(tuple(self.step(depth) for _ in range(self.luck.choice([0, 1, 2, 2, 3]))), self.id("end"))

    def step(self, depth: int) -> Step:
        kinds = ["action", "action", "playbook-action"]
        if depth and self.grown < MOST_STEPS:
            kinds += ["if-condition", "while-condition", "switch-condition", "parallel"]
        kind = self.luck.choice(kinds)
        some: dict[str, Any] = {
            "delay": self.luck.choice([0, 0, 0, 500, 2000]),
            "timeout": self.luck.choice([0, 0, 1000, 3000]),
            "luck": tuple(self.luck.choice([*[SUCCESS] * 6, FAILURE, TIMEOUT]) for _ in range(self.luck.randint(1, 3))),
            "rescue": self.luck.choice([None, None, "next"]),
        }
        if depth and self.luck.random() < 0.3:
            some["rescue"] = self.way(depth - 1)
        if kind == "if-condition":
            some["ways"] = {"on_true": self.way(depth - 1), **({"on_false": self.way(depth - 1)} if self.luck.random() < 0.5 else {})}
            some["value"] = self.luck.choice("yn")
        elif kind == "while-condition":
            body = self.way(depth - 1)
            tick = Step(self.id("action"), "action")
            some |= {"ways": {"on_true": Way((tick, *body.steps), body.end)}, "value": str(self.luck.randint(0, 3))}
        elif kind == "switch-condition":
            keys = self.luck.sample(["a", "b", "default"], self.luck.randint(1, 3))
            some |= {"ways": {key: self.way(depth - 1) for key in keys}, "value": self.luck.choice("abz")}
        elif kind == "parallel":
            some["ways"] = {str(number): self.way(depth - 1) for number in range(self.luck.randint(2, 3))}
        return Step(self.id(kind), kind, **some)


class Oracle:
    """Walks a tree as a person would read it, and notes down the steps, how they came out, and what each step was to answer."""

    def __init__(self) -> None:
        self.log: list[list[str]] = []
        self.answers: dict[str, list[dict[str, Any]]] = {}
        self.visits: dict[str, int] = {}
        self.left: dict[str, int] = {}  # rounds that a loop still has

    def run(self, way: Way, exception: Way | None) -> tuple[str, float]:
        done, now = self.walk(way, 0, inf)
        if done:
            return "completed", now
        return "failed", self.walk(exception, now, inf)[1] if exception else now

    def walk(self, way: Way, now: float, limit: float, loop: Step | None = None) -> tuple[bool, float]:
        for step in way.steps:
            entry = [step.id, TIMEOUT]  # what is still open when the time of a block around it is over
            self.log.append(entry)
            now = self.later(now, step.delay, limit)
            if loop is not None and step is way.steps[0]:
                self.tick(step, loop)
                outcome = SUCCESS
            else:
                outcome, now = self.act(step, now, limit) if not step.ways else self.block(step, now, limit)
            entry[1] = outcome
            if outcome != SUCCESS and isinstance(step.rescue, Way):
                return self.walk(step.rescue, now, limit)
            if outcome != SUCCESS and step.rescue is None:
                return False, now
        self.log.append([way.end, SUCCESS])
        return True, now

    def later(self, now: float, time: float, limit: float) -> float:
        if now + time > limit:
            raise TimeoutError
        return now + time

    def tick(self, step: Step, loop: Step) -> None:
        self.left[loop.id] -= 1
        value = "y" if self.left[loop.id] > 0 else "n"
        self.answers.setdefault(step.id, []).append({"outcome": SUCCESS, "out_args": {loop.variable: value}})

    def act(self, step: Step, now: float, limit: float) -> tuple[str, float]:
        visit = self.visits[step.id] = self.visits.get(step.id, -1) + 1
        outcome = step.luck[visit % len(step.luck)]
        if outcome == TIMEOUT and not step.timeout:
            outcome = FAILURE
        self.answers.setdefault(step.id, []).append({"outcome": outcome})
        return outcome, self.later(now, step.timeout, limit) if outcome == TIMEOUT else now

    def block(self, step: Step, now: float, limit: float) -> tuple[str, float]:
        until = now + step.timeout if step.timeout else inf
        try:
            return self.branches(step, now, min(limit, until))
        except TimeoutError:
            if until > limit:
                raise
            return TIMEOUT, until

    def branches(self, step: Step, now: float, limit: float) -> tuple[str, float]:
        if step.kind == "while-condition":
            self.left.setdefault(step.id, int(step.value))
            while self.left[step.id] > 0:
                done, now = self.walk(step.ways["on_true"], now, limit, step)
                if not done:
                    return FAILURE, now
            return SUCCESS, now
        if step.kind == "parallel":
            return self.all_of(step, now, limit)
        key = {"y": "on_true", "n": "on_false"}.get(step.value, step.value)
        way = step.ways.get(key, step.ways.get("default"))
        done, now = self.walk(way, now, limit) if way else (True, now)
        return SUCCESS if done else FAILURE, now

    def all_of(self, step: Step, now: float, limit: float) -> tuple[str, float]:
        fine, ended, late = True, now, False
        for way in step.ways.values():
            try:
                done, at = self.walk(way, now, limit)
                fine, ended = fine and done, max(ended, at)
            except TimeoutError:
                late = True
        if late:
            raise TimeoutError
        return SUCCESS if fine else FAILURE, ended


class Writer:
    """Writes a tree down as a CACAO 2.0 document."""

    def __init__(self, luck: Random) -> None:
        self.luck = luck
        self.workflow: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, dict[str, Any]] = {}

    def document(self, way: Way, exception: Way | None, start: str) -> dict[str, Any]:
        self.workflow[start] = {"type": "start", "on_completion": self.way(way)}
        more = {"workflow_exception": self.way(exception)} if exception else {}
        steps = list(self.workflow.items())
        self.luck.shuffle(steps)
        return {
            "type": "playbook",
            "spec_version": "cacao-2.0",
            "id": f"playbook--{UUID(int=0, version=4)}",
            "name": "A tree",
            "created_by": IDENTITY,
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "playbook_variables": self.variables,
            "workflow_start": start,
            **more,
            "workflow": dict(steps),
            "agent_definitions": {AGENT: {"type": "individual", "name": "Operator"}},
        }

    def way(self, way: Way, loop: Step | None = None) -> str:
        self.workflow[way.end] = {"type": "end"}
        after = way.end
        for step in reversed(way.steps):
            out = [loop.variable] if loop and step is way.steps[0] else []
            self.step(step, after, out)
            after = step.id
        return after

    def step(self, step: Step, after: str, out: list[str]) -> None:
        made: dict[str, Any] = {"type": step.kind}
        if step.delay:
            made["delay"] = step.delay
        if step.timeout:
            made["timeout"] = step.timeout
        if step.rescue is None:
            made[self.luck.choice(["on_completion", "on_success"])] = after
        else:
            made |= {"on_success": after, "on_failure": self.way(step.rescue) if isinstance(step.rescue, Way) else after}
        if step.kind == "action":
            made |= {"agent": AGENT, "commands": [{"type": "manual", "command": "Act."}]}
        elif step.kind == "playbook-action":
            made["playbook_id"] = f"playbook--{UUID(int=1, version=4)}"
        elif step.kind == "parallel":
            made["next_steps"] = [self.way(one) for one in step.ways.values()]
        else:
            self.choice(step, made)
        self.workflow[step.id] = {**made, **({"out_args": out} if out else {})}

    def choice(self, step: Step, made: dict[str, Any]) -> None:
        value = step.value
        if step.kind == "switch-condition":
            made |= {"switch": f"{step.variable}:value", "cases": {key: self.way(one) for key, one in step.ways.items()}}
        else:
            loop = step if step.kind == "while-condition" else None
            value = value if loop is None else "y" if int(value) else "n"
            made |= {"condition": f"{step.variable}:value = 'y'", **{key: self.way(one, loop) for key, one in step.ways.items()}}
        self.variables[step.variable] = {"type": "string", "value": value}


def grown(luck: Random, depth: int = 4) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A playbook, the inputs of its simulation, and what must come of it: outcome, seconds, and each step with how it came out."""
    gardener = Gardener(luck)
    start = gardener.id("start")
    way, exception = gardener.way(depth), gardener.way(2) if luck.random() < 0.5 else None
    oracle = Oracle()
    outcome, now = oracle.run(way, exception)
    document = Writer(luck).document(way, exception, start)
    steps = [(start, SUCCESS), *((step, came_out) for step, came_out in oracle.log)]
    return document, {"answers": oracle.answers}, {"outcome": outcome, "seconds": now / 1000, "steps": steps}
