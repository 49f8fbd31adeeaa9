.DEFAULT_GOAL := help
.PHONY: help setup run test check lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Where uv itself comes from when the locks are renewed; it never travels with the project.
LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv and install everything, pinned and hash-checked

$(STAMP): constraints/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## Start both services, transcribe a sample through each, stay until Ctrl-C
	@$(BIN)/python -m tools.run

test: setup ## The whole test suite
	@$(BIN)/python -m pytest

check: setup ## Formatter, linter, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: setup ## Renew constraints/*.txt (names, versions, hashes; no addresses)
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --extra dev --output-file constraints/dev.txt
	$(LOCK) --extra api --constraints constraints/dev.txt --output-file constraints/api.txt
	$(LOCK) --extra batch --constraints constraints/dev.txt --output-file constraints/batch.txt

clean: ## Remove what setup and tests made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
