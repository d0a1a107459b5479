# Needs make and Python 3.11 to 3.14, nothing else. Everything is installed in .venv, which follows pyproject.toml.
#
#   make test PYTHON=python3.13      another interpreter (only when .venv is made: run `make clean` first)
#   make test ARGS="-k boots -x"     arguments for the command behind `demo`, `test` and `fuzz`
#   make fuzz SECONDS=60             for so long; with recordings: ARGS="--recordings DIR"

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
ARGS ?=
SECONDS ?= 600

PYTHONS := $(or $(strip $(PYTHON)),python3 python3.14 python3.13 python3.12 python3.11)
NEWEST := $(if $(strip $(PYTHON)),99,14)
SPHINX := $(BIN)/python -m sphinx --builder html --fresh-env --fail-on-warning --quiet
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help venv demo test lines fuzz bench check format schema docs pictures dist clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(VENV)/.dev ## make or update .venv with everything that developers need

demo: $(VENV)/.runtime ## analyse a sample bundle: prints the verdict and where the report is
	@$(BIN)/acforensics demo $(ARGS)

test: $(VENV)/.dev ## run the tests (those of the HTML report need Chromium: Debian's, or $CHROMIUM)
	$(BIN)/python -m pytest $(ARGS)

lines: $(VENV)/.dev ## change every line of every conforming sample, not only every 18th (10 minutes on two cores)
	EVERY_LINE=1 $(BIN)/python -m pytest -n auto tests/cooperation/test_one_line_changes.py $(ARGS)

fuzz: $(VENV)/.dev ## analyse damaged and hostile bundles for some minutes; what does harm is kept in build/fuzz
	$(BIN)/python -m tests.fuzzing --seconds $(SECONDS) --keep build/fuzz $(ARGS)

bench: $(VENV)/.dev ## measure speed and memory beside other programs, into docs/benchmarks.md (ripgrep, gzip, lnav; 5 minutes)
	$(BIN)/python -m benchmarks.speed --write docs/benchmarks.md $(ARGS)

check: $(VENV)/.dev ## lint, format, types, import directions, parser definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/acforensics parsers check

format: $(VENV)/.dev ## mend what ruff can mend, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.runtime ## write docs/case.schema.json from the models
	@mkdir -p docs
	$(BIN)/python -m acforensics.case > docs/case.schema.json.new
	mv docs/case.schema.json.new docs/case.schema.json

docs: $(VENV)/.dev ## build the documents in both languages into build/docs (a warning is an error)
	rm -rf build/docs
	$(SPHINX) --doctree-dir build/doctrees/en docs build/docs/en
	$(SPHINX) --doctree-dir build/doctrees/ja --tag ja docs build/docs/ja
	cp docs/site/index.html build/docs/
	@echo "The documents are in build/docs/index.html"

pictures: $(VENV)/.dev ## take the pictures of the documents from the samples (needs Chromium)
	$(BIN)/python docs/pictures.py

dist: $(VENV)/.dev ## build sdist and wheel in dist/, and try the wheel in an environment of its own
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/python -m venv build/trial
	build/trial/bin/python -m pip --disable-pip-version-check --quiet install dist/*.whl
	cd build && trial/bin/acforensics parsers check && trial/bin/acforensics demo

clean: ## remove .venv and everything that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --- .venv: made once for this folder (.made), updated when pyproject.toml changes (.runtime, .dev) -------------

# A checkout that was moved or copied, or whose Python is gone, needs a new one.
ifneq ($(shell test -x $(BIN)/python && cat $(VENV)/.made 2>/dev/null),$(CURDIR))
$(VENV)/.made: FORCE
endif

$(VENV)/.made:
	@chosen= bare= unfit=; \
	for python in $(PYTHONS); do \
	    version=$$("$$python" -c 'import sys; v = sys.version_info[:2]; print("%d.%d" % v); sys.exit(not (3, 11) <= v <= (3, $(NEWEST)))' 2>/dev/null) \
	        || { [ -z "$$version" ] || unfit="$$unfit, $$python is $$version"; continue; }; \
	    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then chosen=$$python; break; fi; \
	    bare="$${bare:-$$python ($$version)}"; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
	    echo "error: $$bare lacks venv or ensurepip: install them (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; \
	elif [ -z "$$chosen" ]; then \
	    echo "error: no Python 3.11 to 3.14 among: $(PYTHONS)$$unfit. Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$chosen ($$version); the first time takes a minute" >&2; \
	"$$chosen" -m venv --clear $(VENV) && printf '%s\n' '$(CURDIR)' > $@

$(VENV)/.runtime: pyproject.toml $(VENV)/.made
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@$(PIP) install --editable '.[dev]'
	@touch $(VENV)/.runtime $@
