"""Every book run to its end in simulation: as nobody answers, by every way that people's answers open, by every failure, and late."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from playbooks.definition.conditions import read
from playbooks.definition.graph import Graph, Node
from playbooks.library import BOOKS
from playbooks.simulation.inputs import FAILURE, SUCCESS, TIMEOUT, Answer, Inputs
from playbooks.simulation.walking import COMPLETED, FAILED, Walk, simulate
from tests.playbooks.library.shelf import MALWARE, OURS, document_of, graph_of

GIVEN = {
    "__case__": "T-1",
    "__title__": "A case",
    "__severity__": "high",
    "__host__": "ws-1.north.example",
    "__hosts__": "ws-1.north.example",
    "__host_count__": 1,
    "__accounts__": "kim",
}
# What people say together where one answer does not come to a way; each other answer is tried on top of it.
TOGETHER: dict[str, list[dict[str, Any]]] = {
    "vulnerability-response": [{"__tier__": "triage3"}],
    "insider": [{"__consent__": "yes", "__finding__": "confirmed"}],
    "silent-source": [{"__cause__": "suspicious"}],
    "indicator": [{"__use__": "block", "__shared__": "no"}, {"__sighted__": "yes"}],
    "evidence-handover": [{"__authority__": "warrant"}],
}


def walked(slug: str, said: dict[str, Any], answers: dict[str, tuple[Answer, ...]] | None = None, hosts: int = 1) -> Walk:
    """The book, with people who say `said` the first time that they are asked, and the end of a loop afterwards."""
    graph = graph_of(slug)
    given = {**GIVEN, "__host_count__": hosts}
    known = {name: value for name, value in given.items() if name in graph.variables}
    return simulate(graph, Inputs(known, {**_answers(graph, said), **(answers or {})}))


def _answers(graph: Graph, said: dict[str, Any]) -> dict[str, tuple[Answer, ...]]:
    told: dict[str, dict[str, Any]] = {}
    left = dict(said)
    for step in graph.order():
        node = graph.nodes[step]
        for name in node.out_args:
            if name in said:
                over = 0 if isinstance(said[name], int) else "no"
                told.setdefault(step, {})[name] = left.pop(name, over)
    return {step: (Answer(SUCCESS, values),) for step, values in told.items()}


def choices(graph: Graph) -> Iterator[tuple[str, Any]]:
    """Each variable that people set, with each value that a way of the book depends on."""
    asked = {name for node in graph.nodes.values() for name in node.out_args}
    for node in graph.nodes.values():
        for case in node.cases:
            if node.switch in asked:
                yield node.switch, case
        if node.condition:
            yield from ((name, value) for name, value in _compared(read(node.condition)) if name in asked)


def _compared(part: Any) -> Iterator[tuple[str, Any]]:
    """The values that a condition compares variables with, and one step beyond a number."""
    for inner in getattr(part, "parts", ()):
        yield from _compared(inner)
    if hasattr(part, "left"):
        for one in part.right if isinstance(part.right, tuple) else (part.right,):
            number = isinstance(one.value, (int, float)) and not isinstance(one.value, bool)
            yield from ((part.left.name, value) for value in ((int(one.value), int(one.value) + 1) if number else (one.value, "yes", "no")))


@cache
def ways(slug: str) -> tuple[tuple[dict[str, Any], int, Walk], ...]:
    """What people said, how many hosts the case had, and the walk that followed."""
    alone = [{}, *({name: value} for name, value in choices(graph_of(slug)))]
    said = alone + [{**base, **one} for base in TOGETHER.get(slug, ()) for one in alone]
    return tuple((one, hosts, walked(slug, one, hosts=hosts)) for one in said for hosts in (1, 0))


def entered(walk: Walk) -> set[str]:
    return {one.step for one in walk.steps}


def named(slug: str, steps: set[str]) -> set[str]:
    return {graph_of(slug).nodes[one].name for one in steps}


def of_failure(graph: Graph) -> set[str]:
    """The steps that only a failure reaches."""
    seen, todo = set(), [graph.start]
    while todo:
        step = todo.pop()
        if step and step not in seen:
            seen.add(step)
            node = graph.nodes[step]
            todo += [node.next, *(to for _, to in node.branches())]
    return set(graph.nodes) - seen


@pytest.mark.parametrize("slug", OURS)
def test_a_book_comes_to_its_end_when_people_say_nothing_but_done(slug):
    walk = simulate(graph_of(slug))
    assert (walk.outcome, walk.reason) == (COMPLETED, "Done")


@pytest.mark.parametrize("slug", OURS)
def test_every_answer_leads_to_the_end_and_every_step_is_on_some_way(slug):
    graph = graph_of(slug)
    seen: set[str] = set()
    for said, hosts, walk in ways(slug):
        assert (walk.outcome, walk.reason) == (COMPLETED, "Done"), (said, hosts)
        seen |= entered(walk)
    assert named(slug, set(graph.nodes) - seen - of_failure(graph)) == set()


def reaching(slug: str, node: Node) -> tuple[dict[str, Any], int]:
    """What people said on a way that comes to the step."""
    return next((said, hosts) for said, hosts, walk in ways(slug) if node.id in entered(walk))


@pytest.mark.parametrize("slug", OURS)
def test_every_failure_that_has_a_way_takes_it_and_the_book_goes_on(slug):
    graph = graph_of(slug)
    tried = 0
    for node in graph.nodes.values():
        if node.on_failure and node.on_failure != node.next:
            said, hosts = reaching(slug, node)
            for outcome in (FAILURE, TIMEOUT) if node.timeout_ms else (FAILURE,):
                then = _answers(graph, said).get(node.id, ())
                walk = walked(slug, said, {node.id: (Answer(outcome), *then)}, hosts)
                assert walk.outcome == COMPLETED, (node.name, said, walk.reason)
                assert node.on_failure in entered(walk), node.name
                assert graph.exception not in entered(walk), node.name
                tried += 1
    assert tried >= 4


@pytest.mark.parametrize("slug", BOOKS)
def test_a_failure_without_a_way_is_told_to_a_person_and_the_book_has_failed(slug):
    graph = graph_of(slug)
    first = next(node for node in map(graph.nodes.__getitem__, graph.order()) if node.kind == "action" and not node.on_failure)
    walk = walked(slug, {}, {first.id: (Answer(FAILURE),)})
    assert walk.outcome == FAILED
    assert graph.exception in entered(walk)
    assert walk.steps[-1].step.startswith("end--")


@pytest.mark.parametrize("slug", OURS)
def test_a_loop_that_finds_no_end_is_stopped_by_its_budget(slug):
    graph = graph_of(slug)
    for loop in (node for node in graph.nodes.values() if node.kind == "while-condition"):
        name, value = next((name, value) for name, value in _compared(read(loop.condition)))
        forever = "yes" if loop.condition.endswith("'yes'") else value + 1 if isinstance(value, int) else value
        said, hosts = next(((said, hosts) for said, hosts, walk in ways(slug) if graph.nodes[loop.on_true].id in entered(walk)))
        asking = [node.id for node in graph.nodes.values() if name in node.out_args]
        answers = {step: (Answer(SUCCESS, {name: forever}),) * (loop.budget.rounds + 2) for step in asking}
        walk = walked(slug, said, answers, hosts)
        assert walk.outcome == "stopped", loop.name
        assert sum(one.step == loop.on_true for one in walk.steps) <= loop.budget.rounds


def test_the_malware_book_isolates_and_confirms_as_ever():
    walk = walked(MALWARE, {})
    assert (walk.outcome, walk.reason) == (COMPLETED, "Isolated")
    names = [graph_of(MALWARE).nodes[one.step].name for one in walk.steps]
    assert names.index("Isolate the host") < names.index("Confirm the isolation") < names.index("Ask for forensics")


def test_a_book_that_is_called_gives_what_its_caller_has():
    """Callers hand over the case and its hosts and accounts: each called book begins with what they know."""
    for slug in OURS:
        for step in document_of(slug)["workflow"].values():
            if step["type"] == "playbook-action":
                assert {"__case__", "__hosts__"} <= set(step["in_args"])
