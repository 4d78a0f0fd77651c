# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invented input is judged by what comes of it, not by how long a busy machine takes for it.

``--hypothesis-profile=check`` invents a tenth: for a look in between, not for a release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hypothesis import HealthCheck, settings

from ansible_collections.jsa.ports.tests.console.certificate import make_certificate
from ansible_collections.jsa.ports.tests.console.deployment import example
from ansible_collections.jsa.ports.tests.console.server import StandIn

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("check", settings.get_profile("any machine"), max_examples=10)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "process: runs Ansible as its user does; make check leaves it to make test")


@pytest.fixture(scope="session")
def console_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority, and of a certificate for the loopback."""
    folder = tmp_path_factory.mktemp("console")
    make_certificate(folder)
    return folder


@pytest.fixture
def standin(console_certificates: Path) -> Iterator[StandIn]:
    """A stand-in for the console, with the example's deployment."""
    with StandIn(example(), console_certificates) as running:
        yield running
