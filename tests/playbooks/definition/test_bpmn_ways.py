"""Whatever way a drawing takes, its draft takes: random drawings of decisions and loops, walked and run with the same answers."""

import contextlib
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.definition.bpmn import Draft
from playbooks.definition.checking import check
from playbooks.definition.conditions import holds, read
from tests.playbooks.definition.drawings import drafted, drawing

LONGEST = 200


class Over(Exception):
    """The way is long enough to compare."""


def drawn(chance: random.Random, size: int, back: float, kinds: tuple[str, ...]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What each node is, and where it leads: mostly forward, sometimes back."""
    names = [f"n{number}" for number in range(size)]
    nodes = {name: chance.choice(kinds) for name in names}
    ways: dict[str, list[str]] = {}
    for number, name in enumerate(names):
        ahead = [*names[number + 1 : number + 5], "e"]
        some = 1 if nodes[name] == "task" else chance.choice((2, 2, 2, 3))
        ways[name] = [chance.choice(names) if chance.random() < back else chance.choice(ahead) for _ in range(some)]
    return nodes, ways


def draft_of_nodes(nodes: dict[str, str], ways: dict[str, list[str]]) -> Draft:
    elements = "".join(f'<{kind} id="{name}" name="{name}"/>' for name, kind in nodes.items())
    flows = [f"{name} > {to}: a{number}" for name, some in ways.items() for number, to in enumerate(some)]
    return drafted(drawing(f'<startEvent id="s"/><endEvent id="e"/>{elements}', "s > n0", *flows))


class Answers:
    """The same answers for the same question in the same round."""

    def __init__(self, seed: int) -> None:
        self.seed, self.asked = seed, dict[str, int]()

    def to(self, name: str, ways: int) -> int:
        """Which of the ways."""
        self.asked[name] = self.asked.get(name, 0) + 1
        return random.Random(f"{self.seed} {name} {self.asked[name]}").randrange(ways)


def walked(nodes: dict[str, str], ways: dict[str, list[str]], answers: Answers) -> list[str]:
    """The tasks and questions on the way through the drawing."""
    here, said = "n0", list[str]()
    for _ in range(LONGEST * 5):
        if here == "e" or len(said) >= LONGEST:
            break
        if nodes[here] == "task" or len(set(ways[here])) > 1:
            said.append(here)
        here = ways[here][answers.to(here, len(ways[here])) if len(set(ways[here])) > 1 else 0]
    return said


def ran(document: dict[str, Any], ways: dict[str, list[str]], answers: Answers) -> list[str]:
    """The same of the draft."""
    values = {name: one["value"] for name, one in document.get("playbook_variables", {}).items()}
    said: list[str] = []

    def run(key: str) -> None:
        while key:
            step = document["workflow"][key]
            if len(said) >= LONGEST:
                raise Over
            if step["type"] == "action" and step["name"] in ways:
                said.append(step["name"])
                for name in step.get("out_args", []):
                    values[name] = f"a{answers.to(step['name'], len(ways[step['name']]))}"
            elif step["type"] == "if-condition":
                taken = step["on_true"] if holds(read(step["condition"]), values) else step.get("on_false")
                run(taken or "")
            elif step["type"] == "while-condition":
                for _ in range(LONGEST):
                    if not holds(read(step["condition"]), values):
                        break
                    run(step["on_true"])
            elif step["type"] == "switch-condition":
                run(step["cases"][values[step["switch"].removesuffix(":value")]])
            key = step.get("on_completion", "")

    with contextlib.suppress(Over):
        run(document["workflow_start"])
    return said


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from([0.0, 0.1, 0.3]))
def test_a_draft_takes_the_way_of_its_drawing(seed, size, back):
    nodes, ways = drawn(random.Random(seed), size, back, ("task", "exclusiveGateway"))
    draft = draft_of_nodes(nodes, ways)
    assert check(draft.document) == []
    # What stands in a step by hand, or circles for ever, has no way to compare; both are listed.
    if any("stands in the step" in one.reason or "for ever" in one.reason for one in draft.left):
        return
    for pick in range(3):
        drawing_says, draft_says = walked(nodes, ways, Answers(pick)), ran(draft.document, ways, Answers(pick))
        shortest = min(len(drawing_says), len(draft_says)) if LONGEST in (len(drawing_says), len(draft_says)) else None
        assert draft_says[:shortest] == drawing_says[:shortest]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 30), st.sampled_from([0.0, 0.1, 0.3]))
def test_no_drawing_of_any_gateways_gives_an_unsound_draft_or_loses_a_task(seed, size, back):
    kinds = ("task", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")
    nodes, ways = drawn(random.Random(seed), size, back, kinds)
    draft = draft_of_nodes(nodes, ways)
    assert check(draft.document) == []
    kept = {step.get("name") for step in draft.document["workflow"].values()} | {one.id for one in draft.left}
    assert {name for name, kind in nodes.items() if kind == "task"} <= kept
