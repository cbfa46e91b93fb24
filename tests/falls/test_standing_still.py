"""A process that stands still in the middle of a transaction does not keep its locks for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASKED = """
import django
django.setup()
from django.db import connection
from tenants.isolation import scope
with scope.lobby(), connection.cursor() as cursor:
    cursor.execute("SHOW idle_in_transaction_session_timeout")
    print(cursor.fetchone()[0])
"""


@pytest.mark.parametrize(("process", "seconds"), [("worker", "15s"), ("web", "1min"), ("command", "0")])
def test_workers_and_pages_lose_their_session_and_a_command_takes_its_time(process, seconds):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "WATCHFLOOR_PROCESS": process, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", ASKED], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == seconds, done.stderr
