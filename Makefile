# `make` alone prints what there is. Every target sets up what it needs; a fresh clone needs Python 3.11 and make.

PYTHON ?= python3
VENV   := .venv
PMP    := $(VENV)/bin/pmp
# Test processes at once. Files stay whole, because most share a lake that takes seconds to build.
JOBS   ?= 2
PYTEST := $(VENV)/bin/pytest -n $(JOBS) --dist loadfile
UV     := uv==0.13.*

# What a target is asked for arrives as make's variables (ISO=caiso) and leaves as options of `pmp`.
period  = $(if $(YEAR),--year $(YEAR)) $(if $(START),--start-date $(START)) $(if $(END),--end-date $(END))
choice  = $(if $(DATA_TYPES),--data-types $(DATA_TYPES)) $(if $(MARKETS),--markets $(MARKETS)) \
          $(if $(LOCATIONS),--locations $(LOCATIONS))
isos    = $(foreach one,$(subst $(comma), ,$(ISO)),--iso $(one))
comma   := ,

# A sentence instead of a usage text where a variable is missing, before anything is set up.
goal    := $(firstword $(filter plan ingest download build import backfill,$(MAKECMDGOALS)))
ifneq ($(goal),)
ifeq ($(ISO),)
$(error make $(goal) needs ISO. Say for example: make $(goal) ISO=caiso $(if $(filter import,$(goal)),FILES=my.csv,YEAR=2022))
endif
ifeq ($(goal)$(FILES),import)
$(error make import needs FILES. Say for example: make import ISO=$(ISO) FILES='downloads/*.csv')
endif
ifneq ($(filter backfill,$(goal)),)
ifeq ($(START)$(YEAR),)
$(error make backfill needs START. Say for example: make backfill ISO=$(ISO) START=2022-01-01)
endif
else ifneq ($(filter plan ingest download,$(goal)),)
ifeq ($(START)$(YEAR),)
$(error make $(goal) needs YEAR, or START and END. Say for example: make $(goal) ISO=$(ISO) YEAR=2022)
endif
endif
endif

.DEFAULT_GOAL := help
.PHONY: help setup init plan ingest download build import backfill status catalog sql export doctor demo bench \
        test test-quick test-long check format docs lock wheel clean

##@ Start here
help: ## This text
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nVariables: ISO=caiso[,pjm] YEAR=2022 START=2022-01-01 END=2022-03-31 DATA_TYPES=lmp,as\n'
	@printf '           MARKETS=da,rt LOCATIONS=hubs|all; settings (LAKE_URI, AWS_*, ...): docs/operations.md\n'

setup: $(VENV)/.ready ## The environment in .venv with the command pmp; the other targets call it when needed

demo: $(VENV)/.ready ## A small lake of three markets from a simulator: no account, no network
	@$(VENV)/bin/python -m lake.demo

##@ The lake
init: $(VENV)/.ready ## Create the lake's tables and views
	@$(PMP) init

plan: $(VENV)/.ready ## Price a job before doing it: make plan ISO=caiso YEAR=2022
	@$(PMP) plan $(isos) $(period) $(choice)

ingest: $(VENV)/.ready ## Land a year's raw files and build the tables: make ingest ISO=caiso YEAR=2022
	@$(PMP) ingest $(isos) $(period) $(choice)

download: $(VENV)/.ready ## The first half of ingest: only land the raw files
	@$(PMP) download $(isos) $(period) $(choice)

build: $(VENV)/.ready ## The second half: build the tables from what has landed
	@$(PMP) build $(isos) $(period) $(choice)

import: $(VENV)/.ready ## Take over files you have: make import ISO=pjm FILES='*.csv' [DATASET=name]
	@$(PMP) import $(isos) $(if $(DATASET),--dataset $(DATASET)) $(FILES)

backfill: $(VENV)/.ready ## Years of several markets: make backfill ISO=caiso,pjm START=2022-01-01
	@$(PMP) backfill $(isos) $(period) $(choice)

status: $(VENV)/.ready ## What the lake holds, and what it lacks
	@$(PMP) status

catalog: $(VENV)/.ready ## The tables, and the datasets that there are
	@$(PMP) catalog

sql: $(VENV)/.ready ## A DuckDB shell with the lake attached; one query with Q="SELECT ..."
	@if [ -n "$$Q" ]; then $(PMP) sql "$$Q"; else $(PMP) sql; fi

export: $(VENV)/.ready ## Yearly Parquet files and metadata: make export [ISO=caiso] [YEAR=2022] [TO=export]
	@$(PMP) export $(isos) $(if $(YEAR),--year $(YEAR)) $(if $(TO),--to $(TO))

doctor: $(VENV)/.ready ## Is everything reachable: storage, catalog, clock, credentials
	@$(PMP) doctor

bench: $(VENV)/.ready-dev ## Rows/s, memory, bytes per row on PJM-sized files: make bench [ROWS=55070598] [DAYS=31]
	@$(VENV)/bin/python -m lake.bench $(if $(ROWS),--rows $(ROWS)) $(if $(DAYS),--days $(DAYS))

##@ Work on it
test: $(VENV)/.ready-dev ## Every test: the quick ones, then the long ones
	$(PYTEST) -m "not long" $(ARGS)
	$(PYTEST) -m long $(ARGS)

test-quick: $(VENV)/.ready-dev ## The tests that take under two minutes
	$(PYTEST) -m "not long" $(ARGS)

test-long: $(VENV)/.ready-dev ## Killed processes, S3, PostgreSQL, memory
	$(PYTEST) -m long $(ARGS)

check: $(VENV)/.ready-dev ## Format, lint, types, SQL, import rules, generated pages
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/sqlfluff lint --processes $(JOBS) --nocolor --disable-progress-bar sql
	$(VENV)/bin/python -m lake.docs --check docs

format: $(VENV)/.ready-dev ## Format the Python, sort its imports
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

docs: $(VENV)/.ready ## Write the generated pages of docs/ anew
	$(VENV)/bin/python -m lake.docs docs

lock: $(VENV)/uv/bin/uv ## Choose the newest versions that pyproject.toml allows, and lock them
	$(lock) --extra postgres --extra browser --output-file requirements.lock pyproject.toml
	$(lock) --extra postgres --extra browser --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

wheel: $(VENV)/.ready ## The package as a wheel in dist/
	$(VENV)/bin/python -m pip wheel -q --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove the environment and what tools leave behind; never a lake
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Names, versions and hashes only: the same lock serves every index and every platform.
lock = UV_NO_CONFIG=1 $(VENV)/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group build \
       --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing. Say for example: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

install = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

# The marks of a finished set-up; made anew when the lock or the package's description changes.
$(VENV)/.ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) (once, a minute or two) ..."
	@$(install) --require-hashes --requirement requirements.lock
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) with the tools of development (once, a minute or two) ..."
	@$(install) --require-hashes --requirement requirements-dev.lock
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.ready

$(VENV)/uv/bin/uv: | $(VENV)/bin/python
	@$(PYTHON) -m venv $(VENV)/uv
	@$(VENV)/uv/bin/python -m pip install --quiet --disable-pip-version-check '$(UV)'
