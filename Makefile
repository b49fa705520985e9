# `make demo` shows the product, `make test` proves it. Both may be broken off and started again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8700

.PHONY: help demo test check lock bench bench-stream bench-soak bench-faults bench-voice clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(VENV)/run.stamp ## install, fetch the voice, open the demo shop and serve it
	@$(BIN)/zhanggui models fetch
	@$(BIN)/zhanggui demo --host $(HOST) --port $(PORT)

test: $(VENV)/dev.stamp ## set up what the tests need and run all of them
	@bash tests/prepare.sh
	@for pause in 5 20 end; do \
	  $(BIN)/zhanggui models fetch --with-tests && break; [ $$pause != end ] && sleep $$pause || exit 1; done
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy
	@$(BIN)/python -m pytest -rs

check: $(VENV)/dev.stamp ## format, lint and types only
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

bench: $(VENV)/dev.stamp ## measure every part, as Markdown
	@$(BIN)/python -m tests.bench

bench-stream: $(VENV)/dev.stamp ## measure the stream, viewers in another process
	@$(BIN)/python -m tests.bench.bench_stream

bench-soak: $(VENV)/dev.stamp ## half an hour of the demo under people who come, go and are killed
	@$(BIN)/python -m tests.bench.bench_soak

bench-faults: $(VENV)/dev.stamp ## break every part of a room and print what a viewer saw
	@$(BIN)/python -m tests.bench.bench_faults

bench-voice: $(VENV)/dev.stamp ## transcribe fifty sentences and count the errors
	@$(BIN)/zhanggui models fetch --with-tests
	@$(BIN)/python -m tests.bench.bench_voice

lock: $(VENV)/dev.stamp ## pin every dependency, with hashes, for running and for developing
	@$(BIN)/pip install -q uv
	@for set in "requirements.lock" "requirements-dev.lock --extra dev"; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header \
	    --no-annotate --generate-hashes --extra build pyproject.toml -o $$set || exit 1; done

# A stamp is written last: whatever was broken off before it is simply done again.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "掌柜需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed; set PYTHON=…"; exit 1; }
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) || { echo "venv 不可用，请先运行 / try: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/pip
	@echo "安装依赖（第一次约两分钟）/ installing the pinned packages"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/bin/pip
	@echo "安装开发依赖 / installing the pinned packages for development"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp

clean: ## remove the virtual environment and caches
	@rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
