# Everything a person or a machine does with this tree. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV ?= .venv
PORT ?= 8000
DATA ?=
SIZE ?=
BAR ?=
# Processes that run tests side by side.
JOBS ?= auto
# More for pytest, for example ARGS="tests/domain -x".
ARGS ?=

# Every process of a run imports the same thousand modules: whoever forbids byte-code has each compile them for itself.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
LINTER := tools/openapi/node_modules/.stamp

.PHONY: help run test check format bench soak demo openapi lock clean

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(RUNTIME): requirements.txt pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) requirements.txt $@

$(DEV): requirements-dev.txt pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) requirements-dev.txt $@
	@touch $(RUNTIME)

# Node and npm come from the lock of requirements-dev, so that a bare machine needs neither.
$(LINTER): tools/openapi/package-lock.json tools/openapi/.npmrc | $(DEV)
	@cd tools/openapi && PATH="$(abspath $(BIN)):$$PATH" npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@

run: $(RUNTIME) ## Serve a demo on 127.0.0.1:8000 (PORT=)
	@exec $(BIN)/dualreport demo --serve --host 127.0.0.1 --port $(PORT)

test: $(DEV) ## All tests, on SQLite and on a PostgreSQL of their own (ARGS=, JOBS=)
	@$(BIN)/pytest -q -n $(JOBS) --dist loadfile --durations=15 $(ARGS)

check: $(DEV) $(LINTER) ## Format, lint, sizes, types, layers, contract
	@VENV=$(VENV) tools/check.sh

format: $(DEV) ## Put the code in its one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only .

bench: $(DEV) ## Every goal beside its limit, into var/bench.json (SIZE=full)
	@$(BIN)/python -m benchmarks $(if $(SIZE),--size $(SIZE))

soak: $(DEV) ## The long bars, into var/soak.json (BAR=R1, SIZE=)
	@$(BIN)/python -m benchmarks.soak $(if $(BAR),--bar $(BAR)) $(if $(SIZE),--size $(SIZE))

demo: $(RUNTIME) ## The whole loop over HTTP, into var/demo (DATA=folder of public lists)
	@$(BIN)/dualreport demo $(if $(DATA),--data "$(DATA)")

openapi: $(RUNTIME) ## Write the contract, openapi/openapi.json
	@mkdir -p openapi var
	@$(BIN)/dualreport openapi > var/openapi.json
	@mv var/openapi.json openapi/openapi.json

lock: $(DEV) ## Resolve requirements*.in and the linter's package.json anew
	@VENV=$(VENV) tools/lock.sh

clean: ## Remove the environment and everything generated
	@rm -rf $(VENV) tools/openapi/node_modules var *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
