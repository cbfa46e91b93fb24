"""What hostile input could use: SQL made of values, code made of text, markup taken as safe, calls to the outside, secrets in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, calls, python_files, short, tree

# Files that put names into SQL, each with its reason. Values go as parameters everywhere.
NAMES_IN_SQL = {
    "tenants/journal/sealing.py": "the two sealed tables and their columns, constants of that file",
    "tenants/journal/verifying.py": "the same two tables",
    "tenants/journal/delivery.py": "a function's name of ours, quoted",
    "tenants/isolation/backend/base.py": "the name of a test database, quoted",
    "soc/demo/operations/scaling.py": "the tables that a floor of scale fills, named in that file",
    "tenants/management/roles.py": "roles and databases, put together by psycopg's own quoting",
}
RAW_SQL = {"raw", "extra", "RawSQL", "mogrify"}
MADE_OF_TEXT = {"eval", "exec", "compile", "__import__", "execfile"}
NEVER_IMPORTED = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "yaml",
    "subprocess",
    "pty",
    "xml",
    "lxml",
    "telnetlib",
    "ftplib",
    "requests",
    "aiohttp",
}
# Who may import one all the same, each with what holds the danger.
MAY_IMPORT = {
    ("playbooks/definition/reading.py", "yaml"): "takes the events of the parser and makes JSON's values of them itself",
    ("playbooks/definition/exchange.py", "yaml"): "writes YAML, and reads none",
    ("playbooks/definition/bpmn/markup.py", "xml"): "expat itself, with every document type refused, and so every entity",
}
NEVER_CALLED = {
    "yaml.load",
    "yaml.load_all",
    "yaml.full_load",
    "yaml.unsafe_load",
    "os.system",
    "os.popen",
    "os.execv",
    "os.spawnl",
    "tempfile.mktemp",
    "hashlib.md5",
    "hashlib.sha1",
    "ssl._create_unverified_context",
}
OUTSIDE = {"httpx", "urllib.request", "http.client", "socket", "smtplib", "urllib3"}
# Who may speak to the outside, each with its reason.
MAY_SPEAK = {
    "playbooks/connectors/speaking.py": "the one client of products",
    "playbooks/connectors/addresses.py": "resolves names, to refuse private addresses",
    "playbooks/engine/claiming.py": "this machine's name, in a lease",
    "soc/cases/management/commands/send_alerts.py": "a command that posts a file to this service",
    "soc/demo/management/commands/trickle.py": "the demo floor's sensors post to this service",
    "soc/demo/operations/building.py": "a free port for the demo floor's stand-in",
    "tenants/journal/anchoring.py": "Django's mail, with its time limit in the settings",
}
WITHOUT_CSRF = {
    "soc/cases/api/alerts.py": "takes sensor keys only, never a session",
    "soc/health/api/probes.py": "metrics: takes GET only, from this machine or by a token",
}
MARKED_SAFE = {"soc/home/templatetags/look.py": "attributes, each a constant"}
READS_ENVIRONMENT = {
    "soc/settings.py": "every setting",
    "soc/celery.py": "names the settings and the kind of process",
    "soc/asgi.py": "names the settings",
    "soc/wsgi.py": "names the settings",
    "playbooks/connectors/secrets.py": "secrets that connectors name",
    "playbooks/engine/crashing.py": "where a test wants a crash; never in production",
    "soc/cases/management/commands/send_alerts.py": "the key and the port of a command",
    "soc/demo/management/commands/build_demo_floor.py": "a faster build of invented data",
}
# Lines of templates that look dangerous, each with its reason.
HARMLESS = {
    'type="application/json">{"ids"': "data for a script, not a script: browsers do not run it",
    "{{ totp_svg|safe }}": "the QR code that the sign-in library draws of a secret of its own",
}
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in python_files():
        yield path, tree(path)


def dotted(node: ast.AST) -> str:
    """`os.environ` as it is written; what stands before a call or an index is left out."""
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, ast.Attribute):
        return ""
    before = dotted(node.value)
    return f"{before}.{node.attr}" if before else node.attr


def name_of(call: ast.Call) -> str:
    return dotted(call.func)


def is_made(node: ast.AST) -> bool:
    """Whether a text is put together: an f-string with something in it, `%`, `+` or `.format`."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Mod, ast.Add))
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join", "replace")


def test_sql_is_never_made_of_values():
    found = []
    for path, module in trees():
        for call in calls(module):
            last = name_of(call).rpartition(".")[2]
            if last in RAW_SQL and last != "extra":
                found.append(f"{short(path)}:{call.lineno} {last}")
            if last in ("execute", "executemany", "RunSQL") and call.args and is_made(call.args[0]) and short(path) not in NAMES_IN_SQL:
                found.append(f"{short(path)}:{call.lineno} {ast.unparse(call.args[0])[:60]}")
    assert not found, (
        "Values go as parameters; name the file in NAMES_IN_SQL with its reason where only names of ours go in:\n" + "\n".join(found)
    )


