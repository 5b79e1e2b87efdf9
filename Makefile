# Every target sets up all it needs, on a bare Debian 12 as on a laptop; .ci/setup says how.

PYTHON ?= python3
export PYTHON

ready := .venv/.ready
benches := .venv/.benches

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos fuzz lint bench bench-gate bench-relay bench-stop bench-peers clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(ready) ## Make .venv with everything in it (each target does so by itself)

demo: $(ready) ## Watch the gate at work; make demo ARGS=--once for one round
	@.venv/bin/backoffice demo $(ARGS)

test: $(ready) ## Run all tests on all cores
	@.venv/bin/pytest -q -n auto --dist worksteal

chaos: $(ready) ## Kill everything 300 times over 50,000 sends; make chaos ARGS="--seed 7", or --small
	@.venv/bin/python -m tests.chaos.storm $(ARGS)

fuzz: $(ready) ## Shoot at every route of the API, rightly and wrongly; make fuzz ARGS="--seed 7", or --big
	@.venv/bin/python -m tests.fuzz $(ARGS)

lint: $(ready) ## Check style, types and floors
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench: bench-gate bench-relay bench-stop bench-peers ## Run all benches

bench-relay: $(benches) ## Measure the relay beside what any relay has to do; ARGS=--quick for a first look
	@.venv/bin/python -m tests.bench.relay $(ARGS)

bench-stop: $(ready) ## Measure how soon a stop counts under the load of bench-relay; ARGS=--quick for a first look
	@.venv/bin/python -m tests.bench.stop $(ARGS)

bench-peers: $(ready) ## Measure single sends beside Postfix, which is Debian's; ARGS=--quick for a first look
	@.venv/bin/python -m tests.bench.peers $(ARGS)

bench-gate: $(benches) ## Measure the gate beside other policy engines
	@.venv/bin/python -m tests.bench.gate

clean: ## Take away what was made, except data in var/
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find backoffice tests -name __pycache__ -prune -exec rm -rf {} +

$(ready): uv.lock pyproject.toml .ci/setup
	@.ci/setup
	@touch $@

$(benches): $(ready)
	@.ci/setup --group bench
	@touch $@
