# Everything runs in .venv, which is made when it is missing or out of date. Only python3 (3.11 or
# newer) and make are needed. To use another Python: make PYTHON=/path/to/python3.12 test

PYTHON ?= python3
# where the study goes; a study that was stopped goes on if the folder is the same
OUT ?= out/study
# test processes; more than there are cores gains nothing
TEST_JOBS ?= 2

BIN := .venv/bin
STAMP := .venv/.installed
REQUIREMENTS := requirements/dev.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help study test test-slow lint bench lock clean

help:
	@echo "make study      run the study, or go on with it, and write its report to $(OUT)"
	@echo "make test       all checks and all tests but the slow ones"
	@echo "make test-slow  the slow tests"
	@echo "make lint       the checks that run no test"
	@echo "make bench      the engines against the libraries: ratios of CPU time, one thread"
	@echo "make lock       bring $(REQUIREMENTS) in line with pyproject.toml;"
	@echo "                with LOCK=--upgrade, to the newest versions"
	@echo "make clean      remove .venv and what tools leave behind; results in out/ stay"

study: $(STAMP)
	$(BIN)/explaudit study --out $(OUT)

# quick failures first; pytest closes. Threads of several test processes wait for each other
test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(TEST_JOBS) --dist worksteal

test-slow: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/kernel_engine.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/lime_engine.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/gates.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/whole_cell.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/paper_study.py

lock: $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet $(LOCK) -o $(REQUIREMENTS)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find auditor attacks datasets reports notebooks tests -name __pycache__ -prune -exec rm -rf {} +

# uv is about twice as fast, but does not know of indexes that only pip is configured for, so
# whatever goes wrong with it, pip gets a try. Some environments forbid Python to write bytecode,
# without which every start takes seconds longer, so uv is told to compile.
$(STAMP): $(REQUIREMENTS) pyproject.toml | $(BIN)/python
	@{ $(BIN)/python -m pip install --quiet uv && \
	   $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--require-hashes -r $(REQUIREMENTS); } \
	|| { echo "uv did not do it; installing with pip."; \
	   $(BIN)/python -m pip install --require-hashes -r $(REQUIREMENTS); }
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	   echo "explaudit needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	   echo "Name another one: make PYTHON=/path/to/python3.12"; exit 1; } >&2
	$(PYTHON) -m venv .venv
