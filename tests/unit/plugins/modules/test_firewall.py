# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a shell: _backends/test_run.py has what it does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends import detect
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.modules import firewall
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)


def test_without_root_it_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the first thing that fails, which is the lock."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(firewall, "run", lambda module: {})
    answer = run_main(monkeypatch, firewall, {"state": "absent"})[0]
    assert answer == {"failed": True, "msg": "The module needs root: set become: true. Nothing was changed"}


def test_what_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "run", lambda module: {"changed": module.params["state"] == "absent"})
    answer, presented = run_main(monkeypatch, firewall, {"state": "absent"})
    assert answer == {"changed": True}
    assert presented.made_with["supports_check_mode"]
    assert presented.made_with["required_if"] == [("state", "present", ("rules",))]


def test_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(module: Any) -> None:
        raise FirewallError("no")

    monkeypatch.setattr(firewall, "run", fail)
    assert run_main(monkeypatch, firewall, {})[0] == {"failed": True, "msg": "no"}


def test_its_choices_are_those_of_the_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written out in the module, for ansible-test compares them with the documentation."""
    monkeypatch.setattr(firewall, "run", lambda module: {})
    spec = run_main(monkeypatch, firewall, {})[1].made_with["argument_spec"]
    assert tuple(spec["backend"]["choices"]) == detect.CHOICES
    defaults = detect.Options()
    for name in ("reload", "offline", "update_timeout"):
        assert spec[name]["default"] == getattr(defaults, name)
