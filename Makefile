# Needs only Python >= 3.10, git and make; everything else goes into .venv.

PYTHON ?= python3
WORKERS ?= auto
BIN := .venv/bin
INSTALLED := .venv/.installed
# worksteal: neighbours run in one process, for what they share, until another has nothing left to do.
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-slow lint

help:
	@echo 'make venv              make .venv and install mmosis with all it needs'
	@echo 'make demo              train and test on synthetic scenes, write a table and a gallery'
	@echo 'make demo DATA=folder  the same on a folder in COCO format'
	@echo 'make test              run the tests, with coverage, but for those marked slow'
	@echo 'make test-slow         run the tests marked slow: whole runs in processes of their own'
	@echo 'make lint              check style, format and who imports whom'
	@echo 'PYTHON=python3.12 before a target chooses the interpreter for .venv'
	@echo 'WORKERS=1 after test or test-slow sets the number of processes, which is that of the cores'

venv: $(INSTALLED)

demo: $(INSTALLED)
	$(BIN)/python tools/demo.py $(if $(DATA),--data '$(DATA)')

test: $(INSTALLED)
	$(PYTEST) -m 'not slow' --cov --cov-report=term
	@echo 'make test: the tests marked slow are left out; make test-slow runs them'

test-slow: $(INSTALLED)
	$(PYTEST) -m slow

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache

$(INSTALLED): setup.py mmosis/compat/requirements.py requirements/constraints.txt requirements/overrides.txt | $(BIN)/uv
	$(BIN)/uv pip install --python $(BIN)/python --constraint requirements/constraints.txt \
		--override requirements/overrides.txt --editable '.[onedl,test]' opencv-python-headless
	@touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "mmosis needs Python >= 3.10: give one as PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
