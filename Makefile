# One command says done. Each target creates or updates .venv only when a lock or pyproject.toml changed.
#
#   make serve   both languages on http://127.0.0.1:8000, rebuilt on change
#   make test    everything: package, pages in every lane that runs here, site, browser, workflows
#   make site    the published site: site/ (Chinese) and site/en/ (English)
#   make lint    ruff: rules and format
#   make bench   ratios against peers, measured side by side in one run
#   make test-numpy   the suite in an environment without torch
#   make lock    resolve the locks anew (needs uv)
#
# ENV=.venv-numpy runs any of them in the environment without torch: a small download where torch is not needed.

PYTHON ?= python3
ENV ?= .venv
PIP := -m pip install -qq --disable-pip-version-check --no-deps
LOCKED := $(PIP) --require-hashes
PYTEST_ARGS ?=
# One worker for each core, one thread for each worker.
PYTEST := -m pytest -n auto --dist worksteal

# The date of the commit, not of the build: two builds of one commit give the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)
export NO_MKDOCS_2_WARNING := 1

.PHONY: serve test site lint bench test-numpy lock clean
.DEFAULT_GOAL := test

serve: $(ENV)/ready
	$(ENV)/bin/mkdocs serve --dev-addr 127.0.0.1:8000

test: $(ENV)/ready
	OMP_NUM_THREADS=1 $(ENV)/bin/python $(PYTEST) $(PYTEST_ARGS)

site: $(ENV)/ready
	$(ENV)/bin/mkdocs build --strict --clean

lint: $(ENV)/ready
	$(ENV)/bin/ruff check .
	$(ENV)/bin/ruff format --check .

bench: $(ENV)/ready
	$(ENV)/bin/python $(LOCKED) -r requirements/bench.txt
	$(ENV)/bin/python -m benchmarks

test-numpy:
	$(MAKE) test ENV=.venv-numpy

lock:
	$(PYTHON) requirements/lock.py

clean:
	rm -rf .venv .venv-numpy site .cache

# --no-deps: the locks are complete, and torch must not fetch more than they say.
# torch: a wheel that lies ready on this machine (a CPU-only build, say) before the public one;
# the public Linux build cannot start without its CUDA libraries, the CPU build has none.
.venv/ready: pyproject.toml $(wildcard requirements/*.txt)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python $(LOCKED) -r requirements/dev.txt -r requirements/torch-needs.txt
	.venv/bin/python $(LOCKED) --no-index -r requirements/torch.txt 2>/dev/null \
	  || .venv/bin/python $(LOCKED) -r requirements/torch.txt
	.venv/bin/python -c "import torch" 2>/dev/null || .venv/bin/python $(LOCKED) -r requirements/torch-cuda.txt
	.venv/bin/python $(PIP) --no-build-isolation --editable .
	touch $@

.venv-numpy/ready: pyproject.toml requirements/dev.txt
	test -x .venv-numpy/bin/python || $(PYTHON) -m venv .venv-numpy
	.venv-numpy/bin/python $(LOCKED) -r requirements/dev.txt
	.venv-numpy/bin/python $(PIP) --no-build-isolation --editable .
	touch $@
