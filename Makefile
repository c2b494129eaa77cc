# Everything a newcomer needs: `make demo` and `make test`. Each sets up .venv by itself, and is quick the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test lint docs columns bench chaos spark-check lock clean

setup: $(READY)

# Hashed, wheels only, without dependency resolution: what the lock says is what is installed, nothing more.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 15) else "Soundings needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup  ## 60 synthetic days and a night, end to end, over real HTTP on this machine
	@$(BIN)/soundings demo

test: setup
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry flows expectations warehouse
	$(BIN)/sqlfluff lint sql --disable-progress-bar --processes 2

docs: setup  ## dbt's documentation of every model and column, as one page
	@$(BIN)/python -m warehouse.docs

columns: setup  ## when a version is made: lists the public columns as promised; refuses while CHANGELOG.md lacks a change
	@$(BIN)/python tests/sql/public_columns.py

bench: setup  ## ratios measured in one run; nothing here passes or fails. LONG=1: with the models at 10M mentions, an hour or more
	@$(BIN)/python -m tests.bench $(if $(LONG),--long)

chaos: setup  ## N=20 runs killed at random instants and taken up again; SEQUENCES=200 of nights against full rebuilds
	@$(BIN)/python -m tests.chaos --kills $(or $(N),20) --sequences $(or $(SEQUENCES),200)

# An environment of its own: Spark is half a gigabyte, and `make test` does without. pyspark comes as source only, which
# is Python and jars, and is built without a compiler; all else is wheels.
SPARK := .venv-spark
$(SPARK)/.ready: requirements-spark.lock
	@test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	@echo "Setting up $(SPARK) (a gigabyte and a half, some minutes) ..."
	@$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --no-binary pyspark \
	  --require-hashes -r requirements-spark.lock
	@touch $(SPARK)/.ready

spark-check:  ## every mart from Spark as from DuckDB; needs Java 17 or newer. SEED=1 of the random world
	@if ! java -version >/dev/null 2>&1; then printf '\n*** spark-check SKIPPED: no Java here. Nothing was compared. ***\n\n'; \
	elif ! $(MAKE) --no-print-directory $(SPARK)/.ready; then \
	  printf '\n*** spark-check SKIPPED: the extra spark could not be installed. Nothing was compared. ***\n\n'; \
	else $(SPARK)/bin/python -m tests.spark --seed $(or $(SEED),1); fi

lock: setup  ## after a change in pyproject.toml; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header \
	  --no-emit-index-url --extra dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header \
	  --no-emit-index-url --extra spark -c requirements.lock pyproject.toml -o requirements-spark.lock

clean:
	rm -rf $(VENV) $(SPARK) warehouse/data/demo
