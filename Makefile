# The same commands by hand: pip install -c constraints.txt -e ".[dev]", then what follows `$(BIN)/`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt

.PHONY: run serve test test-web lint lint-web format bench clean editor
.DELETE_ON_ERROR:

run: $(VENV)/installed
	$(BIN)/inkloom run workflows/text_to_image.json --output output

serve: $(VENV)/installed editor
	$(BIN)/inkloom serve

test: $(VENV)/installed-test test-web
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/installed-lint build/typing/inkloom lint-web
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(WEB) format

# The editor: built when web/ has changed, and where Node is (INKLOOM_WEB=skip: never, require: or else fail).
# The flows need a browser: CHROMIUM names another one than Debian's.
CHROMIUM ?= /usr/bin/chromium
WEB := $(BIN)/python web/build_editor.py
export CHROMIUM

editor: $(VENV)/bin/python
	@$(WEB)

test-web: $(VENV)/installed editor
	@$(WEB) test
	@if [ -x "$(CHROMIUM)" ]; then $(WEB) e2e; else echo "skipped: the editor's flows need $(CHROMIUM)"; fi

lint-web: $(VENV)/bin/python
	@$(WEB) types
	@$(WEB) lint

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
