# The commands of this project. Each target installs what it needs itself.
SHELL := /bin/bash
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without compiled modules every start of the gateway compiles them all: as much again as it takes.
unexport PYTHONDONTWRITEBYTECODE
# One more than there are processors, four at most: tests of whole systems mostly wait.
WORKERS ?= $(shell echo $$(($$(nproc) < 4 ? $$(nproc) + 1 : 4)))

.PHONY: run check check-code check-page test bench soak pictures format lock setup web clean clean-data help

run: setup ## start the gateway with the demo campus
	@bash docker/need.sh mosquitto fonts-wqy-microhei
	$(BIN)/campus run --demo

check: check-code check-page ## format, lint, types, imports; the web code's types, lint, tests

check-code: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-page: setup
	$(BIN)/python gateway/web/build_hook.py check

test: setup ## everything that must hold (SEARCH=1: with new random examples)
	@bash docker/need.sh mosquitto mosquitto-clients chromium sip-tester gstreamer victoria-metrics influxdb fonts-wqy-microhei libreoffice poppler-utils
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder; said=$$?; \
	if [ $$said -ne 1 ]; then exit $$said; fi; \
	echo "What failed is run once more, by itself: whole systems share the processors with others, a fault fails again."; \
	$(BIN)/pytest --last-failed --last-failed-no-failures none

bench: setup ## all benchmarks, or BENCH=name
	@bash docker/need.sh mosquitto mosquitto-clients chromium gcc gstreamer ffmpeg victoria-metrics
	$(BIN)/python -m benchmarks $(BENCH)

soak: setup ## two hundred kills under load
	@bash docker/need.sh mosquitto
	$(BIN)/python -m benchmarks soak

pictures: setup ## pictures of every page in var/pictures (ARGS=--guide: those of the guide anew)
	@bash docker/need.sh mosquitto mosquitto-clients chromium fonts-wqy-microhei
	$(BIN)/python -m docs.pictures.take $(ARGS)

format: setup ## put the code into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 pyproject.toml --extra dev -o requirements-dev.txt

setup: $(VENV)/.ready web

$(VENV)/.ready: requirements-dev.txt pyproject.toml
	@bash docker/need.sh python3-venv
	test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements-dev.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

web: $(VENV)/.ready ## build the page when its sources changed
	@$(BIN)/python gateway/web/build_hook.py build

clean: ## remove what was installed and built; data stays
	rm -rf $(VENV) gateway/web/dist gateway/web/node_modules gateway/web/.stamps

clean-data: ## remove var with the demonstration's data, after asking (SURE=yes: without)
	@if [ ! -e var ]; then echo "there is no var: nothing to remove"; exit 0; fi; \
	du -sh var; \
	if [ "$(SURE)" != yes ]; then \
		read -r -p "Remove var with all its data for good? Type yes: " answer || true; \
		[ "$$answer" = yes ] || { echo "nothing removed"; exit 1; }; \
	fi; \
	rm -rf var

help: ## show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 14
