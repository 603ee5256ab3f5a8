# Everything a contributor types. `make` alone says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# What to pass on to the command of a target: `make demo ARGS=--once`.
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# What these guards look at takes seconds, so `make lint` runs them too.
GUARDS := $(addprefix tests/house/test_,size.py prose.py layout.py docs.py performance_page.py)
# Processes that run the whole suite: many tests wait, so more than a machine with two cores has.
WORKERS ?= 4
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url pyproject.toml --extra all --extra curl --extra django --extra otel --group build

.PHONY: help
help: ## Print each target with what it does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  Add ARGS="..." to pass options on, as in: make demo ARGS=--once'

.PHONY: venv
venv: $(VENV)/dev.stamp ## Make .venv with all that developing needs, from the lock.

.PHONY: demo
demo: $(VENV)/run.stamp ## Show events on their way to listeners, in one process.
	$(BIN)/durian demo $(ARGS)

.PHONY: demo-django
demo-django: $(VENV)/run.stamp ## Show a Django project at work: a person is saved, and a listener hears of it.
	$(BIN)/python examples/django_shop/demo.py $(ARGS)

.PHONY: test
test: $(VENV)/dev.stamp $(VENV)/oldest.stamp ## Run all tests, or those that ARGS names, on RabbitMQ and PostgreSQL of their own.
	scripts/services
	$(BIN)/python -m pytest $(or $(ARGS),-n $(WORKERS))

.PHONY: coverage
coverage: $(VENV)/dev.stamp $(VENV)/oldest.stamp ## Run all tests and tell what they left out; takes longer.
	scripts/services
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: pictures
pictures: $(VENV)/dev.stamp ## Renew the pictures of pages in the documentation, by the tests that look at them.
	scripts/services
	DURIAN_TEST_PICTURES=1 $(BIN)/python -m pytest tests/acceptance/test_django_screens.py \
		tests/acceptance/test_console_screens.py tests/acceptance/test_console_pictures.py $(ARGS)

.PHONY: lint
lint: style types layers guards ## Check style, types, layers and sizes; `make -j2 lint` does two at a time.

.PHONY: style types layers guards
style: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev.stamp
	$(BIN)/mypy

layers: $(VENV)/dev.stamp
	$(BIN)/lint-imports --no-cache

guards: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --quiet $(GUARDS)

.PHONY: format
format: $(VENV)/dev.stamp ## Format the code and mend what ruff can mend.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: bench
bench: $(VENV)/dev.stamp ## Measure router, delivery and fan-out; writes docs/performance.md.
	scripts/services
	$(BIN)/python -m benchmarks $(ARGS)
	$(BIN)/python -m benchmarks.page

.PHONY: bench-match
bench-match: $(VENV)/dev.stamp ## Measure the index of all listeners; writes docs/performance.md.
	$(BIN)/python -m benchmarks.match $(ARGS)
	$(BIN)/python -m benchmarks.page

.PHONY: bench-pages
bench-pages: $(VENV)/dev.stamp ## Measure the web pages with a million attempts; writes docs/performance.md.
	$(BIN)/python -m benchmarks.pages $(ARGS)
	$(BIN)/python -m benchmarks.page

.PHONY: chaos
chaos: $(VENV)/dev.stamp ## Kill processes and broker in the middle of their work; a matrix, then a storm.
	scripts/services
	$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: lock
lock: ## Write all lock files anew from pyproject.toml (needs uv; ARGS=--upgrade for newer ones).
	$(COMPILE) $(ARGS) --output-file requirements.lock
	$(COMPILE) $(ARGS) --group test --group lint --group bench \
		--constraint requirements.lock --output-file requirements-dev.lock
	echo 'django~=4.2.0' | uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-deps --no-header $(ARGS) --output-file requirements-oldest.lock -

.PHONY: clean
clean: ## Remove caches, reports and builds; .venv stays.
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov dist build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(VENV)/run.stamp: pyproject.toml requirements.lock
	scripts/venv $(VENV) requirements.lock
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	scripts/venv $(VENV) requirements-dev.lock
	@touch $@

$(VENV)/oldest.stamp: $(VENV)/dev.stamp requirements-oldest.lock
	scripts/beside $(VENV) $(VENV)/oldest requirements-oldest.lock
	@touch $@
