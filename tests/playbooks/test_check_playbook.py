"""`check_playbook`: what it prints for people and for scripts, and how it ends, without a database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.playbooks.definition.documents import FIRST, broken, everything

HERE = Path(__file__).parents[2]


def run(*args: str) -> tuple[int, str]:
    """The command as people call it, with a database that nobody answers for."""
    surroundings = {**os.environ, "DATABASE_URL": "postgres://nobody:x@127.0.0.1:9/none"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check_playbook", *args], cwd=HERE, env=surroundings, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A sound file, a wrong one, one that is bearable, one that is no JSON, and one that is not there."""
    wrong = broken({f"workflow {FIRST} on_success": "end--x", f"workflow {FIRST} delay": -1})
    found = {"gone": str(tmp_path / "gone.json")}
    documents: dict[str, Any] = {"sound": everything(), "wrong": wrong, "bearable": broken({"created": "2026-01-01T00:00:00Z"})}
    for name, document in documents.items():
        found[name] = str(tmp_path / f"{name}.json")
        Path(found[name]).write_text(json.dumps(document))
    found["broken"] = str(tmp_path / "broken.yaml")
    Path(found["broken"]).write_text("a: b: c")
    return found


def test_it_prints_every_finding_of_every_file_and_ends_with_1_where_one_is_an_error(files: dict[str, str]) -> None:
    code, said = run("--json", *files.values())
    found = json.loads(said)
    assert code == 1
    assert all(set(one) == {"file", "code", "severity", "pointer", "message"} for one in found)
    errors = {(one["file"], one["code"], one["pointer"]) for one in found if one["severity"] == "error"}
    assert errors >= {
        (files["gone"], "unreadable", ""),
        (files["broken"], "unreadable", ""),
        (files["wrong"], "dangling_step", f"/workflow/{FIRST}/on_success"),
        (files["wrong"], "negative_time", f"/workflow/{FIRST}/delay"),
        (files["bearable"], "bad_timestamp", "/created"),
    }
    assert not [one for one in found if one["file"] == files["sound"]]


def test_leniently_what_can_be_run_ends_with_0_and_a_line_a_finding(files: dict[str, str]) -> None:
    code, said = run("--lenient", files["bearable"], files["sound"])
    assert code == 0
    (line,) = said.splitlines()
    assert line.startswith(f"{files['bearable']}: warning bad_timestamp at /created: ")


def test_without_a_finding_there_is_an_empty_array(files: dict[str, str]) -> None:
    assert run("--json", files["sound"]) == (0, "[]\n")
