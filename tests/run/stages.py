# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to run: the stages, and which of them each tier runs, in which order and side by side with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.jsa.ports.tests.run.step import (
    COPIES,
    PYTHON,
    RESULTS,
    ROOT,
    Step,
    molecule,
    own,
    pytest,
    side_by_side,
)

_LAB = "tests/integration_lab"
#: It looks at what is left on the whole machine, so nobody else may be at work there.
LAB_ITSELF = (f"{_LAB}/test_lab_itself.py", f"{_LAB}/test_lab_standin.py")
#: What tests the collection in a lab, and not the lab.
_IN_A_LAB = (_LAB, *(f"--ignore={path}" for path in LAB_ITSELF))
#: ansible-test works in the copy, where a second one at the same time would read the reports of the first.
_OTHER_CORE = "tests/matrix/test_ansible_test.py"

_RUFF = Step("ruff", ("ruff", "check", "--quiet", "--output-format=concise"))
_MYPY = Step("mypy", ("mypy", "--no-error-summary"))

STAGES: Mapping[str, Sequence[Step]] = {
    "packages": (own("packages"),),
    "style": (_RUFF, _MYPY),
    "lint": (
        _RUFF,
        _MYPY,
        # Features of the language and of the standard library that came after Python 3.6.
        Step(
            "python 3.6",
            ("vermin", "--quiet", "--no-tips", "--violations", "-t=3.6-", "plugins/modules", "plugins/module_utils"),
        ),
        Step(
            "ansible-lint",
            ("ansible-lint", "-q", "--nocolor"),
            in_copy=True,
            environment={"ANSIBLE_COLLECTIONS_PATH": str(COPIES)},
        ),
        Step("changelog", ("antsibull-changelog", "lint")),
        Step("changelog.yaml", ("antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml")),
        Step(
            "documentation",
            ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", "."),
            in_copy=True,
            # It writes a log into the home folder.
            environment={"HOME": str(RESULTS)},
        ),
        Step(
            "documentation is built",
            (
                *("antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"),
                *("--dest-dir", str(RESULTS / "lint" / "documentation-is-built"), "jsa.ports"),
            ),
            in_copy=True,
            environment={"HOME": str(RESULTS), "ANSIBLE_COLLECTIONS_PATH": str(COPIES)},
        ),
        # Licences, and files that have no place in plugins.
        Step(
            "antsibull-nox",
            ("nox", "--no-venv", "--envdir", str(ROOT / ".cache" / "nox"), "-e", "license-check", "extra-checks"),
        ),
        Step("shellcheck", ("shellcheck", ".ci/run", "tests/lab/image.sh")),
    ),
    # Whole runs of Ansible take half of the time, and seldom find what the rest does not.
    "unit-few": (pytest("-n", "2", "--hypothesis-profile=check", "-m", "not process", "tests/unit"),),
    "unit": (pytest("-n", "2", "tests/unit", timeout=1500),),
    "package": (pytest("tests/package", timeout=900),),
    # The browser is fetched by whoever runs all tests only.
    "browser-packages": (own("packages", "browser"),),
    "browser": (pytest("tests/browser", timeout=900),),
    "sanity": (own("sanity", "{reports}", timeout=2400),),
    # ruff and mypy have read the tests; what goes wrong between two Pythons goes wrong on one of these as a rule.
    "sanity-gate": (own("sanity", "{reports}", "--ends", "--pylint=plugins", timeout=1500),),
    "other-core": (pytest(_OTHER_CORE, timeout=1500),),
    # What labs stand on is fetched once for a checkout.
    "systems": (
        Step(
            "other releases",
            (PYTHON, "-c", "from lab import systems; systems.roots(*systems.RELEASES)"),
            timeout=1200,
            environment={"PYTHONPATH": str(ROOT / "tests")},
        ),
    ),
    "lab-gate": (
        side_by_side(*_IN_A_LAB, "-m", "gate", workers=3, timeout=2400),
        # What can only go wrong on other systems.
        pytest(f"{_LAB}/test_without_ipset.py", "--systems", "-m", "gate", name="other systems"),
    ),
    "lab-itself": (pytest(*LAB_ITSELF, timeout=900),),
    "lab": (side_by_side(*_IN_A_LAB, workers=3, timeout=5400),),
    "versions": (side_by_side(_LAB, "--systems", workers=3, timeout=3600),),
    "matrix": (side_by_side("tests/matrix", f"--ignore={_OTHER_CORE}", workers=2, timeout=2400),),
    # Only on podman does systemd run, and end what a session has started.
    "molecule": (molecule("podman"),),
    # Its guarantee is in the table of docs/confirm.md; the other scenarios take as long again.
    "molecule-gate": (molecule("podman", "jsa_firewall"),),
    "molecule-other": (molecule("namespaces"),),
}

#: What the hosts of the lab can stand on beside this machine as it is, as tests/integration_lab/conftest.py names it.
SYSTEMS = ("bullseye", "bullseye-no_ipset", "bookworm-no_ipset", "trixie", "trixie-no_ipset")

#: Only those who ask for them by name get these: hours.
LONG_STAGES: Mapping[str, Sequence[Step]] = {
    "every-version": tuple(
        replace(step, name=f"{step.name} on {system}", command=(*step.command, f"--system={system}"))
        for system in SYSTEMS
        for step in (
            pytest(*LAB_ITSELF, name="the lab itself", timeout=1800),
            side_by_side(*_IN_A_LAB, workers=3, timeout=7200, name="every other test"),
        )
    ),
}

#: Stages that follow each other.
Lane = Sequence[str]
#: Lanes that run side by side. The next round begins when all of them are over.
Round = Sequence[Lane]

#: Tests in a lab measure time, so they have the machine to themselves. Each lane has its own use for the copy of the
#: checkout, as ansible-test writes into it and ansible-lint would read that.
TIERS: Mapping[str, Sequence[Round]] = {
    "check": ((("unit-few",), ("style",)),),
    "test": (
        (("packages",),),
        (("unit",), ("lint", "package"), ("systems",)),
        (("lab-gate",),),
        (("molecule-gate",), ("sanity-gate",)),
    ),
    "full": (
        (("packages", "browser-packages"),),
        (("unit",), ("lint", "package", "browser"), ("systems",)),
        (("lab-itself",),),
        (("lab",),),
        (("versions",),),
        (("molecule", "molecule-other"), ("sanity", "other-core", "matrix")),
    ),
}
