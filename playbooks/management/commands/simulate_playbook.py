"""`simulate_playbook FILE`: run a playbook to its end in virtual time, without a database and without touching anything outside."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from playbooks.definition.exchange import is_yaml
from playbooks.definition.findings import Finding, unreadable
from playbooks.definition.graph import Graph
from playbooks.definition.reading import MOST_BYTES
from playbooks.simulation.files import Simulation, as_result, simulated
from playbooks.simulation.inputs import UnfitInputs
from playbooks.simulation.walking import Walk

INVALID = 2


class Command(BaseCommand):
    """Exit 0 for every outcome, 2 with all findings for an invalid file, 1 when the inputs cannot be read or do not fit."""

    help = "Runs a CACAO 2.0 playbook to its end with given answers and prints the way it took. Reads leniently."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a playbook; - is standard input")
        parser.add_argument("--inputs", help='JSON: {"variables": {...}, "answers": {"<step id>": [{"outcome": "failure"}]}}')
        parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        file, inputs = options["file"], options["inputs"]
        try:
            given = _bytes_of(inputs) if inputs else None
        except (OSError, ValueError) as error:
            raise CommandError(f"{inputs} cannot be read: {_why(error)}.") from error
        try:
            raw = _bytes_of(file)
            made = simulated(raw, yaml=is_yaml(file, raw), inputs=given)
        except (OSError, ValueError) as error:
            if isinstance(error, UnfitInputs):
                raise CommandError(_plain(f"{inputs}: {error}")) from error
            made = Simulation((unreadable(f"The file cannot be opened: {_why(error)}. Name one that can be read."),))
        if made.graph is None or made.walk is None:
            self._say(_findings(file, made.findings, as_json=options["json"]))
            raise CommandError(f"{file} is not valid: correct the errors above.", returncode=INVALID)
        for note in made.notes:
            self.stderr.write(_plain(f"{inputs}: {note}"))
        self._say([json.dumps(as_result(made.walk))] if options["json"] else _told(made.graph, made.walk))

    def _say(self, lines: Iterable[str]) -> None:
        with contextlib.suppress(BrokenPipeError):  # whoever reads has read enough
            self.stdout.writelines(f"{_plain(line)}\n" for line in lines)
            self.stdout.flush()


def _bytes_of(file: str) -> bytes:
    """The bytes of a file, one more at most than a playbook may have."""
    with sys.stdin.buffer if file == "-" else Path(file).open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _plain(text: str) -> str:
    """A text for a terminal: what does not print is spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _findings(file: str, findings: Iterable[Finding], *, as_json: bool) -> Iterable[str]:
    if as_json:
        return [json.dumps([{"file": file, **vars(one)} for one in findings])]
    return [f"{file}: {one.severity} {one.code} at {one.pointer or 'the whole document'}: {one.message}" for one in findings]


def _told(graph: Graph, walk: Walk) -> Iterator[str]:
    """The way as people read it: when, which step, how it came out and why."""
    for one in walk.steps:
        again = f" ({one.iteration})" if one.iteration > 1 else ""
        why = f": {one.detail}" if one.detail else ""
        yield f"{timedelta(seconds=one.at)!s:>12}  {one.outcome:<8} {graph.nodes[one.step].name}{again}{why}"
    yield f"{walk.outcome} after {timedelta(seconds=walk.seconds)}: {walk.reason}"
    for name, value in walk.variables.items():
        yield f"{name} = {json.dumps(value, ensure_ascii=False)}"
