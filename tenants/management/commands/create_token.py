"""Make an API token with exactly one person's rights; the token alone goes to standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.operations.keys import create_token


class Command(BaseCommand):
    """`create_token --person EMAIL [--days N]`."""

    help = "Make an API token with exactly that person's rights. Two live ones per person; a third retires the oldest."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--person", required=True, help="the person's e-mail address")
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scope.floor(None, actor="system:command"):
                _, secret, retired = create_token(email=options["person"], days=options["days"], by=system("command"))
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.cure}".strip()) from error
        for token in retired:
            self.stderr.write(f"revoked the oldest live token {token.prefix}")
        self.stdout.write(secret)
