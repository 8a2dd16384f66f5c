# Sets up the environment and calls the tools; everything else is `snakemake`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
LOCK := envs/requirements.txt
READY := $(VENV)/.ready
AUDIT := build/audit

.DEFAULT_GOAL := help
.PHONY: help env run results test test-all test-slurm lint format benchmarks verify unlock audit clean distclean

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

results: $(READY) ## rerun the studies of docs/results.md, which takes hours, and write it
	. $(BIN)/activate && for study in demo:config bladder:studies/bladder thesis:studies/kidney; do \
		snakemake --cores $(CORES) --configfile config/$${study#*:}.yaml docs/results/$${study%%:*}.yaml || exit 1; \
	done
	$(BIN)/python docs/write_results.py build/results

test: $(READY) lint ## check style and run the fast tests
	$(BIN)/python -m pytest

test-all: $(READY) lint ## check style and run all tests, slow ones too
	$(BIN)/python -m pytest -m "slow or not slow"

test-slurm: $(READY) ## run a study on a Slurm cluster of one node, set up here (Debian, as root)
	tests/cluster/slurm.sh install
	tests/cluster/slurm.sh start
	eval "$$(tests/cluster/slurm.sh env)"; $(BIN)/python -m pytest -m "slow or not slow" tests/cluster; \
		status=$$?; tests/cluster/slurm.sh stop; exit $$status

lint: $(READY) ## check style and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/lint-imports --no-logo --no-cache
	. $(BIN)/activate && snakemake --lint

format: $(READY) ## bring code and rules into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile workflow/rules

benchmarks: $(READY) ## compare speed and memory with peers, about a minute each
	for script in benchmarks/*.py; do $(BIN)/python $$script --quick || exit 1; done

verify: $(READY) ## check that results are as their run left them
	. $(BIN)/activate && snakemake --cores 1 --quiet all -- verify

unlock: $(READY) ## let Snakemake run again after it was killed
	. $(BIN)/activate && snakemake --unlock

audit: $(AUDIT)/.ready ## look for known vulnerabilities; a bill of materials is build/sbom.json
	$(AUDIT)/bin/cyclonedx-py requirements $(LOCK) --output-reproducible --output-file build/sbom.json
	@rm -f build/audit.json
	@$(AUDIT)/bin/pip-audit --requirement $(LOCK) --no-deps --disable-pip --format json \
		--output build/audit.json --progress-spinner off 2> build/audit.log; status=$$?; \
	missed=$$(grep -o '"skip_reason"' build/audit.json 2>/dev/null | wc -l); \
	if [ ! -s build/audit.json ]; then \
		echo "imsforge: audit: NOT audited, the vulnerability database cannot be reached" \
			"(see build/audit.log); build/sbom.json is written; run make audit again online"; \
	elif [ $$status -ne 0 ]; then cat build/audit.log build/audit.json; exit 1; \
	elif [ $$missed -ne 0 ]; then \
		echo "imsforge: audit: NOT audited, $$missed packages of $(LOCK) could not be looked up" \
			"(see build/audit.json); build/sbom.json is written; run make audit again online"; \
	else echo "imsforge: audit: no known vulnerability in $(LOCK)"; fi

$(AUDIT)/.ready: envs/audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check -r envs/audit.txt
	@touch $@

clean: ## remove results and logs
	find results -mindepth 1 ! -name README.md -delete
	rm -rf logs .snakemake

distclean: clean ## remove the environment too
	rm -rf $(VENV) src/*.egg-info build
