"""What an edit works on: a copy of the document, where new ids come from, and the time; and how it is refused."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.graph import ACTION, BOOK, END, IF, PARALLEL, SWITCH, WHILE

# What may be added; starts and ends come and go with what they belong to.
ADDED = {
    ACTION: "Action",
    IF: "Decision, yes or no",
    SWITCH: "Decision with several cases",
    PARALLEL: "Side by side",
    WHILE: "Loop",
    BOOK: "Another playbook",
}


class UnfitEdit(ValueError):
    """An edit that cannot be made: why, at which field, and what to do instead."""

    def __init__(self, detail: str, *, field: str, cure: str) -> None:
        super().__init__(detail)
        self.field, self.cure = field, cure


@dataclass
class Desk:
    """A document under work. `new(type)` gives an identifier that nothing has; `now` is the time as CACAO writes it."""

    document: dict[str, Any]
    new: Callable[[str], str]
    now: str

    @property
    def workflow(self) -> dict[str, Any]:
        """The steps."""
        found: dict[str, Any] = self.document["workflow"]
        return found

    def end(self) -> str:
        """A new end; gives its id."""
        key = self.new(END)
        self.workflow[key] = {"type": END}
        return key

    def define(self, group: str, kind: str, name: str) -> str:
        """A new agent or target of a kind; gives its id."""
        key = self.new(kind)
        made: dict[str, Any] = {"type": kind, "name": name}
        if kind == "security-category":
            made["category"] = ["endpoint"]
        if kind == "sector":
            made["sector"] = name
        self.document.setdefault(group, {})[key] = made
        return key


def desk_of(document: Mapping[str, Any], new: Callable[[str], str], now: str) -> Desk:
    """A desk with a copy of the document."""
    return Desk(copy.deepcopy(dict(document)), new, now)


@dataclass(frozen=True)
class Edited:
    """A document after an edit, what was done in words, and the part that is looked at next."""

    document: dict[str, Any]
    said: str
    part: str
