"""What a simulation is given: values of variables, and how each step answers. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.definition.graph import Graph
from playbooks.definition.reading import document_in

SUCCESS, FAILURE, TIMEOUT = "success", "failure", "timeout"
OUTCOMES = (SUCCESS, FAILURE, TIMEOUT)


class UnfitInputs(ValueError):
    """The inputs are not what a simulation takes; the message names the field and the cure."""


@dataclass(frozen=True)
class Answer:
    """How a step answers once: its outcome, and the values that it returns, by the names of variables."""

    outcome: str = SUCCESS
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """The values that the caller gives, and the answers of each step in order; after the last one a step succeeds."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)

    def strange_to(self, graph: Graph) -> Iterator[str]:
        """A sentence for each part that this playbook has no use for."""
        for name in self.variables:
            if name not in graph.variables:
                yield f"variables/{name}: the playbook declares no such variable; it is left out."
            elif not takes(graph, name):
                yield f"variables/{name}: its value is the playbook's own; only an external variable is given from outside."
        for step in self.answers:
            if step not in graph.nodes:
                yield f"answers/{step}: the playbook has no such step; it is left out."


def takes(graph: Graph, name: str) -> bool:
    """Whether a caller may give this variable: an external one, or one to which the playbook gives no value; never a constant."""
    one = graph.variables.get(name)
    return one is not None and not one.constant and (one.external or one.value is None)


def inputs_in(raw: bytes) -> Inputs:
    """The inputs that the bytes of a JSON file hold. Raises UnfitInputs."""
    document, findings = document_in(raw)
    if findings:
        raise UnfitInputs(findings[0].message)
    return inputs_of(document)


def inputs_of(document: Any) -> Inputs:
    """The inputs that a document holds: `{"variables": {...}, "answers": {"<step id>": [{"outcome": ..., "out_args": {...}}]}}`.

    Raises UnfitInputs.
    """
    whole = _object(document, "the inputs")
    strange = sorted(set(whole) - {"variables", "answers"})
    if strange:
        raise UnfitInputs(f"{strange[0]} is nothing that a simulation takes. Write variables and answers.")
    variables = _object(whole.get("variables", {}), "variables")
    answers = {step: _answers(some, f"answers/{step}") for step, some in _object(whole.get("answers", {}), "answers").items()}
    return Inputs(variables, answers)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnfitInputs(f"{where}: this is no JSON object. Write one in braces.")
    return value


def _answers(some: Any, where: str) -> tuple[Answer, ...]:
    if not isinstance(some, list):
        raise UnfitInputs(f'{where}: this is no list. Write the answers in brackets, like [{{"outcome": "success"}}].')
    return tuple(_answer(one, f"{where}/{number}") for number, one in enumerate(some))


def _answer(one: Any, where: str) -> Answer:
    outcome = _object(one, where).get("outcome", SUCCESS)
    if outcome not in OUTCOMES:
        raise UnfitInputs(f"{where}/outcome: write success, failure or timeout.")
    return Answer(outcome, _object(one.get("out_args", {}), f"{where}/out_args"))


class Answering:
    """Gives each step its answers one after another."""

    def __init__(self, inputs: Inputs) -> None:
        self.left = {step: deque(some) for step, some in inputs.answers.items()}

    def next(self, step: str) -> Answer:
        """The step's next answer; success when none is left."""
        some = self.left.get(step)
        return some.popleft() if some else Answer()
