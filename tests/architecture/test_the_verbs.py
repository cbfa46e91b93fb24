"""Writes live in operations, doors make one call, escapes state their reason, pure rooms stay pure."""

import ast
import re

from tests.architecture.house import PURE, calls, python_files, room_of, short, tree

WRITES = {"save", "delete", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
SQL_WRITE = re.compile(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|TRUNCATE)\b")
MAY_WRITE = {"operations", "journal", "engine", "migrations", "isolation", "gates", "models"}
DOORS = {"pages", "api", "tasks", "reactions", "management", "consumers", "playbook_actions"}
BELOW = {"operations", "queries"}


def test_writes_live_in_operations():
    found = []
    for path in python_files():
        _, room = room_of(path)
        if room in MAY_WRITE:
            continue
        for call in calls(tree(path)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES and "objects" in ast.unparse(call.func.value):
                found.append(f"{short(path)}:{call.lineno} {ast.unparse(call.func)}")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_WRITE.search(node.value):
                found.append(f"{short(path)}:{node.lineno} SQL that writes")
    assert not found, "A change of data is a verb in operations/, where its policy is checked and its fact recorded:\n" + "\n".join(found)


def imported_operations(path):
    """Names in a file that come from an operations package."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and ".operations" in node.module:
            names |= {alias.asname or alias.name for alias in node.names}
    return names


# Doors that make two calls, each with its reason.
TWO_CALLS = {"soc/cases/api/alerts.py": "the allowance is charged in a transaction of its own, so that a long batch holds up no other"}


def test_a_door_makes_one_call():
    found = []
    for path in python_files():
        _, room = room_of(path)
        if room not in {"pages", "api", "tasks", "reactions"} or short(path) in TWO_CALLS:
            continue
        operations = imported_operations(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                made = [c for c in calls(node) if ast.unparse(c.func).split(".")[0] in operations]
                branches = sum(isinstance(n, (ast.If, ast.IfExp, ast.Match)) for n in ast.walk(node))
                if len(made) > 1 + branches:
                    found.append(f"{short(path)}:{node.lineno} {node.name} calls {len(made)} operations")
    assert not found, "A door translates, makes ONE call, translates back; make the second call part of the operation:\n" + "\n".join(found)


def test_every_escape_states_its_reason():
    found = []
    for path in python_files():
        for call in calls(tree(path)):
            if ast.unparse(call.func).split(".")[-1] == "every_agency":
                reasons = [k.value for k in call.keywords if k.arg == "reason"]
                if not reasons or (isinstance(reasons[0], ast.Constant) and len(str(reasons[0].value)) < 5):
                    found.append(f"{short(path)}:{call.lineno}")
    assert not found, f"every_agency(reason=...) says why in words: {found}"


def test_nothing_reaches_around_the_manager():
    found = [
        f"{short(p)}:{n.lineno}"
        for p in python_files()
        for n in ast.walk(tree(p))
        if isinstance(n, ast.Attribute) and n.attr in ("_base_manager", "unscoped") and room_of(p)[1] != "isolation"
    ]
    assert not found, f"The plain manager is for Django itself: {found}"


def test_pure_rooms_import_neither_django_nor_the_network():
    outside = {"django", "rest_framework", "celery", "channels", "httpx", "redis", "psycopg", "socket", "requests"}
    with_django = {"soc/health", "soc/demo"}  # middleware and logging are Django's own places
    found = []
    for path in python_files():
        app, room = room_of(path)
        if room not in PURE.get(app, set()) or app in with_django or (app, room) == ("playbooks", "catalogue"):
            continue
        for node in ast.walk(tree(path)):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            found += [f"{short(path)}:{node.lineno} imports {n}" for n in names if n.split(".")[0] in outside]
    assert not found, "Think in pure functions; touch the world at the edge:\n" + "\n".join(found)


def test_operations_take_their_time_from_the_actor():
    found = []
    for path in python_files():
        if room_of(path)[1] != "operations":
            continue
        found += [
            f"{short(path)}:{c.lineno}"
            for c in calls(tree(path))
            if ast.unparse(c.func) in ("datetime.now", "timezone.now", "datetime.utcnow")
        ]
    assert not found, f"`by.now()` is the server's time, which only tests and the demo floor may set: {found}"


def called_from_doors():
    """(module, name) of every operation that a door imports."""
    found = set()
    for path in python_files():
        if room_of(path)[1] not in DOORS:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and ".operations" in node.module:
                found |= {(node.module, alias.name) for alias in node.names}
    return found


def test_operations_are_keyword_only_and_say_by_whom():
    found = []
    through_doors = called_from_doors()
    for path in python_files():
        if room_of(path)[1] != "operations":
            continue
        module = short(path).removesuffix(".py").replace("/", ".")
        for node in tree(path).body:
            # What only other operations call (a locked row, the next number) is a part, not a verb.
            if not isinstance(node, ast.FunctionDef) or (module, node.name) not in through_doors:
                continue
            if node.args.args or "by" not in {a.arg for a in node.args.kwonlyargs}:
                found.append(f"{short(path)}:{node.lineno} {node.name}")
    assert through_doors
    assert not found, f"An operation is keyword-only and takes `by`: {found}"
