"""`backtest_playbook BOOK --days N`: what a book would have done on the past cases of agencies. Nothing of it is done."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from playbooks.operations.backtesting import EVERY, OWN, RULE, ask_backtest
from playbooks.queries.backtests import Answered, answer_of, as_json
from playbooks.tasks import BACKTESTS
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.journal.sweeping import sweep

BY = system("command")


class Command(BaseCommand):
    """Works the question off by itself, beside workers that are up. Exit 1 when something named does not exist."""

    help = "Walks a book through the past cases of agencies and prints what it would have done, on what, and whom it would have asked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("book", metavar="BOOK", help="its short name, like ransomware")
        parser.add_argument("--days", type=int, required=True, help="cases of the last days")
        parser.add_argument("--agency", action="append", default=[], help="a slug; can be repeated; every agency without it")
        parser.add_argument("--rule", default="", help="only cases that fit this condition; without it the book's own rules count")
        parser.add_argument("--all", action="store_true", help="every case, whatever the rules say")
        parser.add_argument("--number", default="", help="the number of a version; the newest without it")
        parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        way = EVERY if options["all"] else RULE if options["rule"] else OWN
        asked = {"days": options["days"], "agencies": options["agency"], "rule": options["rule"], "version": options["number"]}
        try:
            with scope.floor(None, actor="system:command"):
                question = ask_backtest(book=options["book"], way=way, **asked, by=BY)
        except DomainError as error:
            cure = getattr(error, "cure", "") or ""
            raise CommandError(f"{error.detail or 'There is no such book.'} {cure}".strip()) from error
        found = self._worked_off(options["book"], question)
        self.stdout.write(json.dumps(as_json(found)) if options["json"] else "\n".join(_told(found)))

    def _worked_off(self, book: str, question: Any) -> Answered:
        """The answer, once it is there; how far it is goes to standard error."""
        while True:
            sweep(names=(BACKTESTS,), rounds=4)
            with scope.floor(None, actor="system:command"):
                found = answer_of(book, question, BY)
            self.stderr.write(f"\r{found.asked.looked} of {found.asked.total} cases", ending="")
            if found.asked.is_done:
                self.stderr.write("")
                return found


def _told(found: Answered) -> list[str]:
    asked, sums = found.asked, found.sums
    told = [f"{found.book}, version {asked.version}: {asked.fitting} of {asked.looked} cases fit"]
    for one in found.actions:
        targets = f" on {one['targets']} targets, at most {one['most_at_once']} in a case" if one["targets"] else ""
        votes = f", {one['approvals']} votes" if one["approvals"] else ""
        told.append(f"  {one['agency']}: {one['times']} x {one['name']} ({one['action']}){targets}{votes}")
    told += [f"  {one['agency']}: {one['action']} on {one['target']} from {one['times']} cases" for one in found.conflicts]
    told += [f"  {one['agency']} {one['about'].number}: {one['why']}" for one in found.undecided]
    minutes = f"{sums['human_minutes']} minutes of the floor and {sums['agency_minutes']} of agencies"
    return [*told, f"{sums['votes']} votes, {sums['tasks']} tasks; {minutes}, by estimates that nobody has measured"]
