"""Where the steps stand when another tool draws the document: the layout extension, added on the way out, known again on the way in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

LAYOUT = "extension-definition--418ee24c-9cb1-46d9-afa5-309e01aabc7f"
# The extension's definition, with the values of its publisher (CACAO Layout Extension 1.0, section 5).
DEFINITION = {
    "type": "extension-definition",
    "name": "CACAO Layout",
    "description": "Where the objects of the playbook stand when it is drawn.",
    "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
    "schema": "https://raw.githubusercontent.com/oasis-tcs/cacao/master/Extensions/layout/schemas/layout.json",
    "version": "1.0.0",
}
HOLDERS = ("extension_definitions", "playbook_extensions")

# Sizes, in pixels, that CACAO Roaster gives to steps; the others are of the size of a block.
SIZES = {"start": (60, 40), "end": (60, 40), "action": (150, 60)}
BLOCK = (120, 60)
COLUMN, ROW, MARGIN = 240, 120, 40
WAYS = ("on_completion", "on_success", "on_failure", "on_true", "on_false")


@dataclass(frozen=True)
class Place:
    """Where a step stands: its midpoint and its size, in pixels from the upper left corner of the canvas."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Line:
    """One way out of a step: its kind in the extension's words, where it leads, and the case of a switch."""

    kind: str
    target: str
    case: str | None = None


def lines_of(step: Mapping[str, Any]) -> list[Line]:
    """Every way out of a step, in a fixed order."""
    found = [Line(way.replace("_", "-"), step[way]) for way in WAYS if isinstance(step.get(way), str)]
    cases, following = step.get("cases"), step.get("next_steps")
    if isinstance(cases, Mapping):
        found += [Line("cases", to, case) for case, to in sorted(cases.items()) if isinstance(to, str)]
    if isinstance(following, list):
        found += [Line("next-steps", to) for to in dict.fromkeys(one for one in following if isinstance(one, str))]
    return found


