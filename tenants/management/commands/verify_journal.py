"""Check the seal of the journal and of the audit table from the first entry, and the seals against the anchor."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.isolation import scope
from tenants.journal.sealing import COLUMNS
from tenants.journal.verifying import Anchored, Verdict, read_anchor, verify, verify_anchor


class Command(BaseCommand):
    """`verify_journal [--anchor FILE]`: exit 1 with the first entry that does not fit."""

    help = "Recompute the seals over the journal and the audit table, and compare them with the anchor outside the database."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--anchor", default="", help="a file of anchored roots, or a mail of them (default: ANCHOR_FILE)")

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = self._anchor(options["anchor"])
        roots, others = read_anchor(anchor.read_text(errors="replace")) if anchor else ([], 0)
        with scope.every_agency(reason="verify_journal", actor="system:command"):
            verdicts: list[Verdict | Anchored] = [verify(stream) for stream in COLUMNS]
            if anchor:
                verdicts += [verify_anchor(stream, roots) for stream in COLUMNS]
        for verdict in verdicts:
            if not verdict.fault:
                self.stdout.write(_said(verdict))
        if others:
            self.stdout.write(f"anchor: {others} lines are no roots")
        if not anchor:
            self.stdout.write("anchor: there is none here, so a cut tail or a full re-hash by the owner would not be seen")
        if faults := [f"{v.stream}: {v.fault}" for v in verdicts if v.fault]:
            raise CommandError("; ".join(faults))

    def _anchor(self, named: str) -> Path | None:
        path = Path(named or settings.ANCHOR_FILE or ".")
        if path.is_file():
            return path
        if named or settings.ANCHOR_FILE_NAMED:
            raise CommandError(f"The anchor {path} is not there.")
        return None


def _said(verdict: Verdict | Anchored) -> str:
    if isinstance(verdict, Anchored):
        return f"{verdict.stream}: {verdict.roots} anchored roots fit, {verdict.later} seals not anchored yet"
    return f"{verdict.stream}: {verdict.rows} rows under {verdict.seals} seals fit, {verdict.unsealed} rows not sealed yet"
