# `make` alone lists the targets.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
BIN := .venv/bin
OLDER ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin /usr/lib/postgresql/16/bin /usr/lib/postgresql/17/bin))
UV ?= $(or $(wildcard $(BIN)/uv),uv)
SPREAD = -n 3 --dist loadfile --no-loadscope-reorder
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

# Python keeps what it has compiled: the tests and `make run` start many processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test older has-older browser measure explore check check-python check-console format bench console schema docs lock python environment environment-dev clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: environment ## the whole system on this machine: servers, API, workers, demo data
	@exec $(BIN)/python -m muster up

test: environment-dev ## all tests, in three processes with servers of their own; ARGS="-n 0 tests/..." for a few
	@exec $(BIN)/python -m pytest $(SPREAD) $(ARGS)

older: environment-dev ## models, workers and journeys on an older PostgreSQL that is installed here; OLDER=its folder of programs
	@$(MAKE) --silent has-older 2> /dev/null || { echo "There is no PostgreSQL 15, 16 or 17 here. Install one, or say where: make older OLDER=/usr/lib/postgresql/15/bin" >&2; exit 1; }
	@MUSTER_TEST_POSTGRES="$(OLDER)" exec $(BIN)/python -m pytest $(SPREAD) $(or $(ARGS),tests/models tests/workers tests/journeys)

has-older:
	@test -x "$(OLDER)/initdb"

browser: environment-dev ## the tests in a browser, in two processes; ARGS="-n 0 tests/browser/..." for a few
	@exec $(BIN)/python -m pytest -n 2 --dist worksteal --screenshot only-on-failure $(or $(ARGS),tests/browser)

measure: environment-dev ## all tests, and write tests/slow.txt again (on a quiet machine)
	@MUSTER_TEST_MEASURE=1 exec $(BIN)/python -m pytest -q $(ARGS)

explore: environment-dev ## the random tests with new examples, until one fails; SECONDS=600 to stop after that time
	@ROUND="$(ROUND)" SECONDS_TO_EXPLORE="$(SECONDS)" exec $(BIN)/python -m tests.kit.explore $(ARGS)

check: environment-dev ## format, lint, types, architecture, and the console built again
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-python check-console

check-python:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture

check-console:
	@$(BIN)/python -m deploy.console --check

format: environment-dev ## format, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: environment-dev ## measure; see docs/benchmarks.md
	@exec $(BIN)/python -m bench $(ARGS)

console: environment-dev ## build console/ into muster/console (Node comes by pip)
	@$(BIN)/python -m deploy.console

docs: environment-dev ## write the generated files: settings, permissions, schema
	$(BIN)/python -m muster generate

lock: ## resolve the dependencies again (needs uv)
	$(COMPILE) pyproject.toml --group build --output-file requirements.lock $(ARGS)
	$(COMPILE) pyproject.toml --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock $(ARGS)

clean: ## remove caches (never data: that is .muster)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -type d -exec rm -rf {} +

environment: python
	@"$(PYTHON)" deploy/environment.py requirements.lock

environment-dev: python
	@"$(PYTHON)" deploy/environment.py requirements-dev.lock

python:
	@test -n "$(PYTHON)" || { echo "Muster needs Python 3.11 or newer, and found none. Install it, or say where it is: make run PYTHON=/path/to/python3" >&2; exit 1; }