def places(document: Mapping[str, Any]) -> dict[str, Place]:
    """A place for every step; no two overlap. The way of success runs from left to right, each branch in a row of its own below it."""
    workflow = document["workflow"]
    rows = _Rows(workflow)
    rows.place([document.get("workflow_start"), document.get("workflow_exception")])
    # What no way reaches is drawn too, beneath the rest.
    for step in workflow:
        rows.place([step])
    found = {}
    for step, (column, row) in rows.at.items():
        width, height = SIZES.get(workflow[step].get("type"), BLOCK)
        found[step] = Place(MARGIN + column * COLUMN + COLUMN // 2, MARGIN + row * ROW + ROW // 2, width, height)
    return found


@dataclass
class _Rows:
    """Chains of steps, each in the first row that is free from where it begins."""

    workflow: Mapping[str, Mapping[str, Any]]
    at: dict[str, tuple[int, int]] = field(default_factory=dict)
    count: int = 0

    def place(self, firsts: Iterable[Any]) -> None:
        """Place what these steps reach and has no place yet; the first chain begins in a new row."""
        waiting: list[tuple[int, int, str]] = []
        busy: list[tuple[int, int]] = []  # the column where a row becomes free again, the row
        free: list[int] = []
        order = 0
        for first in firsts:
            if first in self.workflow:
                heappush(waiting, (0, order, first))
                order += 1
        while waiting:
            column, _, step = heappop(waiting)
            if step in self.at:
                continue
            while busy and busy[0][0] <= column:
                heappush(free, heappop(busy)[1])
            if not free:
                heappush(free, self.count)
                self.count += 1
            row = heappop(free)
            following: str | None = step
            while following is not None and following in self.workflow and following not in self.at:
                self.at[following] = (column, row)
                column += 1
                lines = lines_of(self.workflow[following])
                following = next((line.target for line in lines if line.kind in ("on-completion", "on-success")), None)
                for line in lines:
                    if line.target != following and line.target in self.workflow:
                        heappush(waiting, (column, order, line.target))
                        order += 1
            # An empty column after a chain, so that two chains in a row do not read as one.
            heappush(busy, (column + 1, row))


def _step(step: Mapping[str, Any], own: Place, at: Mapping[str, Place]) -> dict[str, Any]:
    """The extension of one step. CACAO Roaster reads the place and the lines beside `coordinates`, and `type` for `connection_type`."""
    outgoing = []
    for line in lines_of(step):
        if line.target in at:
            xs, ys = _path(own, at[line.target])
            drawn: dict[str, Any] = {"connection_type": line.kind, "type": line.kind, "x": xs, "y": ys}
            if line.kind == "cases":
                drawn["case"] = line.case
            if line.kind == "next-steps":
                drawn |= {"next_steps": line.target, "next_step": line.target}
            outgoing.append(drawn)
    place = {"x": own.x, "y": own.y, "outgoing_connections": outgoing}
    return {"type": "layout", "coordinates": place, **place, "width": own.width, "height": own.height}


def _path(source: Place, target: Place) -> tuple[list[int], list[int]]:
    """From the middle of the right side to the middle of the left side, with right angles just before the target."""
    begin, end = source.x + source.width // 2, target.x - target.width // 2
    if source.y == target.y and begin < end:
        return [begin, end], [source.y, target.y]
    bend = end - 20
    return [begin, bend, bend, end], [source.y, source.y, target.y, target.y]


def _added(document: Mapping[str, Any]) -> dict[str, Any]:
    at = places(document)
    canvas = {
        "width": max((one.x for one in at.values()), default=0) + COLUMN // 2 + MARGIN,
        "height": max((one.y for one in at.values()), default=0) + ROW // 2 + MARGIN,
    }
    workflow = {key: _held(step, "step_extensions", _step(step, at[key], at)) for key, step in document["workflow"].items()}
    held = _held({**document, "workflow": workflow}, "extension_definitions", dict(DEFINITION))
    return _held(held, "playbook_extensions", {"type": "layout", "canvas": canvas})


def _held(holder: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    others = holder.get(key)
    return {**holder, key: {**(others if isinstance(others, Mapping) else {}), LAYOUT: value}}


def layout_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Anybody's layout in the document, by what holds it."""
    workflow = document.get("workflow")
    steps = workflow.items() if isinstance(workflow, Mapping) else ()
    holders = [(key, document.get(key)) for key in HOLDERS]
    holders += [(key, step.get("step_extensions")) for key, step in steps if isinstance(step, Mapping)]
    return {key: held[LAYOUT] for key, held in holders if isinstance(held, Mapping) and LAYOUT in held}


def without_layout(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without anybody's layout; what becomes empty goes with it."""
    bare = _without(document, HOLDERS)
    if isinstance(document.get("workflow"), Mapping):
        bare["workflow"] = {
            key: _without(step, ("step_extensions",)) if isinstance(step, Mapping) else step for key, step in document["workflow"].items()
        }
    return bare


def _without(holder: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    bare = dict(holder)
    for key in keys:
        if isinstance(holder.get(key), Mapping) and LAYOUT in holder[key]:
            bare[key] = {one: value for one, value in holder[key].items() if one != LAYOUT}
            if not bare[key]:
                del bare[key]
    return bare


def with_layout(document: Mapping[str, Any]) -> dict[str, Any]:
    """A checked document as it leaves: with a layout, unless it has one, or is signed, or could not be told from it again.

    A signature is over every byte of the document, and what had an empty place for extensions would come back without it.
    """
    if document.get("signatures") or layout_of(document):
        return dict(document)
    added = _added(document)
    return added if without_layout(added) == document else dict(document)


def as_it_was(document: Mapping[str, Any]) -> dict[str, Any]:
    """A checked document as it came in: without the layout where it is exactly the one that `with_layout` adds."""
    bare = without_layout(document)
    if bare != document and with_layout(bare) == document:
        return bare
    return dict(document)
