# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab is a package of its own beside the tests.

With --systems, the tests that are marked so run on other systems' files, all of them; with --system=NAME, every test
runs on those of that one.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile

from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import state, systems

NEEDS_SETS = pytest.mark.not_on(sets=False, reason="firewalld cannot hold sets there: nothing can happen to them")
OWN_TABLE = pytest.mark.not_on(release="trixie", reason="firewalld 2 owns its table: nobody else can change a rule")


@dataclass(frozen=True)
class System:
    """What the hosts of a lab stand on."""

    #: A release of Debian; empty is this machine, whatever it is.
    release: str = ""
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "-".join([self.release or "own", *(f"no_{program}" for program in self.without)])

    @classmethod
    def named(cls, name: str) -> System:
        release, *without = name.split("-no_")
        return cls(release, tuple(without))

    @property
    def root(self) -> str:
        return str(systems.roots(self.release)[0]) if self.release else "/"

    @property
    def variables(self) -> str:
        """The end of an inventory whose hosts stand on it."""
        return f"  vars: {{lab_root: {self.root}, lab_without: [{', '.join(self.without)}]}}\n"

    @property
    def answers_leave(self) -> bool:
        """Whether what leaves can be restricted: 0.9.3 would hold back answers, too."""
        return (self.release or systems.own_release()) != "bullseye"

    @property
    def sets(self) -> bool:
        """Whether its firewalld can hold sets, with nftables: peers come and go without a reload then."""
        release = self.release or systems.own_release()
        return not self.without or release == "bookworm"


def others(complete: bool) -> list[System]:
    """All but this machine as it is, for that is where every test runs."""
    variants = [System(release) for release in systems.RELEASES]
    if not complete:
        variants += [System(release, ("ipset",)) for release in systems.RELEASES]
    return [system for system in variants if system != System(systems.own_release())]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--systems", action="store_true", help="the tests marked 'systems', on every system but this one")
    names = ", ".join(map(str, others(complete=False)))
    parser.addoption("--system", metavar="NAME", help=f"every test, on one of {names}")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and "JSA_LAB_DIR" not in os.environ:
        # No other run's labs are in the way, nor what one has left that was killed.
        usual = state.base_dir()
        os.environ["JSA_LAB_DIR"] = tempfile.mkdtemp(prefix=f"{usual.name}-", dir=usual.parent)
    if config.getoption("--systems"):
        systems.roots(*systems.RELEASES)
    if chosen := _chosen(config):
        os.environ["JSA_LAB_ROOT"] = chosen.root
        os.environ["JSA_LAB_WITHOUT"] = " ".join(chosen.without)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # The last lab takes the folder along, if there was any.
        with contextlib.suppress(OSError):
            state.base_dir().rmdir()


def _chosen(config: pytest.Config) -> System | None:
    name = config.getoption("--system")
    return System.named(name) if name else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def wanted(item: pytest.Item) -> bool:
        mark = item.get_closest_marker("systems")
        if config.getoption("--systems"):
            return mark is not None
        return mark is None or not mark.kwargs.get("only")

    items[:] = [item for item in items if wanted(item)]
    if chosen := _chosen(config):
        for item in items:
            for mark in item.iter_markers("not_on"):
                if _is_named(mark, chosen):
                    item.add_marker(pytest.mark.skip(reason=mark.kwargs["reason"]))


def _is_named(mark: pytest.Mark, system: System) -> bool:
    """Whether the values of a mark *not_on* are those of the system."""
    return all(getattr(system, name) == value for name, value in mark.kwargs.items() if name != "reason")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.getoption("--systems") and "system" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("systems")
        complete = mark is not None and mark.kwargs.get("complete", False)
        marks = list(metafunc.definition.iter_markers("not_on"))
        chosen = [one for one in others(complete) if not any(_is_named(mark, one) for mark in marks)]
        metafunc.parametrize("system", chosen, ids=str, scope="module", indirect=True)


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest) -> System:
    return getattr(request, "param", None) or _chosen(request.config) or System()
