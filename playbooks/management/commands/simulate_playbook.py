"""`simulate_playbook FILE`: run a playbook to its end in virtual time, without a database and without touching anything outside."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.definition.exchange import is_yaml
from playbooks.definition.findings import Finding
from playbooks.definition.graph import Graph
from playbooks.simulation.files import as_result, simulated
from playbooks.simulation.inputs import UnfitInputs
from playbooks.simulation.walking import Walk

INVALID = 2


class Command(BaseCommand):
    """Exit 0 for every outcome; 2 with all findings for an invalid file; 1 when a file cannot be read or the inputs do not fit."""

    help = "Runs a CACAO 2.0 playbook to its end with given answers and prints the way it took. Reads leniently."
    requires_system_checks = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--inputs", type=Path, help='JSON: {"variables": {...}, "answers": {"<step id>": [{"outcome": "failure"}]}}')
        parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        raw, given = _bytes_of(file), _bytes_of(options["inputs"]) if options["inputs"] else None
        try:
            made = simulated(raw, yaml=is_yaml(file.name, raw), inputs=given)
        except UnfitInputs as error:
            raise CommandError(f"{options['inputs']}: {error}") from error
        if made.graph is None or made.walk is None:
            self._refuse(file, made.findings, options["json"])
            return
        for note in made.notes:
            self.stderr.write(f"{options['inputs']}: {note}")
        if options["json"]:
            self.stdout.write(json.dumps(as_result(made.walk), ensure_ascii=False))
        else:
            self.stdout.writelines(f"{line}\n" for line in _told(made.graph, made.walk))

    def _refuse(self, file: Path, findings: Iterable[Finding], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([{"file": str(file), **vars(one)} for one in findings], ensure_ascii=False))
        else:
            self.stdout.writelines(
                f"{file}: {one.severity} {one.code} {one.pointer or '(whole file)'}: {one.message}\n" for one in findings
            )
        raise CommandError(f"{file} is not valid: correct the errors above.", returncode=INVALID)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error


def _told(graph: Graph, walk: Walk) -> Iterator[str]:
    """The way as people read it: when, which step, how it came out and why."""
    for one in walk.steps:
        again = f" ({one.iteration})" if one.iteration > 1 else ""
        why = f": {one.detail}" if one.detail else ""
        yield f"{timedelta(seconds=one.at)!s:>12}  {one.outcome:<8} {graph.nodes[one.step].name}{again}{why}"
    yield f"{walk.outcome} after {timedelta(seconds=walk.seconds)}: {walk.reason}"
    for name, value in walk.variables.items():
        yield f"{name} = {json.dumps(value, ensure_ascii=False)}"
