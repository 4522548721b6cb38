.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= auto
WHEEL := NUMBA_CACHE_DIR=$(CURDIR)/dist/compiled dist/venv/bin/python -Im

.PHONY: help demo check fast test golden catalogue quality quality-full simulation bench kafka faults scale lock release clean

help: ## print the tasks
	@echo "Palermo: tasks"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | \
	  awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## four scenes on the terminal, from a committed feed, in a minute
	@$(BIN)/palermo demo

check: $(VENV)/.dev ## format, lint, types, imports, fast tests: run it all the time
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/palermo detectors lint
	$(MAKE) --no-print-directory fast

fast: $(VENV)/.dev ## the fast tests only
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup -m "not slow and not needs_java and not needs_chromium and not faults and not scale"

test: $(VENV)/.dev ## everything: checks, all tests, and the wheel as a user installs it
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/palermo detectors lint
	$(MAKE) --no-print-directory release
	@echo "compiling once"
	@$(WHEEL) palermo -q demo --out dist/demo > dist/demo.txt
	$(WHEEL) pytest -q -n $(WORKERS) --dist loadgroup

golden: $(VENV)/.dev ## rewrite the golden day; read its diff before you commit it
	$(BIN)/python tests/golden/rewrite.py

catalogue: $(VENV)/.dev ## rewrite the page of typologies and the JSON Schema of an alert
	$(BIN)/python -m detectors.page > detectors/CATALOGUE.md
	$(BIN)/python -c "import sys; from alerts.schema import alert_schema; sys.stdout.buffer.write(alert_schema())" > schemas/alert/v1.json

bench: $(VENV)/.dev ## measure speed, latency and memory beside named yardsticks; writes bench/RESULTS.md (minutes)
	$(BIN)/python -m bench.page

quality: $(VENV)/.dev ## one simulated country against the baseline: no figure may fall by two points (minutes)
	$(BIN)/python -m bench.quality guard

simulation: $(VENV)/.dev ## draw the simulated country for docs/simulation.md
	$(BIN)/python -m bench.simulation

quality-full: $(VENV)/.dev ## measure docs/quality.md and the cuts anew (hours; QUALITY="--customers 4000" is smaller)
	$(BIN)/python -m bench.quality page $(QUALITY)

kafka: ## start a real Apache Kafka broker on loopback (needs Java and Maven); deploy/kafka/stop ends it
	deploy/kafka/start

faults: $(VENV)/.dev ## kill runs everywhere, and the live runtime's processes and broker; writes docs/reliability.md
	RELIABILITY_PAGE=$(CURDIR)/docs/reliability.md $(BIN)/python -m pytest -q -m faults

scale: $(VENV)/.dev ## the same alerts of 200,000 rows from one, two and four workers; writes docs/scale.md (minutes)
	SCALE_PAGE=$(CURDIR)/docs/scale.md $(BIN)/python -m pytest -q -n 0 -m scale tests/integration/test_scale.py

release: $(VENV)/.dev ## build the wheel, install it alone, check what it owns
	@rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf dist/venv
	$(BIN)/python -m venv --without-pip dist/venv
	$(BIN)/python -m pip --python dist/venv/bin/python install --quiet --disable-pip-version-check --no-deps --no-index dist/palermo-*.whl
	@$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > \
	  "$$(dist/venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/dependencies.pth"
	dist/venv/bin/python -I tests/release.py

lock: $(VENV)/.dev ## rewrite the lock files from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -c requirements.lock -o requirements-dev.lock

clean: ## remove what make made
	rm -rf $(VENV) dist palermo-out .kafka .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .quality

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory $(VENV)/bin/python
	@echo "downloading 48 packages, about 250 MB (1 GB on disk), from the package index into $(VENV)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory $(VENV)/bin/python
	@echo "downloading 77 packages, about 310 MB (1 GB on disk), from the package index into $(VENV)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.runtime

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Palermo needs Python 3.11, 3.12 or 3.13; there is no $(PYTHON). On Debian or Ubuntu: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo "Palermo is tested with Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
