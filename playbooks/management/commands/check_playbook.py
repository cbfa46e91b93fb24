"""`check_playbook FILE...`: every finding of the validator about playbooks in files, for people or for scripts."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from playbooks.catalogue import action_names
from playbooks.definition.checking import checked
from playbooks.definition.findings import ERROR, Finding, unreadable
from playbooks.definition.reading import MOST_BYTES


class Command(BaseCommand):
    """Strict unless told otherwise; ends with 1 when a finding is an error, with 0 when none is. Asks no database."""

    help = "Checks CACAO 2.0 playbooks (JSON, or YAML in files named .yaml or .yml) and prints every finding."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to check, and how to print it."""
        parser.add_argument("files", nargs="+", metavar="FILE", help="a playbook; - is standard input, as JSON")
        parser.add_argument("--json", action="store_true", help="one array of findings instead of a line each")
        parser.add_argument("--lenient", action="store_true", help="what can be run in spite of it is a warning: for books of others")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        found = [(file, one) for file in options["files"] for one in findings_of(file, lenient=options["lenient"])]
        if options["json"]:
            said = json.dumps([_told(file, one) for file, one in found], indent=1)
        else:
            said = "\n".join(line_of(file, one) for file, one in found)
        with contextlib.suppress(BrokenPipeError):  # whoever reads has read enough
            self.stdout.write(said, ending="\n" if said else "")
            self.stdout.flush()
        if any(one.severity == ERROR for _, one in found):
            sys.exit(1)


def findings_of(file: str, *, lenient: bool) -> list[Finding]:
    """Every finding about one file, that it cannot be opened among them."""
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return [unreadable(f"The file cannot be opened: {getattr(error, 'strerror', None) or error}. Name one that can be read.")]
    return checked(raw, yaml=file.lower().endswith((".yaml", ".yml")), actions=action_names() or None, lenient=lenient)[1]


def line_of(file: str, one: Finding) -> str:
    """A finding as one line of plain text."""
    line = f"{file}: {one.severity} {one.code} at {one.pointer or 'the whole document'}: {one.message}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def _told(file: str, one: Finding) -> dict[str, str]:
    return {"file": file, "code": one.code, "severity": one.severity, "pointer": one.pointer, "message": one.message}
