# Every target sets up what it needs and may be run again. ARGS="..." goes to the tool behind it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
MINUTES ?= 10
ROWS ?= 20000000

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help setup demo console test test-slow lint format bench soak fuzz generated oracle corpus msticpy minutes transcripts reference java node chromium

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

setup: $(VENV)/.dev java node chromium console ## install everything that development needs

demo: $(VENV)/.runtime ## simulate a month, run this project's own rules over it, show the alerts
	@tools/build_console.sh --if-node
	@$(BIN)/bluetick demo $(ARGS)

console: node ## build the page that `bluetick serve` shows
	@tools/build_console.sh

test: $(VENV)/.dev java ## the fast suite: functions on both engines included
	@$(BIN)/pytest -m "not slow" $(ARGS)

test-slow: $(VENV)/.dev java node chromium console ## real processes, large data, Microsoft's analyzer
	@$(BIN)/pytest -m slow $(ARGS)

lint: $(VENV)/.dev ## style, format, types, layers, spelling
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/codespell
	@echo "lint: clean"

format: $(VENV)/.dev ## rewrite the code as lint wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(VENV)/.dev ## run benchmarks/bench_*.py, print one table, write docs/performance.md (ARGS: names; ROWS)
	@$(BIN)/python benchmarks/run.py --rows $(ROWS) --page docs/performance.md $(ARGS)

soak: $(VENV)/.dev ## a session, kills, outages, simulated days of the service for MINUTES (ARGS: --progress FILE)
	@$(BIN)/python tools/soak.py $(MINUTES) $(ARGS)

fuzz: $(VENV)/.dev ## run the property tests with new seeds for MINUTES
	@$(BIN)/python tools/fuzz.py $(MINUTES)

generated: $(VENV)/.dev ## run generated checks with a new seed (ARGS: COUNT, --seed N, --faults, --spark)
	@$(BIN)/python tools/generated_checks.py $(ARGS)

oracle: $(VENV)/.dev node ## compare result columns with Microsoft's analyzer
	@$(BIN)/pytest tests/oracle -m slow $(ARGS)

corpus: $(VENV)/.dev ## score published queries beside the analyzer (ARGS: see tools/corpus.py)
	@$(BIN)/python tools/corpus.py $(ARGS)

msticpy: $(VENV)/.dev ## ask the server by msticpy's Kusto driver, in an environment of its own
	@$(BIN)/python tools/msticpy_check.py $(ARGS)

minutes: $(VENV)/.dev java node ## run every suite and write the table of minutes into CONTRIBUTING.md
	@$(BIN)/python tools/suite_minutes.py

transcripts: $(VENV)/.dev ## write the README's transcripts from real output
	@$(BIN)/python tools/readme_transcripts.py --write

reference: $(VENV)/.dev ## write docs/ from the catalogue of functions
	@$(BIN)/python tools/print_reference.py --write

java:
	@tools/system_packages.sh java

node:
	@tools/system_packages.sh node

chromium:
	@tools/system_packages.sh chromium

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "bluetick needs Python 3.11 or later; name one with: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { tools/system_packages.sh venv && $(PYTHON) -m venv --clear $(VENV); }

# The stamps are older than what they were made from when an installation is due.
$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bluetick into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bluetick and its development tools into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m compileall -q src
	@touch $(VENV)/.runtime $@
