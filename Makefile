# Any target works as the first command: .venv is made and filled when it is missing or when the
# requirements changed. `make PYTHON=/path/to/python3.12 test` chooses the Python it is made with.

PYTHON ?= python3 python3.13 python3.12 python3.11
RECIPE ?= swift
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo checkpoint test lint layers check venv clean

demo: $(READY)  ## train the three models for a moment on generated data, then lift, count, report
	$(BIN)/python tools/demo.py

checkpoint: $(READY)  ## weights from raw folders: make checkpoint DATA=folder with motion17; RECIPE=gpu: as shipped
	$(BIN)/python tools/make_checkpoint.py --data "$(DATA)" --recipe $(RECIPE)

test: $(READY)  ## the fast tests, under 3 minutes on 2 cores
	$(BIN)/python -m pytest -n 2 -m "not slow and not gpu"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

layers: $(READY)  ## imports go down only
	$(BIN)/lint-imports

check: lint layers test

venv: $(READY)

$(READY): requirements.txt requirements-dev.txt
	@for python in $(PYTHON); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "filling $(VENV) with $$python, a few minutes the first time"; \
	    $$python -m venv $(VENV) || exit 1; \
	    $(BIN)/python -m pip install --quiet -r requirements-dev.txt || exit 1; \
	    touch $@; exit 0; \
	done; \
	echo "error: none of '$(PYTHON)' is Python 3.11 or newer; install one, or: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

clean:
	rm -rf $(VENV) out .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
