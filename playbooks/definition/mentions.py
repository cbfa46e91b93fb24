"""Where a playbook speaks of its variables: whether they are declared where it does, and whether constants stay what they are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playbooks.definition.conditions import ConditionSyntax, read, variables_of
from playbooks.definition.findings import Place, Sheet
from playbooks.definition.graph import EXTENSION, IF, SWITCH, WHILE
from playbooks.definition.reaching import Reach
from playbooks.definition.shapes import held, items, words
from playbooks.definition.steps import texts_with_variables
from playbooks.definition.variables import LENIENT_NAME, names_in

# Values that the engine gives to every run.
GIVEN = frozenset({"__problem__"})
LONGEST_CONDITION = 10_000
# An agent is looked at for each step that uses it; beyond this many it is no work of people.
MOST_USERS, MOST_NAMES = 1000, 100


class Scopes:
    """Which variables a step sees: its own, those of the blocks around it, and the playbook's."""

    def __init__(self, book: Mapping[str, Any], reach: Reach) -> None:
        self.reach = reach
        self.of_the_book = held(book.get("playbook_variables"))
        self.of_steps = {key: held(step.get("step_variables")) for key, step in reach.workflow.items()}
        self.of_any_step = {name for some in self.of_steps.values() for name in some}

    def declared(self, step: str, name: str) -> Mapping[str, Any] | None:
        """The declaration that counts for a step: its own, else that of the nearest block around it, else the playbook's."""
        for some in (self.of_steps[step], *(self.of_steps[one] for one in self.reach.enclosing(step)), self.of_the_book):
            if name in some:
                return held(some[name])
        return {} if name in GIVEN else None

    def undefined(self, sheet: Sheet, step: str, at: Place, names: Iterable[str]) -> None:
        """Find the names that a step does not see."""
        for name in names:
            if self.declared(step, name) is None:
                _say_undefined(sheet, at, [name])


def check_mentions(sheet: Sheet, book: Mapping[str, Any], reach: Reach) -> None:
    """Every text into which values are put, every condition, and what steps take and return."""
    scopes = Scopes(book, reach)
    users: dict[str, list[str]] = {}
    for key, step in reach.workflow.items():
        at = ("workflow", key)
        _decisions(sheet, scopes, key, step)
        for place, text in _texts(step):
            scopes.undefined(sheet, key, (*at, *place), names_in(text))
        for place, name in _arguments(step):
            scopes.undefined(sheet, key, (*at, *place), [name])
            if place[0] != "in_args" and (scopes.declared(key, name) or {}).get("constant") is True:
                sheet.error("constant_assigned", (*at, *place), f"{name[:120]} is constant. Return another variable, or let it vary.")
        for one in {words(step.get("agent")), *filter(None, map(words, items(step.get("targets"))))}:
            users.setdefault(one, []).append(key)
    for group in ("agent_definitions", "target_definitions"):
        for key, one in held(book.get(group)).items():
            for place, text in _leaves(one):
                names = [name for name in names_in(text) if name not in scopes.of_the_book and name not in GIVEN][:MOST_NAMES]
                _in_an_agent(sheet, scopes, (group, key, *place), names, users.get(key, [])[:MOST_USERS])
    for key, one in held(book.get("authentication_info_definitions")).items():
        for place, text in _leaves(one):
            names = [name for name in names_in(text) if name not in scopes.of_the_book and name not in scopes.of_any_step]
            _say_undefined(sheet, ("authentication_info_definitions", key, *place), names)


def _say_undefined(sheet: Sheet, at: Place, names: Iterable[str]) -> None:
    for name in names:
        sheet.error("undefined_variable", at, f"{name[:120]} is not declared. Declare it under playbook_variables, or correct its name.")


def _in_an_agent(sheet: Sheet, scopes: Scopes, at: Place, names: list[str], users: list[str]) -> None:
    for name in names:
        unseen = any(scopes.declared(step, name) is None for step in users) if users else name not in scopes.of_any_step
        _say_undefined(sheet, at, [name] if unseen else [])


def _decisions(sheet: Sheet, scopes: Scopes, key: str, step: Mapping[str, Any]) -> None:
    """What decides a block. A text that nobody can read, or about what nobody declared, is a question to a person where it is allowed."""
    kind = step.get("type")
    name = "switch" if kind == SWITCH else "condition"
    text, at = step.get(name), ("workflow", key, name)
    if kind not in (IF, WHILE, SWITCH) or not isinstance(text, str) or not text:
        return
    if kind == SWITCH:
        variable = text.strip().removesuffix(":value")
        names = [variable] if LENIENT_NAME.fullmatch(variable) else []
        if not names:
            sheet.strictly("condition_syntax", at, "A switch is one variable, like __severity__:value; this is none at column 1.")
    elif len(text) > LONGEST_CONDITION:
        sheet.strictly("condition_syntax", at, f"A condition has at most {LONGEST_CONDITION} characters. Split it into several steps.")
        return
    else:
        try:
            names = variables_of(read(text, lenient=sheet.lenient))
        except ConditionSyntax as error:
            why = str(error).removesuffix(f" (at character {error.at + 1})")
            sheet.strictly("condition_syntax", at, f"The condition cannot be read at column {error.at + 1}: {why}. Write __x__:value = 1.")
            return
    for one in names:
        if sheet.lenient and scopes.declared(key, one) is None:
            sheet.warning("undefined_variable", at, f"{one[:120]} is not declared: a person will be asked. Declare it.")
        else:
            scopes.undefined(sheet, key, at, [one])


def _texts(step: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for number, command in enumerate(items(step.get("commands"))):
        for place, text in texts_with_variables(held(command)):
            yield ("commands", number, *place), text
    ours = held(held(step.get("step_extensions")).get(EXTENSION))
    for part in ("arguments", "approval"):
        for name, text in held(ours.get(part)).items():
            yield ("step_extensions", EXTENSION, part, name), words(text)


def _arguments(step: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for field in ("in_args", "out_args"):
        for number, name in enumerate(items(step.get(field))):
            yield (field, number), words(name).removesuffix(":value")
    for name in held(held(held(step.get("step_extensions")).get(EXTENSION)).get("outputs")):
        yield ("step_extensions", EXTENSION, "outputs", name), name


def _leaves(one: Any) -> Iterator[tuple[Place, str]]:
    """Every text in an object, extensions apart: nobody but their makers knows what in them is a variable."""
    todo: list[tuple[Place, Any]] = [((), one)]
    while todo:
        at, part = todo.pop()
        if isinstance(part, str):
            yield at, part
        elif isinstance(part, list):
            todo += [((*at, number), value) for number, value in enumerate(part)]
        else:
            todo += [((*at, key), value) for key, value in held(part).items() if not key.endswith("_extensions")]
