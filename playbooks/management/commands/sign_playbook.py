"""`sign_playbook FILE --key PEM`: print a playbook with one signature more. The key is read, used, and stored nowhere."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.definition import keys
from playbooks.definition.exchange import is_yaml
from playbooks.definition.instants import instant
from playbooks.definition.reading import document_in
from playbooks.definition.signing import CannotSign, sign
from tenants.actors import server_time


class Command(BaseCommand):
    """The book is printed as JSON on standard output; nothing is published by it."""

    help = "Prints a CACAO 2.0 playbook with one signature more (jss)."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", required=True, type=Path, help="the private key, in PEM")
        parser.add_argument("--password-file", type=Path, help="a file with the password of the key")
        parser.add_argument("--signee", default="", help="who signs; the creator's identity unless given")
        parser.add_argument(
            "--algorithm", default="", help="one of " + ", ".join(sorted(keys.ALGORITHMS)) + "; what fits the key unless given"
        )
        parser.add_argument("--valid-until", default="", help="when the signature ends, like 2027-01-01T00:00:00.000Z")
        parser.add_argument("--countersign", default="", help="the id of a signature to sign, instead of the book alone")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        raw, secret = _bytes(file), _bytes(options["key"])
        password = _bytes(options["password_file"]).rstrip(b"\r\n") if options["password_file"] else None
        document, findings = document_in(raw, yaml=is_yaml(file.name, raw))
        if not isinstance(document, dict):
            raise CommandError(f"{file} holds no playbook. {findings[0].message if findings else ''}".strip())
        try:
            signed = sign(
                document,
                keys.private_key(secret, password),
                signee=options["signee"] or str(document.get("created_by", "")),
                now=server_time(),
                algorithm=options["algorithm"],
                valid_until=_time(options["valid_until"]),
                countersign=options["countersign"],
            )
        except (keys.BadKey, keys.WeakKey, CannotSign) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(signed, indent=2, ensure_ascii=False))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error


def _time(text: str) -> datetime | None:
    at = instant(text)
    if text and at is None:
        raise CommandError(f"{text} is no time. Write it like 2027-01-01T00:00:00.000Z.")
    return at
