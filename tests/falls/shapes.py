"""Books of twenty steps of every class of effect (a line, branches, a loop, a book that runs another), and what each of them must leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.playbooks.books import END, book, local, step_id
from tests.playbooks.web_product import API, OURS, openc2

# What a step is: its class, how it asks, and of which of the product's parts.
KINDS = {
    "local": ("local", "", ""),
    "read": ("read", "GET", "/read/things"),
    "idempotent": ("idempotent", "PUT", "/idempotent"),
    "keyed": ("keyed", "POST", "/keyed/orders"),
    "verifiable": ("verifiable", "POST", "/verifiable/orders"),
    "unsafe": ("unsafe", "POST", "/unsafe/calls"),
    "openc2": ("keyed", "POST", "/openc2"),
}
CLASSES = ("local", "read", "idempotent", "keyed", "verifiable", "unsafe")
OF = "X-Of"  # the header that says what a request is about: the run's number, the step, the round
ROUNDS = 2
STEPS = 20
DELAY_MS = 1500


def of(no: object, step: str, turn: object) -> str:
    """What a request or a note is about."""
    return f"{no}/{step}/{turn}"


@dataclass(frozen=True)
class Shape:
    """A book (with those that it runs, first), the effects that a run must leave as (step, round, class), and where states must end.

    `last` names, by the path of a state, the step and the round that set it last.
    """

    slug: str
    documents: tuple[tuple[str, dict[str, Any]], ...]
    effects: tuple[tuple[str, int, str], ...]
    last: dict[str, tuple[str, int]]


@dataclass
class Writer:
    """Writes the steps of one book, and down what they must leave."""

    port: int
    turn: int  # at which kind the steps begin
    prefix: str = ""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    effects: list[tuple[str, int, str]] = field(default_factory=list)
    last: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers, self.ends = count(self.turn), count(1)

    def way(self, length: int, lane: str, *, then: str = "", rounds: int = 1, tick: bool = False) -> str:
        """Steps one after another, each of the next kind, and an end or `then`. Returns the first."""
        kinds = [list(KINDS)[next(self.numbers) % len(KINDS)] for _ in range(length)]
        names = [f"{self.prefix}{kind}{len(self.steps) + n}" for n, kind in enumerate(kinds)]
        if not then:
            then = f"{self.prefix}end{next(self.ends)}"
            self.steps[then] = dict(END)
        if tick:
            self.steps[f"{self.prefix}tick"] = {**asking("read", f"{self.prefix}tick", then), "out_args": ["__round__"]}
            then = f"{self.prefix}tick"
        for name, kind, following in zip(names, kinds, [*names[1:], then], strict=True):
            self.steps[name] = acting(kind, name, lane, following)
        for turn in range(1, rounds + 1):
            for name, kind in [*zip(names, kinds, strict=True), *([(f"{self.prefix}tick", "read")] if tick else [])]:
                self.effects.append((name, turn, KINDS[kind][0]))
                if kind == "idempotent":
                    self.last[lane] = (name, turn)
        return names[0]

    def document(self, name: str) -> dict[str, Any]:
        """The book."""
        turn = {"type": "integer", "external": False, "value": "1"}
        made = book(self.steps, start="start", name=name, no={}, round=turn)
        made["agent_definitions"][OURS] = {"type": "security-category", "name": "We", "category": ["orchestrator"]}
        made["target_definitions"] = {
            API: {"type": "http-api", "name": "The API", "address": {"ipv4": ["127.0.0.1"]}, "port": str(self.port)}
        }
        return made


def acting(kind: str, name: str, lane: str, following: str) -> dict[str, Any]:
    """A step of a kind."""
    if kind == "local":
        return {**local("case.note", {"text": of("__no__:value", name, "__round__:value")}, on_completion=following), "name": name}
    return asking(kind, name, following, lane)


def asking(kind: str, name: str, following: str, lane: str = "") -> dict[str, Any]:
    """A step that sends a request which says what it is about. An unsafe one goes on whatever a person answers."""
    effect, method, path = KINDS[kind]
    about = of("__no__:value", name, "__round__:value")
    command: dict[str, Any] = {"type": "http-api", "command": f"{method} {path} HTTP/1.1", "headers": {OF: [about]}}
    if kind == "idempotent":
        command |= {"command": f"PUT {path}/__no__:value/{lane} HTTP/1.1", "content": f'{{"state": "{about}"}}'}
    elif kind == "openc2":
        command |= openc2({"action": "contain", "target": {"device": {"hostname": "__no__:value"}}})
    elif method == "POST":
        command["content"] = f'{{"of": "{about}"}}'
    ways = {"on_success": following, "on_failure": following} if effect == "unsafe" else {"on_completion": following}
    return {"type": "action", "name": name, "agent": OURS, "targets": [API], "commands": [command], **ways}


def a_line(port: int, turn: int) -> Shape:
    one = Writer(port, turn)
    first = one.way(STEPS - 2, "a")
    one.steps[first]["delay"] = DELAY_MS
    return _shape("line", one, first)


def with_branches(port: int, turn: int) -> Shape:
    one = Writer(port, turn)
    branches = [one.way(3, lane) for lane in ("b1", "b2", "b3")]
    after = one.way(5, "a")
    one.steps["split"] = {
        "type": "parallel",
        "name": "split",
        "next_steps": [step_id("action", name) for name in branches],
        "on_completion": after,
    }
    return _shape("branches", one, "split")


def with_a_loop(port: int, turn: int) -> Shape:
    one = Writer(port, turn)
    inside = one.way(6, "loop", rounds=ROUNDS, tick=True)
    # The round is over by then: it stands one above the last.
    after = Writer(port, one.turn + 6, "after-", steps=one.steps)
    last = after.way(1, "a")
    one.effects += [(name, ROUNDS + 1, kind) for name, _, kind in after.effects]
    one.last |= {lane: (name, ROUNDS + 1) for lane, (name, _) in after.last.items()}
    again = f"__round__:value <= {ROUNDS}"
    one.steps["loop"] = {"type": "while-condition", "name": "loop", "condition": again, "on_true": inside, "on_completion": last}
    return _shape("loop", one, "loop")


def with_a_book(port: int, turn: int) -> Shape:
    inner = Writer(port, turn, "inner-")
    inner.steps["start"] = {"type": "start", "on_completion": inner.way(6, "inner")}
    called = inner.document(f"Falls: called {turn}")
    one = Writer(port, turn + 6)
    after = one.way(9, "a")
    call = {"type": "playbook-action", "name": "call", "playbook_id": called["id"], "in_args": ["__no__"], "on_completion": after}
    one.steps["call"] = call
    one.effects += inner.effects
    one.last |= inner.last
    made = _shape("book", one, "call")
    return Shape(made.slug, ((f"falls-called-{turn}", called), *made.documents), made.effects, made.last)


def _shape(slug: str, one: Writer, first: str) -> Shape:
    one.steps["start"] = {"type": "start", "on_completion": first}
    named = f"falls-{slug}-{one.turn}"
    return Shape(named, ((named, one.document(f"Falls: {slug} {one.turn}")),), tuple(one.effects), dict(one.last))


def shapes(port: int) -> Sequence[Shape]:
    """All books, each beginning at three of the kinds."""
    return [make(port, turn) for turn in (0, 2, 5) for make in (a_line, with_branches, with_a_loop, with_a_book)]
