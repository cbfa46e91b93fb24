"""`verify_playbook FILE...`: print what each signature of a playbook is worth now; exit 1 unless there are some and all are valid."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error

from playbooks.definition.exchange import is_yaml
from playbooks.definition.reading import document_in
from playbooks.definition.signing import Signature, verify
from playbooks.definition.trust import known
from playbooks.queries.trust import Signers, trusted_signers
from tenants.actors import server_time
from tenants.isolation import scope


class Command(BaseCommand):
    """A line a signature, or with `--json` one array of `{"file", "signature", "signee", "state", "signer", "countersigns", "why"}`."""

    help = "Checks the signatures of CACAO 2.0 playbooks."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--trusted", action="store_true", help="only signatures of trusted signers are valid")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        told = [(file, one) for file in options["files"] for one in self._signatures(file, self._signers(), options["trusted"])]
        if options["as_json"]:
            self.stdout.write(json.dumps([_as_row(file, one) for file, one in told], indent=2))
        else:
            for file, one in told:
                row = _as_row(file, one)
                said = f" {row['signature']}" if row["signature"] else ""
                self.stdout.write(f"{file}: {row['state']}{said}{' ' if one.signee else ''}{one.signee}: {row['why']}")
        if not all(one.id and one.state == "valid" for _, one in told):
            sys.exit(1)

    def _signers(self) -> Signers:
        if not hasattr(self, "_trusted"):
            try:
                with scope.floor(None, actor="system:command"):
                    self._trusted = trusted_signers()
            except Error:
                self.stderr.write("The list of trusted signers cannot be read from the database, so nobody is known as trusted.")
                self._trusted = ()
        return self._trusted

    def _signatures(self, file: Path, signers: Signers, trusted: bool) -> list[Signature]:
        try:
            raw = file.read_bytes()
        except OSError as error:
            return [_odd("unreadable", f"The file cannot be read: {error.strerror or error}.")]
        document, findings = document_in(raw, yaml=is_yaml(file.name, raw))
        if document is None:
            return [_odd("unreadable", findings[0].message if findings else "The file holds no document.")]
        found = verify(document, signers, server_time())
        return list(known(found) if trusted else found) or [_odd("unsigned", "The playbook has no signature.")]


def _odd(state: str, why: str) -> Signature:
    return Signature("", "", state, why)  # type: ignore[arg-type]  # what is said of a file and not of a signature


def _as_row(file: Path, one: Signature) -> dict[str, str]:
    about = {"file": str(file), "signature": one.id, "signee": one.signee, "state": str(one.state)}
    return {**about, "signer": one.signer, "countersigns": one.countersigns, "why": one.why}
