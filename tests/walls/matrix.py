"""Prints the matrix of the walls: `python -m tests.walls.matrix` runs it and shows every operation by role, with counts of cells.

`+` may, `3` is refused (403), `.` meets the 404 of nothing, `s` is sent to sign in; per role in the order own, another
agency's, an unknown thing (`-`: nothing is named), for liaisons also their agency's restricted case before the unknown one.
"""

import sys
from collections import Counter
from typing import Any

import pytest

FILES = ["tests/walls/test_matrix.py", "tests/walls/test_inputs.py", "tests/walls/test_tasks_and_topics.py"]
SHORT = {
    "anonymous": "anon", "stranger": "strang", "analyst": "analyst", "analyst elsewhere": "an.els", "watch lead": "lead",
    "auditor": "auditor", "admin": "admin", "liaison": "liaison", "liaison elsewhere": "li.els", "sensor key": "key",
    "sensor key elsewhere": "key els", "revoked key": "revoked", "expired token": "expired",
}  # fmt: skip


class Table:
    """Gathers what the tests recorded, from every process that ran some."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.places: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.failed = 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed += report.failed
        if report.when != "teardown":
            return
        for name, value in report.user_properties:
            if name == "matrix":
                self.rows[value["operation"]] = value["row"]
            elif name == "place":
                self.places[value["where"]] += value["calls"]
            elif name in ("topics", "tasks"):
                self.others[name] += value

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        say = terminalreporter.write_line
        width = max(map(len, self.rows), default=10)
        say(f"{'operation':{width}} " + " ".join(f"{short:7}" for short in SHORT.values()))
        for operation, row in self.rows.items():
            say(f"{operation:{width}} " + " ".join(f"{row.get(label, ''):7}" for label in SHORT))
        cells: Counter[str] = Counter("".join(cell for row in self.rows.values() for cell in row.values()))
        said = {"+": "may", "3": "refused (403)", ".": "nothing (404)", "s": "sign in (302, 401)"}
        say(f"operations {len(self.rows)}, roles {len(SHORT)}, cells {sum(cells.values())}: ")
        say("  " + ", ".join(f"{word} {cells[mark]}" for mark, word in said.items()))
        say("inputs: " + ", ".join(f"{where} {calls} calls" for where, calls in sorted(self.places.items())))
        say("also: " + ", ".join(f"{name} {cells} cells" for name, cells in sorted(self.others.items())))
        say(f"failed {self.failed}")


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "--no-header", "--show-capture=no", *FILES, *sys.argv[1:]], plugins=[Table()]))
