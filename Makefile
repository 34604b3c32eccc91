# One command says done. Each target creates or updates .venv only when a lock or pyproject.toml changed.
#
#   make serve   both languages on http://127.0.0.1:8000, rebuilt on change
#   make test    everything: package, pages in every lane that runs here, site, browser, workflows
#   make site    the published site: site/ (Chinese) and site/en/ (English)
#   make evidence  run the snippets and labs lane by lane and record it in docs/evidence (LANES=torch-cuda on a GPU)
#   make lint    ruff: rules and format
#   make offline  the site as one zip file that opens from disk: site/cnnref-offline.zip
#   make lighthouse  scores of the built site on a phone: accessibility, best practices, SEO, performance (needs node)
#   make bench   ratios against peers, measured side by side in one run
#   make test-numpy   the suite in an environment without torch
#   make test-oldest, test-newest   without torch, with the oldest versions allowed and with those of the day
#   make dist    wheel and source archive, the same bytes from one commit
#   make lock    resolve the locks anew (needs uv)
#   make card-font   cut the font of the preview pictures anew, after a new title (needs npm)
#
# ENV=.venv-numpy runs any of them in the environment without torch: a small download where torch is not needed.

PYTHON ?= python3
ENV ?= .venv
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := -m pip install -qq --disable-pip-version-check --no-deps
LOCKED := $(PIP) --require-hashes
PYTEST_ARGS ?=
LANES ?= numpy torch-cpu
PAGES ?=
# One worker for each core, one thread for each worker.
PYTEST := -m pytest -n auto --dist worksteal

# The date of the commit, not of the build: two builds of one commit give the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)
export NO_MKDOCS_2_WARNING := 1

.PHONY: serve test site offline evidence lighthouse lint bench test-numpy test-oldest test-newest dist lock card-font clean
.DEFAULT_GOAL := test

serve: $(ENV)/ready
	$(ENV)/$(BIN)/mkdocs serve --dev-addr 127.0.0.1:8000

test: $(ENV)/ready
	OMP_NUM_THREADS=1 $(ENV)/$(BIN)/python $(PYTEST) $(PYTEST_ARGS)

site: $(ENV)/ready
	$(ENV)/$(BIN)/mkdocs build --strict --clean

offline: $(ENV)/ready
	OFFLINE=true $(ENV)/$(BIN)/mkdocs build --strict --clean --site-dir .cache/offline/cnnref
	mkdir -p site
	mv .cache/offline/cnnref.zip site/cnnref-offline.zip

evidence: $(ENV)/ready
	for lane in $(LANES); do \
	  OMP_NUM_THREADS=1 $(ENV)/$(BIN)/python $(PYTEST) -q docs cnnref \
	    --lane $$lane --evidence docs/evidence/$$lane.json || exit 1; \
	done

lint: $(ENV)/ready
	$(ENV)/$(BIN)/ruff check .
	$(ENV)/$(BIN)/ruff format --check .

lighthouse: requirements/lighthouse/node_modules/.package-lock.json site
	node requirements/lighthouse/scores.mjs site $(PAGES)

requirements/lighthouse/node_modules/.package-lock.json: requirements/lighthouse/package-lock.json
	npm ci --prefix requirements/lighthouse --silent
	touch $@

bench: $(ENV)/ready
	$(ENV)/$(BIN)/python $(LOCKED) -r requirements/bench.txt
	$(ENV)/$(BIN)/python -m benchmarks

test-numpy:
	$(MAKE) test ENV=.venv-numpy

test-oldest:
	$(MAKE) test ENV=.venv-oldest PYTEST_ARGS="cnnref docs tests -q"

test-newest:
	$(MAKE) test ENV=.venv-newest PYTEST_ARGS="cnnref docs tests -q"

dist: $(ENV)/ready
	rm -rf dist && mkdir dist
	$(ENV)/$(BIN)/python -c "from flit_core import buildapi as b; b.build_wheel('dist'); b.build_sdist('dist')"

lock:
	$(PYTHON) requirements/lock.py

card-font: $(ENV)/ready
	$(ENV)/$(BIN)/python docs/fonts/cut.py

clean:
	rm -rf .venv .venv-numpy .venv-oldest .venv-newest site dist .cache

# --no-deps: the locks are complete, and torch must not fetch more than they say.
# torch: a wheel that lies ready on this machine (a CPU-only build, say) before the public one;
# the public Linux build cannot start without its CUDA libraries, the CPU build has none.
.venv/ready: pyproject.toml $(wildcard requirements/*.txt)
	test -x .venv/$(BIN)/python || $(PYTHON) -m venv .venv
	.venv/$(BIN)/python $(LOCKED) -r requirements/dev.txt -r requirements/torch-needs.txt
	.venv/$(BIN)/python $(LOCKED) --no-index -r requirements/torch.txt 2>/dev/null \
	  || .venv/$(BIN)/python $(LOCKED) -r requirements/torch.txt
	.venv/$(BIN)/python -c "import torch" 2>/dev/null || .venv/$(BIN)/python $(LOCKED) -r requirements/torch-cuda.txt
	.venv/$(BIN)/python $(PIP) --no-build-isolation --editable .
	touch $@

.venv-numpy/ready: pyproject.toml requirements/dev.txt
	test -x .venv-numpy/$(BIN)/python || $(PYTHON) -m venv .venv-numpy
	.venv-numpy/$(BIN)/python $(LOCKED) -r requirements/dev.txt
	.venv-numpy/$(BIN)/python $(PIP) --no-build-isolation --editable .
	touch $@

.venv-oldest/ready: pyproject.toml requirements/dev.txt requirements/oldest.txt
	test -x .venv-oldest/$(BIN)/python || $(PYTHON) -m venv .venv-oldest
	.venv-oldest/$(BIN)/python $(LOCKED) -r requirements/dev.txt
	.venv-oldest/$(BIN)/python $(LOCKED) -r requirements/oldest.txt
	.venv-oldest/$(BIN)/python $(PIP) --no-build-isolation --editable .
	touch $@

.venv-newest/ready: pyproject.toml
	test -x .venv-newest/$(BIN)/python || $(PYTHON) -m venv .venv-newest
	.venv-newest/$(BIN)/python -m pip install -qq --upgrade pip
	.venv-newest/$(BIN)/python -m pip install -qq --upgrade --editable ".[docs,test]" --group browser --group workflows
	touch $@
