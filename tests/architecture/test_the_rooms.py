"""A closed vocabulary of rooms, short files, first lines that say what a file is for."""

import ast

import pytest

from tests.architecture.house import APPS, DICTATED, NEVER, PURE, ROOMS, ROOT, SINGLE, python_files, short, tree

LONGEST = 400


@pytest.mark.parametrize("app", APPS)
def test_an_app_is_built_of_rooms_that_the_house_has(app):
    allowed = ROOMS | DICTATED | SINGLE.get(app, set()) | PURE.get(app, set())
    found = {p.stem if p.is_file() else p.name for p in (ROOT / app).iterdir() if p.suffix in ("", ".py") and p.name != "__pycache__"}
    strange = sorted(found - allowed)
    assert not strange, (
        f"{app} has rooms that the house does not know: {strange}. Put the code into one of {sorted(ROOMS)}, "
        "or, for thinking without Django, name a pure room for its subject in tests/architecture/house.py and say why in the commit."
    )


def test_nothing_is_called_utils_or_its_cousins():
    allowed = {"tenants/isolation/backend/base.py"}  # a name that Django imports
    strange = [short(p) for p in python_files() if (p.stem in NEVER or p.parent.name in NEVER) and short(p) not in allowed]
    assert not strange, f"Name these for their subject: {strange}"


@pytest.mark.parametrize("ending", ["py", "html", "css", "js"])
def test_files_stay_under_four_hundred_lines(ending):
    tops = {
        "py": ("tenants", "playbooks", "soc", "tests", "deploy"),
        "html": ("templates",),
        "css": ("static/style",),
        "js": ("static/script",),
    }[ending]
    files = [p for top in tops for p in (ROOT / top).rglob(f"*.{ending}") if "migrations" not in p.parts]
    long = {short(p): n for p in files if (n := len(p.read_text().splitlines())) > LONGEST}
    assert files
    assert not long, f"Split these by subject, not by size: {long}"


def test_a_module_says_in_its_first_line_what_it_is_for():
    silent = [short(p) for p in python_files() if p.read_text().strip() and not ast.get_docstring(tree(p))]
    assert not silent, f"Give these a docstring of one sentence: {silent}"


def test_there_is_no_admin_site():
    from django.conf import settings

    assert "django.contrib.admin" not in settings.INSTALLED_APPS, "It crosses tenants by nature; every write has a page of its own."
