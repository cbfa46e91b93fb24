"""`import_bpmn`: make CACAO 2.0 drafts from BPMN 2.0 drawings, and say what they do not carry."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from playbooks.definition.bpmn import US, Draft, Unreadable, draft_of
from playbooks.definition.bpmn.markup import LARGEST


class Command(BaseCommand):
    """`import_bpmn FILE... [--out FOLDER]`: needs no database, publishes nothing."""

    help = (
        "Makes a CACAO 2.0 draft of each BPMN 2.0 file: on standard output (an array when there are several files), or as one file each "
        "in a folder. What a draft does not carry is listed on standard error. Exit 1 when a file could not be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--out", default="", metavar="FOLDER", help="write NAME.json for each file here instead of printing")
        parser.add_argument("--created-by", default=US, metavar="IDENTITY", help="the STIX identity that the drafts name as their maker")
        parser.add_argument(
            "--at", default="", metavar="TIME", help="the time that the drafts name, like 2026-11-24T09:00:00Z; now if absent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = self._time(options["at"])
        drafts = {file: draft for file in options["files"] if (draft := self._draft(file, options["created_by"], at)) is not None}
        if options["out"]:
            self._write(drafts, Path(options["out"]))
        elif drafts:
            documents = [draft.document for draft in drafts.values()]
            self.stdout.write(json.dumps(documents[0] if len(options["files"]) == 1 else documents, indent=2))
        broken = len(options["files"]) - len(drafts)
        if broken:
            raise CommandError(f"{broken} of {len(options['files'])} files could not be read")

    def _time(self, text: str) -> datetime:
        try:
            at = datetime.fromisoformat(text) if text else timezone.now()
        except ValueError as error:
            raise CommandError(f"--at {text} is no time; write it like 2026-11-24T09:00:00Z") from error
        return at if at.tzinfo else timezone.make_aware(at)

    def _draft(self, file: str, created_by: str, at: datetime) -> Draft | None:
        try:
            with Path(file).open("rb") as opened:
                raw = opened.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            self._tell(f"{file}: cannot be opened: {getattr(error, 'strerror', None) or error}")
            return None
        try:
            draft = draft_of(raw, created=at, modified=at, created_by=created_by)
        except Unreadable as error:
            self._tell(f"{file}: {error}")
            return None
        for one in draft.left:
            self._tell(f"{file}: {one.element} {one.id}" + (f" ({one.name})" if one.name else "") + f": {one.reason}")
        return draft

    def _tell(self, text: str) -> None:
        self.stderr.write("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))

    def _write(self, drafts: dict[str, Draft], folder: Path) -> None:
        taken: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file, draft in drafts.items():
                stem = Path(file).stem
                number = 1
                while (name := stem if number == 1 else f"{stem}-{number}") in taken:
                    number += 1
                taken.add(name)
                path = folder / f"{name}.json"
                path.write_text(json.dumps(draft.document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
                self.stdout.write(str(path))
        except OSError as error:
            raise CommandError(f"{error.filename}: cannot be written: {error.strerror}") from error
