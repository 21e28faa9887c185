# Needs Python 3.11 or newer, pip and git; everything else goes into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SOURCES := $(shell find src models -type f -not -name '*.pyc') pyproject.toml README.md

.PHONY: setup demo test lint docs docs-reference screenshot bench models notebooks schema requirements clean
.DELETE_ON_ERROR:

setup: .venv/installed

# `--without-pip` and the outer pip's `--python`: Debian's Python has no ensurepip.
.venv/dependencies: requirements/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

.venv/installed: .venv/dependencies $(SOURCES)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
	touch $@

demo: setup
	$(BIN)/pilkada demo --out demo-output

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The pages in docs/, into build/docs; read them with `python3 -m http.server -d build/docs`. (Material for MkDocs warns
# of a coming MkDocs 2 at each build; the variable silences that.)
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The parts of the pages that follow from the code; run after a change of commands, themes, types or modules.
docs-reference: setup
	$(BIN)/python -m docs.generate

# The picture of the README; needs Debian's chromium.
screenshot: setup
	$(BIN)/python docs/screenshot.py

# The extractors that ours is compared with want other versions than the developers' tools, so they have their own place.
.venv-bench/installed: requirements/bench.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv --without-pip .venv-bench
	$(PYTHON) -m pip --python .venv-bench/bin/python install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.txt
	touch $@

bench: setup .venv-bench/installed
	$(BIN)/python -m benchmarks.preprocessing
	$(BIN)/python -m benchmarks.scrapers
	PYTHONPATH=src .venv-bench/bin/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.stories
	$(BIN)/python -m benchmarks.daily
	$(BIN)/python -m benchmarks.month
	$(BIN)/python -m benchmarks.learning_curve
	$(BIN)/python -m benchmarks.watchlist
	$(BIN)/python -m benchmarks.retraining
	$(BIN)/python -m benchmarks.drift

models: setup
	$(BIN)/pilkada train corpora/berita corpora/ringkas --sentences corpora/kalimat --out models/tagger

# Runs the notebooks by the shipped model, whichever the developer has put in service, and stores what they show.
notebooks: setup
	XDG_DATA_HOME=$$(mktemp -d) $(BIN)/python -m pytest --nbmake --nbmake-timeout=900 --overwrite notebooks
	$(BIN)/python notebooks/tidy.py notebooks/*.ipynb

# The published schema of the summary's JSON; run after a change of the types in article/findings.py.
schema: setup
	$(BIN)/python -c "import json; from pilkada_nlp.summary import json_schema; print(json.dumps(json_schema(), indent=2))" > schema.tmp
	mv schema.tmp src/pilkada_nlp/data/summary.schema.json

# Pins with hashes and without any address; run after a change of dependencies in pyproject.toml.
requirements:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade pyproject.toml -o requirements/runtime.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --group dev pyproject.toml -c requirements/runtime.txt -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --group bench pyproject.toml -o requirements/bench.txt

clean:
	rm -rf .venv .venv-bench demo-output dist build
