# `make run` and `make test` set up everything they need on a machine that has python3 and make.
PYTHON ?= python3
BIN := .venv/bin
PINS := requirements/dev.txt requirements/e2e.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: setup run test check bench docs pins
.DELETE_ON_ERROR:

setup: .venv/.ready

.venv/.ready: pyproject.toml $(PINS)
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --require-hashes --ignore-requires-python -r requirements/e2e.txt
	$(PIP) --no-build-isolation --editable .
	@touch $@

# The gateway of tests/e2e/litellm; it may not share our environment.
.venv/litellm/.ready: requirements/litellm.txt | .venv/.ready
	$(PYTHON) -m venv --clear .venv/litellm
	.venv/litellm/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/litellm.txt
	@touch $@

# What finds names and places in texts, for tests and benchmarks: `PYTHONPATH=.venv/presidio` lets meterd have it.
.venv/presidio/.ready: requirements/presidio.txt | .venv/.ready
	rm -rf .venv/presidio
	$(PIP) --require-hashes --target .venv/presidio -r requirements/presidio.txt
	@touch $@

run: setup
	@exec $(BIN)/meterd serve $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check .venv/litellm/.ready .venv/presidio/.ready
	$(BIN)/python -m pytest $(ARGS)

bench: setup .venv/presidio/.ready
	$(BIN)/python -m bench $(ARGS)

# Writes the pages of docs/ that follow from declarations.
docs: setup
	$(BIN)/python docs/generate.py
	$(BIN)/python -m docs.generate_accuracy

# Renews the pinned versions; run by a person, the result is committed.
pins: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make pins' --extra dev --upgrade --output-file requirements/dev.txt pyproject.toml requirements/e2e-needs.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --custom-compile-command 'make pins' --no-deps --upgrade --output-file requirements/e2e.txt requirements/e2e.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make pins' --excludes requirements/litellm-unused.in --upgrade --output-file requirements/litellm.txt requirements/litellm.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make pins' --constraint requirements/dev.txt --upgrade --output-file requirements/presidio.txt requirements/presidio.in
