# CNN Lab. `make` alone says what there is.
PYTHON ?= python3
HOST ?= localhost
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint bench weights screenshots clean

help: ## list every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start the app (HOST=0.0.0.0 PORT=8600 for a classroom)
	@echo "CNN Lab: http://$(HOST):$(PORT)   (Ctrl-C stops it)"
	@exec $(BIN)/streamlit run app.py --server.address=$(HOST) --server.port=$(PORT) $(ARGS)

test: $(VENV)/.dev browser ## run every test, in a real browser too (WORKERS=1: one after the other)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-fast: $(VENV)/.dev ## run the tests that need no browser and no patience
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser" $(ARGS)

lint: $(VENV)/.dev ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.dev browser ## measure speed as ratios to a baseline; writes bench/results.json and .md
	$(BIN)/python -m bench $(ARGS)

weights: $(VENV)/.run ## fetch pretrained weights before class (NAMES="resnet18 squeezenet1_0")
	$(BIN)/python -m cnnlab weights pull $(or $(NAMES),squeezenet1_0 resnet18)

screenshots: $(VENV)/.dev browser ## picture every page, light and dark, wide and narrow
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

clean: ## remove what make has made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "CNN Lab needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No venv module: sudo apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the app needs: some minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what the app and its tests need: some minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

.PHONY: browser
browser: $(VENV)/.dev
	@$(BIN)/python -m tests.browser.find_chromium
