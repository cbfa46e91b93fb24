"""A worker of the engine in a process of its own, which a test may kill: `python worker.py DATABASE AGENCY_ID`."""

import sys

import django


def main(database: str, agency_id: int) -> None:
    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    from playbooks.catalogue import register_action
    from playbooks.engine.working import work_runs

    for verb in ("note", "task", "contain"):
        register_action(f"case.{verb}", lambda context, args: {}, verb)
    while work_runs(agency_id):
        pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
