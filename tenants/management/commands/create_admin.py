"""Make an admin of the program, as a new floor needs one; the password alone goes to standard output."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.operations.admins import add_admin


class Command(BaseCommand):
    """`create_admin --email EMAIL --name NAME`."""

    help = "Make an admin with a password that is shown once. They add everyone else on the page People."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(18)
        try:
            with scope.floor(None, actor="system:command"):
                add_admin(email=options["email"], name=options["name"], password=password, by=system("command"))
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.cure}".strip()) from error
        self.stdout.write(password)
