# Everything starts here; each command does its own set-up. `make` alone lists them.
PYTHON ?= python3
HERE := .venv/bin/python
LOCAL := deploy/local
.DEFAULT_GOAL := help
.PHONY: help setup run test lint reset backup restore pictures lock

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## the environment with test tools, and the front end's files
	@$(PYTHON) $(LOCAL)/bootstrap.py test

run: ## the whole service in the foreground, on http://localhost:8000 (PORT=)
	@$(PYTHON) $(LOCAL)/bootstrap.py run
	@exec $(HERE) $(LOCAL)/supervise.py

test: setup ## every test, on servers of its own (ARGS= for pytest)
	@exec $(HERE) $(LOCAL)/check.py test $(ARGS)

lint: setup ## style, types, import contracts, migrations
	@exec $(HERE) $(LOCAL)/check.py lint

reset: ## remove this instance's data and start over at the next run
	@$(PYTHON) $(LOCAL)/bootstrap.py run
	@exec $(HERE) $(LOCAL)/reset.py

backup: ## write the database to a file (FILE=)
	@$(PYTHON) $(LOCAL)/bootstrap.py run
	@exec $(HERE) $(LOCAL)/backup.py backup "$(FILE)"

restore: ## put a backup in the database's place (FILE=, CONFIRM=yes)
	@$(PYTHON) $(LOCAL)/bootstrap.py run
	@exec $(HERE) $(LOCAL)/backup.py restore "$(FILE)" "$(CONFIRM)"

pictures: setup ## screenshots of the pages into docs/pictures
	@exec $(HERE) $(LOCAL)/check.py pictures $(ARGS)

lock: ## compile the locks anew from requirements*.in and package.json
	@$(PYTHON) $(LOCAL)/bootstrap.py lock
