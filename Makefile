# One entry point: the same commands here, in CI and in the README.
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready

.PHONY: demo test check fix lock long soak audit bench clean

demo: $(READY)  ## read data/samples into demo-results/ without a key and without a server
	$(BIN)/pagemill run data/samples --out demo-results --backend local

test: check  ## everything that decides: lint, types, contracts, tests
	$(BIN)/python -m pytest

long: $(READY)  ## the proofs that take minutes together: kill loops, thousands of pages and files
	$(BIN)/python -m pytest -m long

soak: $(READY)  ## the proofs that take an hour and want a machine of their own; SOAK_MINUTES sets the length
	$(BIN)/python -m pytest -m soak -n 0 -s

audit: $(READY)  ## look the locked packages up among known vulnerabilities; says so where nobody can be asked
	.ci/audit

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pagemill needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@

lock:  ## resolve again; needs uv on the path, writes no index address
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --output-file requirements.lock --quiet $(LOCKFLAGS)

clean:
	rm -rf $(VENV) demo-results
