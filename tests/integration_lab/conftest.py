# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab is a package of its own beside the tests. With --systems, the tests marked so run on other systems' files."""

from __future__ import annotations

import sys

from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import systems


@dataclass(frozen=True)
class System:
    """What the hosts of a lab stand on."""

    #: A release of Debian; empty is this machine, whatever it is.
    release: str = ""
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "-".join([self.release or "own", *(f"no_{program}" for program in self.without)])

    @property
    def variables(self) -> str:
        """The end of an inventory whose hosts stand on it."""
        root = systems.roots(self.release)[0] if self.release else "/"
        return f"  vars: {{lab_root: {root}, lab_without: [{', '.join(self.without)}]}}\n"


def others(complete: bool) -> list[System]:
    """All but this machine as it is, for that is where every test runs.

    0.9 has no sets without ipset: test_without_ipset.py looks at what is left then.
    """
    variants = [System(release) for release in systems.RELEASES]
    if not complete:
        variants += [System(release, ("ipset",)) for release in systems.RELEASES if release != "bullseye"]
    return [system for system in variants if system != System(systems.own_release())]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--systems", action="store_true", help="the tests marked 'systems', on every system but this one")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "systems(complete, only): with --systems also on other systems; complete: on those with all programs; "
        "only: it names its systems itself, and runs nowhere else",
    )
    if config.getoption("--systems"):
        systems.roots(*systems.RELEASES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def wanted(item: pytest.Item) -> bool:
        mark = item.get_closest_marker("systems")
        if config.getoption("--systems"):
            return mark is not None
        return mark is None or not mark.kwargs.get("only")

    items[:] = [item for item in items if wanted(item)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.getoption("--systems") and "system" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("systems")
        complete = mark is not None and mark.kwargs.get("complete", False)
        metafunc.parametrize("system", others(complete), ids=str, scope="module", indirect=True)


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest) -> System:
    return getattr(request, "param", System())