def test_nothing_is_run_or_unpacked_that_was_text():
    found = []
    for path, module in trees():
        for node in ast.walk(module):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            roots = {name.split(".")[0] for name in names} & NEVER_IMPORTED
            found += [f"{short(path)}:{node.lineno} imports {name}" for name in roots if (short(path), name) not in MAY_IMPORT]
        for call in calls(module):
            name = name_of(call)
            if name in MADE_OF_TEXT or name in NEVER_CALLED:
                found.append(f"{short(path)}:{call.lineno} {name}")
            if any(key.arg == "shell" for key in call.keywords):
                found.append(f"{short(path)}:{call.lineno} shell=")
    assert not found, found


def test_markup_is_escaped():
    found = [
        f"{short(path)}:{call.lineno}"
        for path, module in trees()
        for call in calls(module)
        if name_of(call).rpartition(".")[2] in ("mark_safe", "SafeString", "SafeText")
        and not (short(path) in MARKED_SAFE and isinstance(call.args[0], ast.Constant))
    ]
    loose = re.compile(
        r"\|\s*safe(seq)?\b|autoescape\s+off|<script(?![^>]*\bsrc=)|\son[a-z]+=[\"']|\shx-on|javascript:|\sstyle=", re.IGNORECASE
    )
    for path in TEMPLATES:
        for at, line in enumerate(path.read_text().splitlines(), 1):
            if loose.search(line) and not any(known in line for known in HARMLESS):
                found.append(f"{short(path)}:{at} {line.strip()[:60]}")
    assert TEMPLATES
    assert not found, (
        "Templates escape, and hold no script or style of their own (the policy of the pages refuses those too):\n" + "\n".join(found)
    )


def test_a_form_that_changes_something_carries_its_token():
    form = re.compile(r"<form\b[^>]*\bmethod=[\"']?post.*?</form>", re.IGNORECASE | re.DOTALL)
    forms = [(path, one[0]) for path in TEMPLATES for one in form.finditer(path.read_text())]
    assert forms
    assert not [f"{short(path)} {text[:60]}" for path, text in forms if "csrf_token" not in text]


def test_few_doors_take_a_post_without_its_token():
    found = {
        short(path) for path, module in trees() for node in ast.walk(module) if isinstance(node, ast.Name) and node.id == "csrf_exempt"
    }
    assert found == set(WITHOUT_CSRF), "Sessions change nothing without a token; name the door with its reason, or protect it"


def test_few_places_speak_to_the_outside():
    found = set()
    for path, module in trees():
        for node in ast.walk(module):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if any(name == out or name.startswith(out + ".") for name in names for out in OUTSIDE):
                found.add(short(path))
    assert found <= set(MAY_SPEAK), f"Products are spoken to through playbooks/connectors/: {sorted(found - set(MAY_SPEAK))}"


def test_every_call_to_the_outside_has_a_time_limit():
    clients = {"Client", "AsyncClient", "get", "post", "put", "request", "stream", "create_connection", "SMTP", "urlopen"}
    found = []
    for path, module in trees():
        for call in calls(module):
            owner, _, last = name_of(call).rpartition(".")
            if owner in OUTSIDE and last in clients and not any(key.arg == "timeout" for key in call.keywords):
                found.append(f"{short(path)}:{call.lineno} {name_of(call)}")
    assert not found, f"Say `timeout=`: a product that never answers must not hold a worker: {found}"


def test_the_environment_is_read_in_one_place():
    found = {short(path) for path, module in trees() for node in ast.walk(module) if dotted(node) in ("os.environ", "os.getenv")}
    assert found <= set(READS_ENVIRONMENT), f"soc/settings.py reads the environment, typed: {sorted(found - set(READS_ENVIRONMENT))}"


def test_no_secret_is_written_down():
    named = re.compile(r"secret|passw|token|credential|private_key|api_key", re.IGNORECASE)
    opaque = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
    found = []
    for path, module in trees():
        for node in ast.walk(module):
            pairs = [(ast.unparse(target), node.value) for target in node.targets] if isinstance(node, ast.Assign) else []
            pairs += [(key.arg or "", key.value) for key in node.keywords] if isinstance(node, ast.Call) else []
            for name, value in pairs:
                if (
                    named.search(name)
                    and isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and opaque.fullmatch(value.value)
                ):
                    found.append(f"{short(path)}:{node.lineno} {name}")
    assert not found, f"Secrets are in the environment or in mounted files, referenced by name: {found}"


def test_nobody_is_sent_where_a_request_says():
    found = []
    for path, module in trees():
        for call in calls(module):
            last = name_of(call).rpartition(".")[2]
            if last in ("HttpResponseRedirect", "redirect", "HttpResponsePermanentRedirect"):
                told = [ast.unparse(arg) for arg in call.args]
                found += [f"{short(path)}:{call.lineno} {arg}" for arg in told if re.search(r"\b(GET|POST|META|headers|data)\b", arg)]
    assert not found, f"Check a `next` against our own addresses first: {found}"


@pytest.mark.parametrize("reasons", [NAMES_IN_SQL, MAY_SPEAK, WITHOUT_CSRF, MARKED_SAFE, READS_ENVIRONMENT])
def test_the_lists_of_exceptions_name_only_what_exists(reasons: dict[str, str]):
    assert not [path for path in reasons if not (ROOT / path).exists()]
    assert all(len(reason) > 8 for reason in reasons.values())
