# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The interpreter that the environment is made with; pip takes the newest ansible-core that it can run.
PYTHON ?= python3

# -qq: errors only. pip warns about what concerns the machine's own settings, not this project.
PIP := .venv/bin/python -m pip --disable-pip-version-check install -qq
TESTS := PYTHONPATH=.dev PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -m ansible_collections.jsa.ports.tests
RUN := $(TESTS).run

.DEFAULT_GOAL := help
.PHONY: help develop packages demo check test test-full lint unit package sanity browser lab-test test-versions test-matrix \
    molecule docs bench build release clean

help:  ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

develop: .venv/develop .dev/ansible_collections/jsa/ports  ## make .venv, so that .venv/bin/ansible-playbook jsa.ports.plan works

packages: develop  ## install what lab, demo and tests need of the system, or say what is missing
	@$(TESTS).packages

demo: develop  ## ten hosts with real firewalld and SSH, seven of them JSA: plan, apply, check, two faults
	@PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONDONTWRITEBYTECODE=1 tests/demo.sh

check: .venv/test develop  ## ruff, mypy and the unit tests with little invented input: under two minutes
	@$(RUN) check

test: .venv/test develop  ## run what must pass before a commit, as root, in a quarter of an hour; the last line is the sum
	@$(RUN) test

test-full: .venv/browser develop  ## run all tests, before a release and before an issue is called resolved
	@$(RUN) full

lint: .venv/test develop  ## run ruff, mypy, ansible-lint and their like
unit: .venv/test develop  ## run the unit tests
package: .venv/test develop  ## build the tarball, look into it, install it, use it
sanity: .venv/test develop  ## run ansible-test sanity, without containers
lint unit package sanity:
	@$(RUN) $@

browser: .venv/browser develop  ## open the page of jsa.ports.report in Chromium, and look for barriers with axe-core
	@$(RUN) browser-packages browser

test-versions: .venv/test develop  ## run the tests of the backend on other releases of firewalld; ALL=1 for every test of the lab
	@$(RUN) packages $(if $(ALL),every-version,versions)

test-matrix: .venv/test develop  ## run every ansible-core on hosts with every Python: pyenv's, where it has them
	@$(RUN) packages matrix other-core

lab-test: .venv/test develop  ## run the tests that send packets between hosts, and the lab's own
	@$(RUN) packages lab-itself lab

molecule: .venv/test develop  ## run all molecule scenarios; JSA_LAB=podman|namespaces chooses the hosts
	@$(TESTS).packages
	@$(TESTS).molecule

docs: develop  ## write the roles' READMEs and docs/catalog.md anew from the data
	@$(TESTS).generated

bench: develop  ## measure against other tools, side by side; PART=a,b REPEATS=3 for less
	@$(TESTS).packages
	@$(TESTS).bench $(if $(PART),--part $(PART)) $(if $(REPEATS),--repeats $(REPEATS))

build: develop  ## build the collection's tarball into dist/
	@.venv/bin/ansible-galaxy collection build --force --output-path dist

# antsibull-changelog keeps what it was told of the plugins for the next release of the same version.
release: .venv/test develop  ## write the changelog of galaxy.yml's version from its fragments, and build the tarball
	@rm -f changelogs/.plugin-cache.yaml
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/antsibull-changelog release
	@rm -f changelogs/.plugin-cache.yaml
	@$(MAKE) --no-print-directory build

clean:  ## remove what make made: environment, caches, results, tarballs
	@rm -rf .venv .dev .cache .ansible .hypothesis dist tests/output
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A relative link: the checkout may be moved, or mounted elsewhere.
.dev/ansible_collections/jsa/ports:
	@mkdir -p $(@D)
	@ln -sfn ../../.. $@

.venv/develop: requirements/develop.txt requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo '$(PYTHON) is missing or too old: choose 3.10 or later, for example make develop PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo 'Missing: $(PYTHON) with venv and ensurepip. On Debian, as root: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(PIP) -r $<
	@.venv/bin/ansible --version | sed -n '1s/^ansible \[core \(.*\)\]$$/.venv has ansible-core \1/p'
	@touch $@

.venv/test: requirements/test.txt tests/unit/requirements.txt .venv/develop
	@$(PIP) -r $<
	@touch $@

.venv/browser: requirements/browser.txt .venv/test
	@$(PIP) -r $<
	@touch $@
