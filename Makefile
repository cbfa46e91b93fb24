# Everything starts here; each command does its own set-up. `make` alone lists them.
PYTHON ?= python3
HERE := .venv/bin/python
LOCAL := deploy/local
.DEFAULT_GOAL := help
.PHONY: help setup run test lint reset backup restore pictures lock chaos mutations bench deploy-check audit fuzz

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

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

chaos: setup ## kill every part under load and count what is lost (KILLS= SEED= SECONDS= SERVERS=real PLAYBOOKS=yes)
	@$(if $(PLAYBOOKS),$(HERE) -m tests.falls.playbooks $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(SERVERS),--servers $(SERVERS)))
	@KILLS="$(KILLS)" SEED="$(SEED)" SECONDS="$(SECONDS)" SERVERS="$(SERVERS)" $(HERE) -m tests.falls.chaos

mutations: setup ## take each guard away and see which test notices (ARGS=)
	@exec $(HERE) $(LOCAL)/check.py mutations $(ARGS)

bench: setup ## figures beside those of bare Django, PostgreSQL, Celery and Channels (ARGS= for some of them)
	@exec $(HERE) -m bench $(ARGS)

deploy-check: setup ## start the production form on this machine and walk through it
	@exec $(HERE) deploy/production/check.py

audit: setup ## known weaknesses of the packages we stand on; fails where nobody can be asked
	@exec $(HERE) deploy/local/audit.py

fuzz: setup ## feed every parser for so long (ARGS="TARGET --seconds N")
	@exec $(HERE) -m tests.inputs.fuzz $(ARGS)

lock: ## compile the locks anew from requirements*.in and package.json
	@$(PYTHON) $(LOCAL)/bootstrap.py lock
