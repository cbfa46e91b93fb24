"""`trust_signer FILE --name NAME`: let signatures of a public key or certificate count, or with `--revoke` no more."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.operations.trusting import revoke_signer, trust_signer
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope


class Command(BaseCommand):
    """`trust_signer press.pem --name "The press"`; `trust_signer --revoke ID --reason "The key was lost"`."""

    help = "Trusts a signer of playbooks for every agency, or ends that trust for good."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a public key or certificate in PEM")
        parser.add_argument("--name", default="", help="whose key it is")
        parser.add_argument("--revoke", default="", metavar="ID", help="the signer whose trust ends, as this command printed it")
        parser.add_argument("--reason", default="", help="why the trust ends")

    def handle(self, *args: Any, **options: Any) -> None:
        by = system("command")
        if bool(options["revoke"]) == bool(options["file"]):
            raise CommandError("Give a FILE to trust, or --revoke ID.")
        try:
            with scope.floor(None, actor=by.name):
                if options["revoke"]:
                    signer = revoke_signer(signer=options["revoke"], reason=options["reason"], by=by)
                    said = "revoked"
                else:
                    pem = options["file"].read_text("utf-8", "replace")
                    signer, new = trust_signer(name=options["name"], pem=pem, by=by)
                    said = "trusted" if new else "was trusted already"
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror or error}.") from error
        except DomainError as error:
            unknown = f"There is no signer {options['revoke']}."
            raise CommandError(unknown if error.status == 404 else f"{error.detail} {error.cure}".strip()) from error
        self.stdout.write(f"{signer.public_id} {signer.name} sha256 {signer.key_id} thumbprint {signer.thumbprint} {said}")
