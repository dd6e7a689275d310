# `make run` and `make test` set up everything they need on a machine that has python3 and make.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# $(call install,environment,requirements,options): pinned packages by uv, which is several times as fast as pip, or by pip
# where only pip knows where packages are.
install = $(BIN)/uv pip install --quiet --no-deps --require-hashes --python $(1) $(3) -r $(2) || { \
  echo "uv can't install $(2): pip will, which takes longer."; \
  $(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes $(filter-out --compile-bytecode,$(3)) -r $(2); }

.PHONY: setup run demo browser test check bench docs screenshots dist pins
.DELETE_ON_ERROR:

setup: .venv/.ready

# What running needs.
.venv/.run: pyproject.toml client/pyproject.toml hatch_build.py requirements/uv.txt requirements/run.txt requirements/node.txt
	@echo "Making .venv with what meterd needs to run, about 300 MB. Once; a minute or less."
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements/uv.txt
	@$(call install,.venv,requirements/run.txt,--compile-bytecode)
	@command -v npm >/dev/null || { $(call install,.venv,requirements/node.txt); }  # which fetches what draws charts
	@echo "Installing meterd itself."
	@$(PIP) --no-build-isolation --editable . --editable ./client
	@touch $@

# What checks, tests and benchmarks need besides.
.venv/.ready: .venv/.run requirements/dev.txt requirements/e2e.txt
	@echo "Adding what the checks, tests and benchmarks need, about 1.2 GB."
	@$(call install,.venv,requirements/dev.txt,--compile-bytecode)
	@$(PIP) --require-hashes --ignore-requires-python -r requirements/e2e.txt
	@touch $@

# The gateway of tests/e2e/litellm; it may not share our environment. Of this one and the next little is ever imported:
# Python compiles that when it is.
.venv/litellm/.ready: requirements/litellm.txt | .venv/.run
	@echo "Installing LiteLLM's proxy for the end-to-end tests."
	@$(PYTHON) -m venv --clear .venv/litellm
	@$(call install,.venv/litellm,requirements/litellm.txt)
	@touch $@

# Libraries that trace what they do, of tests/e2e/libraries: two environments, as they do not agree on versions.
.venv/libraries/.ready .venv/agents/.ready: .venv/%/.ready: requirements/%.txt | .venv/.run
	@echo "Installing $* that trace what they do for the end-to-end tests."
	@$(PYTHON) -m venv --clear .venv/$*
	@$(call install,.venv/$*,requirements/$*.txt)
	@touch $@

# One of JavaScript, which only the table of docs/sources.md needs: `python -m tests.e2e.libraries.table`.
.venv/node/.ready: tests/e2e/libraries/node/package.json tests/e2e/libraries/node/package-lock.json
	@mkdir -p .venv/node && cp $^ .venv/node
	@cd .venv/node && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# What makes a Python client of our OpenAPI document, for a test; nor may it.
.venv/openapi/.ready: requirements/openapi.txt | .venv/.run
	@echo "Installing a generator of clients for the tests of the API's description."
	@$(PYTHON) -m venv --clear .venv/openapi
	@$(call install,.venv/openapi,requirements/openapi.txt)
	@touch $@

# What looks at the files of deploy/, for tests.
.venv/deployment/.ready: requirements/deployment.txt | .venv/.run
	@echo "Installing what looks at the files for deployment."
	@$(PYTHON) -m venv --clear .venv/deployment
	@$(call install,.venv/deployment,requirements/deployment.txt)
	@touch $@

# What finds names and places in texts, for tests and benchmarks: `PYTHONPATH=.venv/presidio` lets meterd have it.
.venv/presidio/.ready: requirements/presidio.txt | .venv/.run
	@echo "Installing Presidio with a small model for the tests of names and places."
	@rm -rf .venv/presidio
	@$(call install,.venv,requirements/presidio.txt,--target .venv/presidio)
	@touch $@

# The browser of tests/browser. Debian's is quick to install; elsewhere it is for a person to do.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the tests of pages."; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The tests of pages need Chromium: sudo apt-get install chromium"; exit 1; \
	fi

run: .venv/.run
	@exec $(BIN)/meterd serve $(ARGS)

demo: .venv/.run
	@exec $(BIN)/meterd demo $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto 2>/dev/null || { [ $$? = 2 ] && $(BIN)/mypy; }  # alone where workers start too slowly
	$(BIN)/lint-imports

# All tests run in several processes, as many of them wait, then those that need the machine for themselves, then those of
# pages, which have an event loop of their own, in one: browsers beside one another were seen to stand still. Servers start
# quicker where Python may keep what it compiled.
# Environments are made two at a time, as each installation uses one processor, and the check runs beside the last. To read all other modules
# would take longer than those tests do which run alone.
ifeq ($(MAKECMDGOALS),test)
MAKEFLAGS += --jobs=2
endif
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
test: check .venv/litellm/.ready .venv/libraries/.ready .venv/agents/.ready .venv/openapi/.ready .venv/deployment/.ready .venv/presidio/.ready browser
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q src  # what a test lets run short of disk must not write half of it
ifdef ARGS
	$(PYTEST) $(ARGS)
else
	$(PYTEST) --numprocesses 3 --dist worksteal -m "not alone"
	$(PYTEST) -m alone $$(grep -rl mark.alone tests --include='test_*.py')
	$(PYTEST) tests/browser
endif

bench: setup .venv/presidio/.ready
	$(BIN)/python -m bench $(ARGS)

# Writes what follows from declarations which have changed since: pages of docs/, and types of rows.
modules = $(shell find $(addprefix src/meterd/,$(1)) -name '*.py')
docs: src/meterd/datasets/rows.pyi docs/datasources.md docs/commands.md docs/classifiers.md docs/classifier-accuracy.md docs/sizing.md
docs/datasources.md: $(call modules,datasets api/gateway)
docs/commands.md: $(call modules,cli.py commands)
docs/classifiers.md: $(call modules,classify)
docs/classifier-accuracy.md: $(call modules,classify) $(wildcard tests/classify/*.py tests/classify/heldout*/*.py)

docs/sizing.md: bench/figures.py bench/outage.py bench/sizing.py

src/meterd/datasets/rows.pyi: $(call modules,datasets) docs/generate_rows.py | .venv/.ready
	$(BIN)/python -m docs.generate_rows

docs/%.md: docs/generate_%.py | .venv/.ready
	$(BIN)/python -m docs.generate_$*

docs/classifier-accuracy.md: docs/generate_accuracy.py docs/accuracy_parts.py | .venv/.ready
	$(BIN)/python -m docs.generate_accuracy

# Pictures of every page of a demo into screenshots/; `ARGS=--for-documentation` makes those of docs/images.
screenshots: setup browser
	@$(BIN)/python -m docs.screenshots $(ARGS)

# Wheels and sdists of the service and of the client into dist/.
dist: setup
	@rm -rf dist
	$(BIN)/hatchling build
	cd client && ../$(BIN)/hatchling build --directory ../dist

# Renews the pinned versions; run by a person, the result is committed.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make pins' --upgrade
pins: setup
	$(COMPILE) --output-file requirements/uv.txt requirements/uv.in
	$(COMPILE) --group build --excludes requirements/run-unused.in --output-file requirements/run.txt pyproject.toml client/pyproject.toml
	$(COMPILE) --constraint requirements/run.txt --group dev --excludes requirements/run-unused.in --output-file requirements/dev.txt pyproject.toml client/pyproject.toml requirements/e2e-needs.in
	$(subst 3.11,3.13,$(COMPILE)) --no-deps --output-file requirements/e2e.txt requirements/e2e.in
	$(COMPILE) --excludes requirements/litellm-unused.in --output-file requirements/litellm.txt requirements/litellm.in
	$(COMPILE) --output-file requirements/libraries.txt requirements/libraries.in
	$(COMPILE) --output-file requirements/agents.txt requirements/agents.in
	$(COMPILE) --output-file requirements/node.txt requirements/node.in
	$(COMPILE) --output-file requirements/openapi.txt requirements/openapi.in
	$(COMPILE) --output-file requirements/deployment.txt requirements/deployment.in
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/engines.txt requirements/engines.in
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/presidio.txt requirements/presidio.in
