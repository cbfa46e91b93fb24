#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as problem:
        cure = "`make run` starts the embedded one." if "DATABASE_URL" not in os.environ else "Is DATABASE_URL right?"
        sys.exit(f"The database does not answer. {cure}\n{problem}")
