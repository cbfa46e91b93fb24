"""`import_playbook FILE`: check a CACAO playbook and publish it, as a book or as a version of the book with its id."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.definition.exchange import is_yaml
from playbooks.definition.findings import Finding
from playbooks.definition.reading import MOST_BYTES
from playbooks.management.commands.check_playbook import line_of
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
            with file.open("rb") as opened:
                raw = opened.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
        try:
            with scope.floor(None, actor="system:command"):
                made = import_book(raw=raw, yaml=is_yaml(file.name, raw), lenient=options["lenient"], by=system("command"))
        except DomainError as error:
            for one in error.extra.get("findings", []):
                self.stdout.write(line_of(str(file), Finding(**one)))
            raise CommandError(f"{file} was not imported. {error.detail}") from error
        for found in made.findings:
            self.stdout.write(line_of(str(file), found))
        version = made.version
        said = "published" if made.new else "unchanged"
        self.stdout.write(f"{version.book.cacao_id} {version.book.slug} version {version.number} sha256 {version.content_hash} {said}")
