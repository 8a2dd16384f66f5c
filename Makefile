# Sets up the environment and calls the tools; everything else is `snakemake`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
LOCK := envs/requirements.txt
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help env run test test-all lint format benchmarks clean distclean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

env: $(READY) ## create the environment in .venv from the lock

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
		{ echo "imsforge: Python 3.11 not found; install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' $(LOCK))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## run the default study; the report is results/report.html
	. $(BIN)/activate && snakemake --cores $(CORES)
	@echo "The report is at $(CURDIR)/results/report.html"

test: $(READY) lint ## check style and run the fast tests
	$(BIN)/python -m pytest

test-all: $(READY) lint ## check style and run all tests, slow ones too
	$(BIN)/python -m pytest -m "slow or not slow"

lint: $(READY) ## check style and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	. $(BIN)/activate && snakemake --lint

format: $(READY) ## bring code and rules into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

benchmarks: $(READY) ## compare speed and memory with peers, about a minute each
	for script in benchmarks/*.py; do $(BIN)/python $$script --quick || exit 1; done

clean: ## remove results and logs
	find results -mindepth 1 ! -name README.md -delete
	rm -rf logs .snakemake

distclean: clean ## remove the environment too
	rm -rf $(VENV) src/*.egg-info build
