"""`export_playbook ID`: a book as a CACAO 2.0 file, alone on standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.queries.versions import book_file
from tenants.errors import DomainError
from tenants.isolation import scope


class Command(BaseCommand):
    """`export_playbook ID [--yaml] [--version N|MODIFIED] [--as-kept]`; ID is the CACAO id or the book's short name."""

    help = "Prints a book as CACAO 2.0 JSON or YAML, with a layout that other tools draw."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        # Django's own --version gives way to ours.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", help="the CACAO id, or the book's short name")
        parser.add_argument("--yaml", action="store_true", help="YAML in the same shape")
        parser.add_argument("--version", default="", help="a version's number or its `modified`; the newest without it")
        parser.add_argument("--as-kept", action="store_true", help="exactly what is kept, without an added layout")

    def handle(self, *args: Any, **options: Any) -> None:
        form = "yaml" if options["yaml"] else "json"
        try:
            with scope.floor(None, actor="system:command"):
                file = book_file(options["id"], form=form, version=options["version"], as_kept=options["as_kept"])
        except DomainError as error:
            which = f" in version {options['version']}" if options["version"] else ""
            raise CommandError(f"There is no book {options['id']}{which}.") from error
        self.stdout.write(file.text, ending="")
