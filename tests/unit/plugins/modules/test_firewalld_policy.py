# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a shell: what it hands over, refuses and returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, FirewalldError
from ansible_collections.jsa.ports.plugins.modules import firewalld_policy

ROW = {"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.3/32"], "source_classes": ["ep"]}
PARAMS = {
    "state": "present",
    "steps": 1,
    "confirm_timeout": 60,
    "phase": "apply",
    "inbound": [ROW],
    "refused": [],
    "outbound": None,
    "internal": [],
    "reload": "needed",
    "unlisted": "zone",
    "controllers": [],
    "require_controller": True,
    "ssh_port": None,
    "offline": True,
}
CONNECTION = SSHConnection("10.0.0.250", 2222)


class Module:
    def __init__(self, check_mode: bool = False, diff: bool = False, **params: Any) -> None:
        self.params = {**PARAMS, **params}
        self.check_mode = check_mode
        self._diff = diff
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Stopped:
    """A firewalld that does not run, so that files are all there is."""

    def __init__(self) -> None:
        self.checked = 0

    def program(self, name: str) -> str:
        return name

    def status(self) -> Status:
        return Status(False, "", "not running")

    def offline_version(self) -> str:
        return "1.3.3"

    def set_support(self) -> SetSupport:
        return SetSupport(True, True)

    def check_config_offline(self) -> None:
        self.checked += 1


@pytest.fixture
def files(tmp_path: Path) -> PermanentFiles:
    return PermanentFiles(str(tmp_path / "etc"), str(tmp_path / "lib"))


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    state = State(str(tmp_path / "state"), str(tmp_path / "armed"))
    monkeypatch.setattr(firewalld_policy, "state_of", lambda name: state)
    return state


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewalld_policy, "find_ssh_connection", lambda: CONNECTION)


def ports(params: dict[str, Any], connection: SSHConnection | None) -> set[int]:
    ruleset = firewalld_policy.wanted_ruleset({**PARAMS, **params}, connection)
    return {
        rule.ports[0]
        for rule in ruleset.policies["jsa-in"].rules
        if rule.source and rule.source.startswith("@jsa-controller")
    }


@pytest.mark.parametrize(
    ("params", "connection", "expected"),
    [
        ({}, CONNECTION, {2222}),
        ({"ssh_port": 22}, CONNECTION, {22}),
        ({"require_controller": False}, CONNECTION, {2222}),
        ({"require_controller": False}, None, set()),
        ({"require_controller": False, "controllers": ["10.0.0.1"]}, None, {22}),
        ({"require_controller": False, "controllers": ["10.0.0.1"], "ssh_port": 2022}, None, {2022}),
    ],
)
def test_the_controller_s_port(params: dict[str, Any], connection: SSHConnection | None, expected: set[int]) -> None:
    assert ports(params, connection) == expected


def test_no_connection_nothing_written(files: PermanentFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewalld_policy, "find_ssh_connection", lambda: None)
    with pytest.raises(FirewalldError, match="require_controller: false"):
        firewalld_policy.run(Module(), Stopped(), files)
    assert files.read() == {}


def test_removal_needs_no_connection() -> None:
    assert firewalld_policy.wanted_ruleset({**PARAMS, "state": "absent"}, None) == EMPTY


def test_a_host_without_firewalld_has_nothing_to_remove(files: PermanentFiles) -> None:
    result = firewalld_policy.run(Module(state="absent", offline=False), Stopped(), files)
    assert (result["changed"], result["reloaded"], result["version"]) == (False, False, None)


def test_a_host_that_never_had_rules_has_none_to_go_back_to(files: PermanentFiles, state: State) -> None:
    client = Stopped()
    result = firewalld_policy.run(Module(state="previous", offline=False), client, files)
    assert (result["changed"], result["version"]) == (False, None)
    firewalld_policy.run(Module(), client, files)
    with pytest.raises(FirewalldError, match="does not run"):
        firewalld_policy.run(Module(state="previous", offline=False), client, files)


