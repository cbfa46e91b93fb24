"""A book read aloud: its conditions, its actions and its ways as people say them."""

from datetime import datetime

from playbooks.definition.conditions import (
    All,
    Any,
    Comparison,
    Condition,
    ConditionSyntax,
    Exists,
    Literal,
    Not,
    Octets,
    Operand,
    Truth,
    Variable,
    read,
)
from playbooks.definition.graph import BOOK, DEFAULT_CASE, IF, PARALLEL, SWITCH, WHILE, Command, Node
from playbooks.definition.variables import REFERENCE

SAID = {
    "=": "is",
    "==": "is",
    "!=": "is not",
    "<>": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
TIMED = {"<": "is before", "<=": "is not after", ">": "is after", ">=": "is not before"}
OPPOSITE = {"is": "is not", "is not": "is", "is not after": "is after", "is not before": "is before"}
WORDED = {
    "MATCHES": ("matches", "does not match"),
    "ISSUBSET": ("lies in", "does not lie in"),
    "ISSUPERSET": ("contains the network", "does not contain the network"),
}


def name_of(variable: str) -> str:
    """A variable's name as people say it: `__host_count__` is host count."""
    return variable.strip("_").replace("_", " ")


def words_of(text: str) -> str:
    """A text of a book in which variables stand as [host]."""
    return REFERENCE.sub(lambda found: f"[{name_of(found[1])}]", text)


def said(condition: str) -> str:
    """A condition in words; one that nobody can read stands as it was written."""
    try:
        return _say(read(condition, lenient=True))
    except ConditionSyntax:
        return words_of(condition)


def _say(part: Condition) -> str:
    if isinstance(part, (All, Any)):
        word = " and " if isinstance(part, All) else " or "
        return word.join(f"({_say(one)})" if isinstance(one, (All, Any)) else _say(one) for one in _gathered(part))
    if isinstance(part, Not):
        inner = part.part
        if isinstance(inner, Comparison):
            return _compare(Comparison(inner.left, inner.operator, inner.right, not inner.negated))
        if isinstance(inner, Exists):
            return f"{name_of(inner.variable.name)} is unknown"
        return f"not {_operand(inner.operand)}" if isinstance(inner, Truth) else f"not ({_say(inner)})"
    if isinstance(part, Exists):
        return f"{name_of(part.variable.name)} is known"
    if isinstance(part, Truth):
        return _operand(part.operand)
    return _compare(part)


def _gathered(part: All | Any) -> tuple[Condition, ...]:
    """Likenesses of one thing said in one breath: "host contains dc, srv or sql"."""
    if isinstance(part, All):
        return part.parts
    kept: list[Condition] = []
    for one in part.parts:
        last = kept[-1] if kept else None
        if _joins(one) and _joins(last) and one.left == last.left:  # type: ignore[union-attr]
            before = last.right if isinstance(last.right, tuple) else (last.right,)  # type: ignore[union-attr]
            kept[-1] = Comparison(one.left, "LIKE", (*before, one.right))  # type: ignore[arg-type, union-attr]
        else:
            kept.append(one)
    return tuple(kept)


def _joins(part: Condition | None) -> bool:
    return isinstance(part, Comparison) and part.operator == "LIKE" and not part.negated and _contains(part.right) is not None


def _contains(right: Operand | tuple[Operand, ...]) -> str | None:
    """What a pattern like %dc% looks for anywhere in a text; None for other patterns."""
    if isinstance(right, tuple):
        found = [_contains(one) for one in right]
        return None if None in found else _listed([str(one) for one in found])
    text = str(right.value) if isinstance(right, Literal) else ""
    inner = text[1:-1]
    return inner if len(text) > 2 and text[0] == text[-1] == "%" and "%" not in inner and "_" not in inner else None


def _compare(part: Comparison) -> str:
    left = _operand(part.left)
    if part.operator == "LIKE":
        inner = _contains(part.right)
        if inner is not None:
            return f"{left} {'does not contain' if part.negated else 'contains'} {inner}"
        right = _listed([_operand(one) for one in part.right]) if isinstance(part.right, tuple) else _operand(part.right)
        return f"{left} {'does not look' if part.negated else 'looks'} like {right}"
    if isinstance(part.right, tuple):
        return f"{left} {'is none of' if part.negated else 'is'} {_listed([_operand(one) for one in part.right])}"
    if part.operator in WORDED:
        return f"{left} {WORDED[part.operator][part.negated]} {_operand(part.right)}"
    timed = isinstance(part.right, Literal) and isinstance(part.right.value, datetime)
    verb = (timed and TIMED.get(part.operator)) or SAID[part.operator]
    if part.negated:
        verb = OPPOSITE.get(verb) or verb.replace("is ", "is not ", 1)
    return f"{left} {verb} {_operand(part.right)}"


def _operand(one: Operand) -> str:
    if isinstance(one, Variable):
        return name_of(one.name)
    value = one.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Octets):
        return f"the bytes {value.value.hex()}"
    return value or "empty"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def what(node: Node) -> str:
    """What a step does, in words; empty for a start and an end."""
    if node.kind in (IF, WHILE):
        return f"{'Whether' if node.kind == IF else 'As long as'} {said(node.condition)}"
    if node.kind == SWITCH:
        return f"By {name_of(node.switch)}"
    if node.kind == PARALLEL:
        return f"{len(node.next_steps)} ways beside each other; the step waits for all of them"
    if node.kind == BOOK:
        return f"Runs another book and waits for its end{_with(node)}"
    return " Then: ".join(_command(node, one) for one in node.commands)


def _with(node: Node) -> str:
    return f", with {', '.join(name_of(one) for one in node.in_args)}" if node.in_args else ""


def _command(node: Node, command: Command) -> str:
    if command.kind in ("http-api", "openc2-http"):
        return words_of(command.text.removesuffix(" HTTP/1.1"))
    if command.kind == "local-action":
        return " ".join(words_of(str(text)) for text in node.arguments.values()) or command.text
    return words_of(command.text)


def ways(node: Node) -> tuple[tuple[str, str], ...]:
    """Where a step leads: when, and the id of the step that follows."""
    found = [(_when(node, key), step) for key, step in node.branches()]
    failing = [("When it fails", node.on_failure)] if node.on_failure and node.on_failure != node.next else []
    if node.is_block:
        found += [(_afterwards(node), node.next), *failing]
    else:
        found += [("When it is done", node.next), ("When it is not", node.on_failure)] if failing else [("Then", node.next)]
    return tuple((when, step) for when, step in found if step)


def _when(node: Node, key: str) -> str:
    if node.kind == SWITCH:
        return "Otherwise" if key == DEFAULT_CASE else f"If it is {key}"
    if node.kind == WHILE:
        return "Each time"
    return {"on_true": "If so", "on_false": "If not"}.get(key, "At once")


def _afterwards(node: Node) -> str:
    """When a step that opens branches goes on: after them, and at once where it need not open any."""
    if node.kind == WHILE:
        return "Once it holds no longer"
    if node.kind == PARALLEL or node.on_false or DEFAULT_CASE in node.cases:
        return "After that"
    return "If not, or after that"
