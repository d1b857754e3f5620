# citybase: `make help` lists everything. The two commands are `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
export PYTHON
BIN := .venv/bin
# Two workers for two cores; a file stays with one worker, so that its fixtures are made once.
PYTEST := $(BIN)/pytest -q -n 2 --dist loadfile
# By their numbers of tests, files of one long test would come last of all.
BY_NAME := --no-loadscope-reorder

.PHONY: help setup demo ui test test-unit test-conventions test-pipeline test-integration check format lock sources clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "  make %-18s %s\n", $$1, $$2}'

.venv/.base: requirements/base.lock pyproject.toml deploy/setup.sh
	@deploy/setup.sh base
	@touch $@

.venv/.dev: requirements/dev.lock pyproject.toml deploy/setup.sh
	@deploy/setup.sh dev
	@touch .venv/.base $@

setup: .venv/.base ## Make .venv/ with what citybase runs on

demo: .venv/.base ## Set up, then run the main job on a synthetic city
	@$(BIN)/citybase demo

ui: .venv/.base ## Open Dagster on the same assets
	@$(BIN)/citybase ui

test: .venv/.dev ## Set up, then run every tier of the tests
	$(PYTEST) -m unit tests/unit
	$(PYTEST) -m conventions
	$(PYTEST) -m pipeline
	$(PYTEST) -m integration $(BY_NAME)

test-unit: .venv/.dev ## The inner loop: seconds, no server
	$(PYTEST) -m unit tests/unit

test-conventions: .venv/.dev ## The house rules
	$(PYTEST) -m conventions

test-pipeline: .venv/.dev ## The synthetic city end to end
	$(PYTEST) -m pipeline

test-integration: .venv/.dev ## Real servers, real processes
	$(PYTEST) -m integration $(BY_NAME)

check: .venv/.dev ## Lint, format, types, SQL, YAML
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@deploy/lint-sql.sh
	$(BIN)/yamllint --strict .

format: .venv/.dev ## Put Python and SQL into the house form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --quiet dbt_project/models dbt_project/tests

sources: .venv/.base ## Write the dbt source files from the registry
	@$(BIN)/citybase source generate

# uv resolves for every platform at once; install it anywhere (`pip install uv`) and name it: make lock UV=…
UV ?= uv
LOCK := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --quiet --no-header \
	--generate-hashes --no-emit-index-url --no-strip-extras
lock: ## Resolve the dependencies again and write the locks
	$(LOCK) --extra build -o requirements/base.lock
	$(LOCK) --extra build --extra dev -c requirements/base.lock -o requirements/dev.lock
	$(LOCK) --extra bench -c requirements/base.lock -o requirements/bench.lock

clean: ## Remove what tools leave behind (not var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info dbt_project/target dbt_project/logs
