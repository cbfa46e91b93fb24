"""Random small books: notes, questions, requests, branches and delays, each step named so that its effects can be counted."""

from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import strategies as st

from playbooks.definition.graph import EXTENSION
from tests.playbooks.books import EDR, END, book, http, manual, note

KINDS = ("note", "note", "task", "request", "asked request", "manual", "branch", "delay")
CONDITIONS = ("__odd__:value = 'yes'", "__odd__:value = 'no'", "__odd__:value = true")  # yes, no, and a person's question


def named(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A document under another name, whose siren is an endpoint product."""
    document["agent_definitions"][EDR] = {"type": "security-category", "name": "The product", "category": ["endpoint"]}
    return {**document, "name": name}


@st.composite
def small_books(draw: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """The steps of a book, by short names; it begins at `start`."""
    steps: dict[str, dict[str, Any]] = {}
    numbers = count(1)

    def chain(depth: int, least: int = 1) -> str:
        following = f"end{next(numbers)}"
        steps[following] = dict(END)
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=least, max_size=3)):
            here = f"{kind.split()[-1]}{next(numbers)}"
            steps[here] = step(kind, here, following, depth)
            following = here
        return following

    def step(kind: str, here: str, following: str, depth: int) -> dict[str, Any]:
        if kind == "branch":
            if depth > 1:
                return note(here, on_completion=following)
            ways = {"on_true": chain(depth + 1), "on_completion": following}
            return {"type": "if-condition", "name": here, "condition": draw(st.sampled_from(CONDITIONS)), **ways}
        if kind == "delay":
            return note(here, delay=60_000, on_completion=following)
        if kind in ("note", "task"):
            return {**note(here, on_completion=following)} if kind == "note" else task(here, following)
        ways = {"on_success": following}
        if draw(st.booleans()):
            ways["on_failure"] = chain(depth, least=0)
        if kind == "manual":
            return manual(here, **ways, **({"timeout": 600_000} if draw(st.booleans()) else {}))
        return request(here, asking=kind == "asked request", **ways)

    steps["start"] = {"type": "start", "on_completion": chain(0)}
    return steps


def task(here: str, following: str) -> dict[str, Any]:
    made = note(here, on_completion=following)
    made["commands"] = [{"type": "local-action", "command": "case.task"}]
    made["step_extensions"] = {EXTENSION: {"arguments": {"title": here}}}
    return made


def request(here: str, *, asking: bool, **ways: str) -> dict[str, Any]:
    """An isolation of a host of the step's own name."""
    extension = {EXTENSION: {"approval": {"title": f"Isolate {here}"}}} if asking else {}
    return {**http(f"POST /hosts/{here}/isolate HTTP/1.1", **ways), "name": here, "step_extensions": extension}


def document_of(steps: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return named(book(steps, start="start", name=name, odd={}), name)
