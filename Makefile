# Everything one does here. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# The fast suite: what needs neither minutes, nor a server, nor a browser.
FAST := not slow and not postgres and not nats and not mosquitto and not browser
# A node for the checks that need Django's settings.
CHECK_HOME := build/check-node

.DEFAULT_GOAL := help
.PHONY: help setup dev runtime demo test test-all check bench docs lock translations hooks services audit clean

help:  ## List what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

setup:  ## Set up .venv, assets and translations for work on Otay (the other targets do what they need)
	@$(PYTHON) tools/setup.py --dev

dev:
	@$(PYTHON) tools/setup.py --dev --no-assets

runtime:
	@$(PYTHON) tools/setup.py

demo: runtime  ## Two nodes and border life on this machine; ARGS="--port 8000 --speed 60"
	@$(BIN)/otay demo $(ARGS)

test: dev  ## The fast suite, on SQLite, without any server or browser; ARGS="-k transit"
	@$(BIN)/pytest -n 2 -m "$(FAST)" $(ARGS)
	@echo 'Left out: slow tests, and those that need PostgreSQL, NATS, Mosquitto or Chromium. `make test-all` runs them.'

test-all: setup services  ## Every test there is, slow ones too, on SQLite and on real PostgreSQL, NATS, Mosquitto, Chromium
	@$(BIN)/python tools/services.py run -- $(BIN)/pytest -n 2 $(ARGS)
	@$(BIN)/python tools/services.py run --postgres -- $(BIN)/pytest -n 2 -m "not browser" $(ARGS)

check: dev  ## The one definition of clean: lock, style, types, walls, migrations, translations, nothing foreign, docs
	@$(BIN)/python tools/lock.py check
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: run .venv/bin/ruff format .'; exit 1; }
	@$(BIN)/python tools/check_node.py $(CHECK_HOME)
	@OTAY_HOME=$(CHECK_HOME) $(BIN)/mypy
	@OTAY_HOME=$(CHECK_HOME) $(BIN)/mypy --no-error-summary tools/*.py
	@told=$$($(BIN)/lint-imports --no-logo) || { echo "$$told"; exit 1; }
	@OTAY_HOME=$(CHECK_HOME) DJANGO_SETTINGS_MODULE=otay.web.settings $(BIN)/django-admin makemigrations --check --dry-run
	@$(BIN)/python tools/translations.py check
	@$(BIN)/python tools/foreign.py
	@$(MAKE) --no-print-directory docs
	@echo 'Clean.'

bench: setup  ## Run the benchmarks that docs/benchmarks.md quotes
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file $(ARGS) || exit 1; done

docs: dev  ## Build the manual in English and Spanish into docs/_build
	@$(BIN)/python tools/manual.py

lock: dev  ## Resolve pyproject.toml anew into the hashed requirements files; ARGS=--upgrade takes newer versions
	@$(BIN)/python tools/lock.py write $(ARGS)

translations: dev  ## Bring the Spanish catalogues up to date with the code and compile them
	@$(BIN)/python tools/translations.py update
	@$(BIN)/python tools/translations.py compile

hooks: dev  ## Run the quick checks before every commit
	@$(BIN)/prek install

services: dev  ## Install (apt) and start the PostgreSQL, NATS, Mosquitto and Chromium that tests use
	@$(BIN)/python tools/services.py start

audit: dev  ## Look up known faults of what is pinned, by digest; needs the network (the advisories of PyPI)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

clean:  ## Remove what is built; .venv and the nodes' own folders stay
	@rm -rf build dist docs/_build .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	@find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