def test_files_of_ours_are_not_forgotten_where_firewalld_does_not_run(files: PermanentFiles) -> None:
    firewalld_policy.run(Module(), Stopped(), files)
    with pytest.raises(FirewalldError, match="does not run"):
        firewalld_policy.run(Module(state="absent", offline=False), Stopped(), files)
    assert files.read()
    assert firewalld_policy.run(Module(state="absent"), Stopped(), files)["changed"]
    assert files.read() == {}


@pytest.mark.parametrize("diff", [False, True])
def test_check_mode_predicts_the_run(files: PermanentFiles, diff: bool) -> None:
    client = Stopped()
    predicted = firewalld_policy.run(Module(check_mode=True, diff=diff), client, files)
    assert files.read() == {}
    assert client.checked == 0
    done = firewalld_policy.run(Module(diff=diff), client, files)
    assert done == predicted
    assert done["changed"]
    assert done["actions"]["created"] == ["jsa-controller-4", "jsa-controller-6", "jsa-ep-4", "jsa-in"]
    assert done["controller"] == {"address": "10.0.0.250", "port": 2222}
    assert ("diff" in done) == diff
    assert client.checked == 1
    again = firewalld_policy.run(Module(diff=diff), client, files)
    assert not again["changed"]
    assert again["actions"] == {"created": [], "changed": [], "removed": [], "entries": {}}


def test_present_then_absent(files: PermanentFiles) -> None:
    firewalld_policy.run(Module(), Stopped(), files)
    result = firewalld_policy.run(Module(state="absent"), Stopped(), files)
    assert result["actions"]["removed"] == ["jsa-controller-4", "jsa-controller-6", "jsa-ep-4", "jsa-in"]
    assert result["actions"]["entries"]["jsa-ep-4"] == {"added": [], "removed": ["10.0.0.3/32"]}
    assert files.read() == {}


def test_a_policy_that_decides_before_ours_is_told(files: PermanentFiles) -> None:
    folder = Path(files.etc) / "policies"
    folder.mkdir(parents=True)
    (folder / "site.xml").write_text('<policy priority="-200"><egress-zone name="HOST"/></policy>')
    module = Module()
    firewalld_policy.run(module, Stopped(), files)
    assert ["site" in warning for warning in module.warnings] == [True]


def test_mistakes_come_before_anything_else(files: PermanentFiles) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was used")

    with pytest.raises(FirewalldError, match=r"inbound\[0\]"):
        firewalld_policy.run(Module(inbound=[{**ROW, "ports": "0"}]), Untouchable(), files)


@pytest.mark.parametrize("offline", [False, True])
def test_an_appliance_is_left_alone(files: PermanentFiles, monkeypatch: pytest.MonkeyPatch, offline: bool) -> None:
    monkeypatch.setattr(firewalld_policy, "appliance_mark", lambda: "/opt/qradar/bin/myver")
    for state in ("present", "previous"):
        with pytest.raises(firewalld_policy.OnAppliance, match="/opt/qradar/bin/myver"):
            firewalld_policy.run(Module(state=state, offline=offline), Stopped(), files)
    assert files.read() == {}
    result = firewalld_policy.run(Module(state="absent", offline=offline), Stopped(), files)
    assert (result["changed"], result["appliance"]) == (False, True)


def test_what_leaves_is_not_restricted_where_that_holds_back_answers(files: PermanentFiles) -> None:
    class Old(Stopped):
        def offline_version(self) -> str:
            return "0.9.3"

    module = Module(outbound=[])
    with pytest.raises(FirewalldError, match=r"0\.9\.3 on this host refuses answers.* Unset jsa_firewall_rest"):
        firewalld_policy.run(module, Old(), files)
    assert files.read() == {}
    firewalld_policy.run(module, Stopped(), files)
