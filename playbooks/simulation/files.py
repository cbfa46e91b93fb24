"""A playbook's file and its inputs, simulated: the findings where it is invalid, else the way that it takes. Pure."""

from dataclasses import dataclass
from typing import Any

from playbooks.definition.checking import checked
from playbooks.definition.findings import ERROR, Finding, worst
from playbooks.definition.graph import Graph, compiled
from playbooks.simulation.inputs import Inputs, inputs_in
from playbooks.simulation.walking import Walk, simulate


@dataclass(frozen=True)
class Simulation:
    """What became of a file: its `findings`; its graph and walk where no finding is an error; `notes` about inputs that had no use."""

    findings: tuple[Finding, ...]
    graph: Graph | None = None
    walk: Walk | None = None
    notes: tuple[str, ...] = ()


def simulated(raw: bytes, *, yaml: bool = False, inputs: bytes | None = None) -> Simulation:
    """Simulate the playbook in the bytes of a file. Read leniently: only what a lenient check calls an error refuses it.

    Raises UnfitInputs.
    """
    given = inputs_in(inputs) if inputs is not None else Inputs()
    document, findings = checked(raw, yaml=yaml, lenient=True)
    if worst(findings) == ERROR:
        return Simulation(tuple(findings))
    graph = compiled(document)
    return Simulation(tuple(findings), graph, simulate(graph, given), tuple(given.strange_to(graph)))


def as_result(walk: Walk) -> dict[str, Any]:
    """A walk as JSON has it, for scripts."""
    return {
        "outcome": walk.outcome,
        "reason": walk.reason,
        "steps": [{"step": one.step, "iteration": one.iteration, "outcome": one.outcome} for one in walk.steps],
        "variables": dict(walk.variables),
        "elapsed_ms": round(walk.seconds * 1000),
    }
