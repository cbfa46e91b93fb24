"""Connect a product of an agency, such as its endpoint product, for its playbooks to act with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.operations.connecting import connect
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.queries.directory import agency_of


class Command(BaseCommand):
    """`connect_product --agency SLUG --kind endpoint|http|openc2|agent --name NAME --url URL [--secret NAME] [--effect WHAT] ...`.

    An agency has one endpoint product, and as many web APIs (http) and OpenC2 consumers (openc2) as it names: a playbook means one of
    those by the host of its agent's or target's address, and what is requested stands below URL. An agent is a service at URL that
    carries out commands of the kinds that it is registered for: `--runs bash --runs ssh`.
    """

    help = "Set the connector of an agency; the secret is a name, its value a mounted file or a variable. Can be repeated."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--agency", required=True, help="the agency's slug")
        parser.add_argument("--kind", default="endpoint", help="endpoint, http, openc2 or agent")
        parser.add_argument("--name", required=True)
        parser.add_argument("--url", required=True)
        parser.add_argument("--secret", default="", help="the name of the secret")
        parser.add_argument("--host", action="append", default=[], help="one more host that may be called")
        parser.add_argument("--network", action="append", default=[], help="a network that is not public and is meant")
        parser.add_argument("--effect", default="unsafe", help="what a POST to a web API, or a command, is: unsafe, keyed or verifiable")
        parser.add_argument("--runs", action="append", default=[], help="a kind of command that an agent carries out, like bash")
        parser.add_argument("--most-at-once", type=int, help="how many calls it takes at the same time; without, as many as there are")
        parser.add_argument("--most-a-minute", type=int, help="how many calls it takes within any minute")
        parser.add_argument("--lookup", default="", help="where a verifiable POST is looked up by its key, like /orders/{key}")

    def handle(self, *args: Any, **options: Any) -> None:
        by = system("command")
        try:
            with scope.floor(None, actor="system:command"):
                made = connect(
                    agency_id=agency_of(options["agency"], by).pk,
                    kind=options["kind"],
                    name=options["name"],
                    base_url=options["url"],
                    secret_name=options["secret"],
                    allowed_hosts=options["host"],
                    named_networks=options["network"],
                    effect=options["effect"],
                    lookup=options["lookup"],
                    runs=options["runs"],
                    most_at_once=options["most_at_once"],
                    most_a_minute=options["most_a_minute"],
                    by=by,
                )
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.cure}".strip()) from error
        self.stdout.write(f"{made.name} is connected")
