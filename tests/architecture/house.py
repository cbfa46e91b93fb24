"""The house as the architecture tests read it: its apps, its files, its syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenants", "playbooks", *sorted(f"soc/{p.name}" for p in (ROOT / "soc").iterdir() if (p / "apps.py").exists()))

# What Django and its neighbours dictate.
DICTATED = {"apps", "migrations", "urls", "forms", "serializers", "templatetags", "routing", "consumers", "middleware", "__init__"}
ROOMS = {
    "states",
    "errors",
    "actors",
    "models",
    "policies",
    "events",
    "queries",
    "operations",
    "pages",
    "api",
    "tasks",
    "management",
    "reactions",
}
# Rooms that exist in one app only (design 1.1), and the pure rooms, named for their subject.
SINGLE = {
    "tenants": {"journal", "gates", "isolation", "facts"},
    # A library and a conformance suite are data: books to run, and books to test any engine with.
    "playbooks": {"engine", "connectors", "library", "conformance"},
    "soc/cases": {"playbook_actions"},
    "soc/live": {"bell"},
}
PURE = {
    "tenants": {"credentials"},
    "playbooks": {
        "definition",
        "decide",
        "blocks",
        "chain",
        "moves",
        "simulation",
        "catalogue",
        "drawing",
        "products",
        "quorum",
        "rendering",
        "timing",
        "trail",
    },
    "soc/cases": {"intake", "drawing"},
    "soc/clocks": {"reckoning", "terms", "holidays", "facts"},
    "soc/scorecards": {"drawing", "scoring", "measures", "periods", "ranking", "survival", "folding"},
    "soc/live": {"topics", "pacing"},
    "soc/home": {"durations"},
    "soc/demo": {"scenario", "signals", "stories", "weather", "people", "places", "stand_in"},
    "soc/health": {"embedded", "logs", "measures", "middleware", "starting"},
}
NEVER = {"core", "common", "utils", "util", "helpers", "helper", "base", "misc", "manager", "managers", "service", "services"}


def python_files(*parts: str) -> list[Path]:
    """Every Python file of the product (below `parts`), migrations left out."""
    tops = [ROOT / p for p in parts] if parts else [ROOT / t for t in ("tenants", "playbooks", "soc")]
    return sorted(p for top in tops for p in top.rglob("*.py") if "migrations" not in p.parts and "__pycache__" not in p.parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), filename=str(path))


def short(path: Path) -> str:
    """A path as people read it."""
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> tuple[str, str]:
    """(app, room) of a file: `soc/cases/operations/closing.py` is ("soc/cases", "operations")."""
    relative = path.relative_to(ROOT)
    for app in sorted(APPS, key=len, reverse=True):
        if relative.is_relative_to(app):
            inside = relative.relative_to(app).parts
            return app, inside[0].removesuffix(".py")
    return str(relative.parent), relative.stem


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Every call below a node."""
    return (n for n in ast.walk(node) if isinstance(n, ast.Call))
