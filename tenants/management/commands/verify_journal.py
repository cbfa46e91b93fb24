"""Check the seal of the journal and of the audit table, from the first entry."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.isolation import scope
from tenants.journal.verifying import verify


class Command(BaseCommand):
    """`verify_journal`: exit 1 with the first entry that does not fit."""

    help = "Recompute the seals over the journal and the audit table."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.every_agency(reason="verify_journal", actor="system:command"):
            verdicts = [verify("journal"), verify("audit")]
        for verdict in verdicts:
            if verdict.fault:
                continue
            self.stdout.write(
                f"{verdict.stream}: {verdict.rows} rows under {verdict.seals} seals fit, {verdict.unsealed} rows not sealed yet"
            )
        self.stdout.write("anchor: none outside this database yet, so a cut tail or a full re-hash by the owner would not be seen")
        faults = [f"{v.stream}: {v.fault}" for v in verdicts if v.fault]
        if faults:
            raise CommandError("; ".join(faults))
