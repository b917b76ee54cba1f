# Rendermill: everything a newcomer or CI needs. `make demo` and `make test` set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export UV_SYSTEM_CERTS := 1

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach v,3.11 3.12 3.13,$(shell command -v python$(v) 2>/dev/null)) python3)
# Two files at a time, on any number of cores: many tests wait for processes that they have started.
TESTS := $(BIN)/python -m pytest -q -n 2 --dist loadfile
BLENDER := 4.5
# What the bpy module needs of the system; `make bench` wants rclone beside it, as a peer of the transfer.
APT := libxi6 libxxf86vm1 libxfixes3 libxrender1 libxkbcommon0 libgl1 libegl1 libsm6 libice6 libgomp1

.PHONY: help setup system demo test unit check format bench soak lock clean

help:
	@echo "make demo    set up, start a farm, render examples/, end with 24 verified frames and a movie"
	@echo "make test    set up and pass every test"
	@echo "make setup   set up only: .venv/bin/rendermill and Blender $(BLENDER)"
	@echo "make check   format, lint, types, imports"
	@echo "make bench   measure; prints ratios      make soak   the long campaigns"

setup: $(VENV)/.installed system
	@$(BIN)/rendermill software install blender $(BLENDER)

# The environment is made of the locked requirements, then this project's two distributions in place.
$(VENV)/.installed: requirements/dev.txt packages/rendermill/pyproject.toml packages/rendermill-rayvision/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Rendermill needs Python 3.11, 3.12 or 3.13; set PYTHON=..."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) \
	  || { echo "python3 -m venv failed: install the package python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
	  -e packages/rendermill -e packages/rendermill-rayvision
	@$(BIN)/python -m compileall -q packages/rendermill/src packages/rendermill-rayvision/src && touch $@

# Only where something is missing, and only as root: a user is told what to ask for.
system:
	@missing=""; for p in $(APT); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	  else echo "This may need: sudo apt-get install$$missing"; fi; fi

demo: setup
	@$(BIN)/python examples/demo.py

test: setup
	@PYTHONPATH=tests $(BIN)/python -m support.rayvision_client
	@$(TESTS)

unit: $(VENV)/.installed
	@$(TESTS) tests/unit

check: $(VENV)/.installed
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy packages tests benchmarks examples docs
	@$(BIN)/lint-imports

format: $(VENV)/.installed
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

bench: APT += rclone
bench: setup
	@$(BIN)/python -m benchmarks

soak: setup
	@RENDERMILL_SOAK=1 $(BIN)/python -m pytest -q -m soak -s

# Versions and hashes only: no address of an index goes into a file.
lock: $(VENV)/.installed
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate packages/rendermill/pyproject.toml -o requirements/base.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --extra usd --extra redis packages/rendermill/pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate requirements/rayvision-client.in -o requirements/rayvision-client.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate requirements/bench.in -o requirements/bench.txt

clean:
	@rm -rf out build .mypy_cache .ruff_cache .pytest_cache
