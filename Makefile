# The same commands by hand: pip install -c constraints.txt -e ".[dev]", then what follows `$(BIN)/`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt

.PHONY: run serve test lint format bench clean
.DELETE_ON_ERROR:

run: $(VENV)/installed
	$(BIN)/inkloom run workflows/text_to_image.json --output output

serve: $(VENV)/installed
	$(BIN)/inkloom serve

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/installed-lint build/typing/inkloom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-bench
	$(BIN)/python -m bench

clean:
	rm -rf build dist *.egg-info $(VENV)

# One stamp a set of requirements; a change of pyproject.toml or constraints.txt installs anew.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("inkloom needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml setup.py constraints.txt
	@echo "Installing inkloom into $(VENV); the first time this takes a few minutes."
	$(PIP) -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) -e ".[test]"
	@touch $@

$(VENV)/installed-lint: $(VENV)/installed
	$(PIP) -e ".[test,lint]"
	@touch $@

$(VENV)/installed-bench: $(VENV)/installed
	$(PIP) -e ".[bench]"
	@touch $@

# The type checker looks for the package `inkloom` that the tests import; here it lies at the top of the tree.
build/typing/inkloom:
	mkdir -p build/typing
	ln -sfn ../.. $@
