"""Takes each guard of the product away and shows which test turns red: `python -m tests.mutations [--list] [--only WORD] [--share K/N]`.

Nothing of the tree or of its databases is touched: code is changed in a copy, SQL runs in a database copied for it.
Ends with 1 when a guard can be taken away unseen, when its tests are not green with it, or when the text to change is gone.
"""

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import django
import psycopg
from psycopg import sql

from tests.mutations.guards import MUTATIONS
from tests.mutations.taking import Mutation

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("tenants", "playbooks", "soc", "templates", "static", "tests", "deploy", "manage.py", "pyproject.toml")
MODEL = f"test_mutations_{os.getpid()}"
LONGEST = 240  # seconds for the tests of one guard
AS_IT_IS = ("-p", "tests.mutations.plugin")
FIRST = "tests/architecture/test_the_models.py::test_the_table_is_walled_in_the_database_itself[cases.Case]"
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What came of one mutation: the test that caught it, or what is wrong."""

    mutation: Mutation
    caught_by: str
    wrong: str
    seconds: float


@dataclass(frozen=True)
class Place:
    """A copy of the tree and a database of its own, for one mutation at a time."""

    tree: Path
    database: str

    def pytest(self, tests: tuple[str, ...], *more: str, database: str = "") -> tuple[int, str]:
        """Run tests on the copy; exit code and what pytest said."""
        environment = {
            **os.environ,
            "TEST_DATABASE": database or self.database,
            "WATCHFLOOR_VAR": str(var()),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "--show-capture=no", "-p", "no:cacheprovider", *more, *tests]
        try:
            done = subprocess.run(command, cwd=self.tree, env=environment, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return 1, f"FAILED {tests[0]} hangs"
        return done.returncode, done.stdout + done.stderr


def var() -> Path:
    from django.conf import settings

    return Path(settings.VAR)


def owner(database: str) -> psycopg.Connection:
    """The tables' owner, in autocommit."""
    from django.conf import settings

    login = {**settings.DATABASES["default"], **settings.DATABASES["default"]["OWNER"]}
    at = {"host": login["HOST"], "port": login["PORT"], "user": login["USER"], "password": login["PASSWORD"]}
    return psycopg.connect(**at, dbname=database, autocommit=True)


def in_the_cluster(statement: str, *names: str) -> None:
    with owner("postgres") as connection:
        connection.execute(sql.SQL(statement).format(*[sql.Identifier(name) for name in names]))


def copied(number: int, under: Path) -> Place:
    """A copy of the tree; servers and environment stay where they are."""
    tree = under / f"place-{number}"
    tree.mkdir()
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(source, tree / name, ignore=ignored) if source.is_dir() else shutil.copy2(source, tree / name)
    (tree / "var").symlink_to(ROOT / "var")
    return Place(tree, f"{MODEL}_{number}")


def tried(mutation: Mutation, place: Place) -> Verdict:
    """Take the guard away, run its tests, put it back."""
    began = time.monotonic()
    fresh_database(place)
    file, text = place.tree / mutation.file, ""
    try:
        if mutation.sql:
            with owner(place.database) as connection:
                connection.execute(mutation.sql.encode())
        else:
            text = file.read_text()
            if text.count(mutation.was) != 1:
                return Verdict(
                    mutation, "", f"the text stands {text.count(mutation.was)} times in {mutation.file}", time.monotonic() - began
                )
            file.write_text(text.replace(mutation.was, mutation.becomes))
        code, said = place.pytest(mutation.tests, *AS_IT_IS)
    except psycopg.Error as error:
        return Verdict(mutation, "", f"the SQL could not be run: {error}", time.monotonic() - began)
    finally:
        if text:
            file.write_text(text)
    caught = FAILED.search(said)
    wrong = "" if code == 1 and caught else "SURVIVED" if code == 0 else f"pytest ended with {code}: {said[-300:]}"
    return Verdict(mutation, caught.group(1) if caught else "", wrong, time.monotonic() - began)


def green_before(mutations: list[Mutation], places: list[Place]) -> str:
    """Make the database and run every guard's tests with all guards in place; what is wrong, if anything."""
    code, said = places[0].pytest((FIRST,), "--create-db", "--reuse-db", database=MODEL)
    if code != 0:
        return "The database could not be made:\n" + said[-3000:]
    tests = list(dict.fromkeys(test for one in mutations for test in one.tests))
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    shares = [[test for test in tests if files.index(test.partition("::")[0]) % len(places) == n] for n in range(len(places))]

    def green(place: Place, share: list[str]) -> str:
        fresh_database(place)
        code, said = place.pytest(tuple(share), *AS_IT_IS) if share else (0, "")
        return "" if code == 0 else said[-3000:]

    with ThreadPoolExecutor(len(places)) as pool:
        wrong = "\n".join(filter(None, pool.map(green, places, shares)))
    return f"The tests are not green with all guards in place:\n{wrong}" if wrong else ""


def fresh_database(place: Place) -> None:
    in_the_cluster("DROP DATABASE IF EXISTS {} WITH (FORCE)", place.database)
    in_the_cluster("CREATE DATABASE {} TEMPLATE {}", place.database, MODEL)


def chosen(only: str, share: str) -> list[Mutation]:
    """Those whose name contains a word, and of them one part."""
    part, parts = map(int, share.split("/"))
    return [one for one in MUTATIONS if only.lower() in one.name.lower()][part - 1 :: parts]


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    asked.add_argument("--list", action="store_true", help="only name the guards and the tests that hold them")
    asked.add_argument("--only", default="", help="those whose name contains this")
    asked.add_argument("--share", default="1/1", help="the kth of n parts of the list: 1/2, 2/2")
    asked.add_argument("--places", type=int, default=2, help="how many are tried at the same time")
    given = asked.parse_args()
    mutations = chosen(given.only, given.share)
    if given.list:
        for one in mutations:
            print(f"{one.name}\n    {'; '.join(one.tests)}")
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchfloor-mutations-") as folder:
        places = [copied(number, Path(folder)) for number in range(given.places)]
        try:
            wrong = green_before(mutations, places)
            print(wrong or f"All guards in place: green, {time.monotonic() - began:.0f} s", flush=True)
            verdicts = [] if wrong else all_tried(mutations, places)
        finally:
            for place in places:
                in_the_cluster("DROP DATABASE IF EXISTS {} WITH (FORCE)", place.database)
            in_the_cluster("DROP DATABASE IF EXISTS {} WITH (FORCE)", MODEL)
    unseen = [one for one in verdicts if one.wrong]
    print(f"{len(verdicts)} guards taken away, {len(verdicts) - len(unseen)} caught, {time.monotonic() - began:.0f} s")
    return 1 if wrong or unseen or not verdicts else 0


def all_tried(mutations: list[Mutation], places: list[Place]) -> list[Verdict]:
    """Every mutation, as many at a time as there are places; a line for each as it is known."""
    free: queue.Queue[Place] = queue.Queue()
    for place in places:
        free.put(place)

    def one(mutation: Mutation) -> Verdict:
        place = free.get()
        try:
            verdict = tried(mutation, place)
        finally:
            free.put(place)
        print(f"| {mutation.name} | {verdict.wrong or verdict.caught_by} | {verdict.seconds:.1f} |", flush=True)
        return verdict

    print("| without the guard | caught by | seconds |\n|---|---|---|", flush=True)
    pool = ThreadPoolExecutor(len(places))
    try:
        return list(pool.map(one, mutations))
    finally:
        pool.shutdown(cancel_futures=True)  # who stops it waits for the present ones only


if __name__ == "__main__":
    sys.exit(main())
