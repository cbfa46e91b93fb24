"""`import_playbook FILE`: check a CACAO playbook and publish it, as a book or as a version of the book with its id."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.definition.exchange import is_yaml
from playbooks.operations.publishing import import_book
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope


class Command(BaseCommand):
    """Prints every finding; exit 1 and nothing written when one is an error. The same file again changes nothing."""

    help = "Publishes a CACAO 2.0 playbook (JSON, or YAML in the same shape) after checking it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--lenient", action="store_true", help="take what most tools take; what is doubtful is a warning")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error
        try:
            with scope.floor(None, actor="system:command"):
                made = import_book(raw=raw, yaml=is_yaml(file.name, raw), lenient=options["lenient"], by=system("command"))
        except DomainError as error:
            for one in error.extra.get("findings", []):
                self._tell(file, one["severity"], one["code"], one["pointer"], one["message"])
            raise CommandError(f"{file} was not imported. {error.detail}") from error
        for found in made.findings:
            self._tell(file, found.severity, found.code, found.pointer, found.message)
        version = made.version
        said = "published" if made.new else "unchanged"
        self.stdout.write(f"{version.book.cacao_id} {version.book.slug} version {version.number} sha256 {version.content_hash} {said}")

    def _tell(self, file: Path, severity: str, code: str, at: str, message: str) -> None:
        self.stdout.write(f"{file}: {severity} {code} {at or '(whole file)'}: {message}")
