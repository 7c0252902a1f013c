# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make help` lists what there is.
# The first of these that is there and runs; a version manager's shims may be there and not run.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14; do \
	$$p -c '' 2>/dev/null && echo $$p && exit; done; echo python3)
PORT ?= 18444

.DEFAULT_GOAL := help
.PHONY: help python demo test quick lint unit sanity integration molecule setup sim bench docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 …" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("%s is Python %d.%d; 3.11 or newer is needed" \
	  ". Name another one: make PYTHON=/path/to/python3 …" % ((sys.executable,) + sys.version_info[:2]))'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) lacks the modules venv and ensurepip (on Debian: apt install python3-venv)." >&2; exit 1; }

demo: python ## provision a small fleet on the simulator and show it as an inventory
	@$(PYTHON) tests/ci/demo.py

test: python ## everything that CI runs
	@$(PYTHON) tests/ci/run.py all

quick: python ## the fast checks: linters of the source, unit tests on the newest core
	@$(PYTHON) tests/ci/run.py quick

lint: python ## every linter, the documentation, and what Galaxy says of the archive
	@$(PYTHON) tests/ci/run.py lint

unit: python ## unit tests on each ansible-core of the matrix (CORES="2.19 2.20" names others)
	@$(PYTHON) tests/ci/run.py unit

sanity: python ## ansible-test sanity on each ansible-core of the matrix
	@$(PYTHON) tests/ci/run.py sanity

integration: python ## real playbooks against the simulator, over HTTP
	@$(PYTHON) tests/ci/run.py integration

molecule: python ## the scenarios of molecule against the simulator, and the one of the guide for users
	@$(PYTHON) tests/ci/run.py molecule

setup: python ## make the virtual environments only
	@$(PYTHON) tests/ci/run.py setup

sim: python ## start the simulator in the foreground (PORT=18444, SIM="--scenario agency": more of its options)
	@$(PYTHON) tests/ci/demo.py --simulator-only $(PORT) $(SIM)

bench: python ## measure the inventory, tasks, and the use of the rate limit (BENCH=tasks: only one of them)
	@$(PYTHON) tests/ci/demo.py --benchmark $(BENCH)

docs: python ## write the pages that are made from the code
	@$(PYTHON) tests/ci/endpoints.py
	@$(PYTHON) tests/ci/awx_files.py
	@$(PYTHON) tests/ci/awx_files.py

clean: ## remove everything that these commands made
	rm -rf .cache
