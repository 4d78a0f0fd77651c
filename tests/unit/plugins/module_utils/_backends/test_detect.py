# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backend a host has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends import detect
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.appliance import MARKS, appliance_mark

MYVER = "/opt/qradar/bin/myver"


@pytest.mark.parametrize(
    ("mark", "choice", "name"),
    [
        ("", "auto", "firewalld"),
        ("", "firewalld", "firewalld"),
        (MYVER, "auto", "appliance"),
        (MYVER, "appliance", "appliance"),
    ],
)
def test_the_backend(monkeypatch: pytest.MonkeyPatch, mark: str, choice: str, name: str) -> None:
    monkeypatch.setattr(detect, "appliance_mark", lambda: mark)
    options = detect.Options(update_timeout=7)
    backend = detect.select_backend(choice, options)
    assert backend.name == name
    if name == "appliance":
        assert backend.programs.seconds == 7


def test_each_refuses_the_other_s_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "appliance_mark", lambda: MYVER)
    with pytest.raises(FirewallError, match=rf"{MYVER}.*drops the product's rules.*Nothing was written"):
        detect.select_backend("firewalld")
    monkeypatch.setattr(detect, "appliance_mark", lambda: "")
    with pytest.raises(FirewallError, match=r"not a JSA appliance.*bin/iptables_update\.pl nor .*Nothing was written"):
        detect.select_backend("appliance")


@pytest.mark.parametrize("name", MARKS)
def test_what_makes_an_appliance(tmp_path: Path, name: str) -> None:
    assert appliance_mark(str(tmp_path)) == ""
    (tmp_path / "bin").mkdir()
    (tmp_path / name).touch()
    assert appliance_mark(str(tmp_path)) == str(tmp_path / name)
