"""The product's settings, on servers that tests may hurt."""

import os
from pathlib import Path

home = Path(os.environ.get("WATCHFLOOR_VAR") or Path(__file__).resolve().parent.parent / "var")
os.environ["WATCHFLOOR_VAR"] = str(home if home.name == "test" else home / "test")
os.environ.setdefault("DEMO", "0")

from soc.settings import *
from soc.settings import CELERY, CHANNEL_LAYERS, TEST_DATABASE

# Test processes share one Redis: each has names of its own there.
PREFIX = f"{TEST_DATABASE}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = PREFIX
CELERY["broker_transport_options"]["global_keyprefix"] = f"{PREFIX}:"
CELERY["task_default_queue"] = f"doorbell-{PREFIX}"
# A test that wants the bell hangs it up itself; the others leave no messages behind.
DOORBELL = False
# Hashing slowly on purpose is what production wants and tests do not.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Many databases of tests share this folder; a test of the anchor names a file of its own.
ANCHOR_FILE = ""
LOG_LEVEL = "WARNING"
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
