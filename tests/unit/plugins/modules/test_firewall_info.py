# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a host whose firewall runs, does not, or cannot be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends import compare as comparing
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend, Decision, Difference, Wanted
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import Capabilities
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import LastResult, State
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.gather import NAMES
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import refuses_anyone
from ansible_collections.jsa.ports.plugins.modules import firewall_info
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

RULES: dict[str, Any] = {"inbound": [], "refused": [{"protocol": "tcp", "ports": "5432"}]}
ACTIONS = {"created": ["jsa-in"], "changed": [], "removed": [], "entries": {}}


class Told(Backend):
    """A firewall that is asked, and never touched: what loads or writes is not there."""

    name = "firewalld"

    def __init__(self) -> None:
        self.programs = Programs(lambda name: None)
        self.running = True
        self.trouble: Exception | None = None
        self.changed = True
        self.outbound = True
        self.asked: list[Ruleset] = []
        self.rules = EMPTY

    def runs(self) -> bool:
        return self.running

    def version(self) -> str:
        return "1.3.3"

    def require(self) -> None:
        if self.trouble:
            raise self.trouble  # pylint: disable=raising-bad-type

    def read(self) -> str:
        return "read"

    def has_files(self) -> bool:
        return bool(self.rules.policies)

    def found(self, situation: Any) -> dict[str, str]:
        assert situation == "read"
        return {}

    def rules_of(self, texts: dict[str, str]) -> Ruleset:
        return self.rules

    def capabilities(self, situation: Any) -> Capabilities:
        return Capabilities(self.outbound, True, True, True, True, True)

    def render(self, rules: Ruleset) -> Wanted:
        self.asked.append(rules)
        return Wanted({}, rules)

    def decide(self, situation: Any, wanted: Wanted) -> Decision:
        return Decision(self.changed, ACTIONS, ["it is not loaded"], [], True, [], None)

    def differences(self, situation: Any, wanted: Wanted) -> list[Difference]:
        return [Difference("policy jsa-in", "runtime", ["accept"], ["drop", "reject"])] if self.changed else []

    def diff(self, situation: Any, wanted: Wanted) -> list[dict[str, Any]]:
        return [{"before": "", "after": "x"}]

    def warnings(self, situation: Any, wanted: Wanted) -> list[str]:
        return ["zone public denies udp 514"]

    def openings(self, situation: Any, internal: Any) -> list[dict[str, Any]]:
        return [{"ports": one.ports} for one in internal]


class Module:
    def __init__(self, **params: Any) -> None:
        plain = {
            "backend": "auto",
            "rules": None,
            "ssh_port": None,
            "keep_controllers": 3,
            "respect_denials": False,
            "refuse": "enforce",
        }
        self.params = {**plain, **params}
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Told:
    backend = Told()
    monkeypatch.setattr(firewall_info, "select_backend", lambda choice, options: backend)
    monkeypatch.setattr(firewall_info, "find_ssh_connection", lambda: SSHConnection("10.0.0.250", 22))
    return backend


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    state = State(str(tmp_path / "state"), str(tmp_path / "armed"))
    monkeypatch.setattr(comparing, "state_of", lambda name: state)
    return state


def test_without_rules(backend: Told) -> None:
    found = firewall_info.look(Module())
    assert found == {
        "changed": False,
        "backend": "firewalld",
        "version": "1.3.3",
        "product": {**dict.fromkeys(NAMES), "sources": {}},
        "refuse": None,
    }
    backend.running = False
    found = firewall_info.look(Module())
    assert (found["backend"], found["version"]) == ("none", None)


def test_not_as_planned(backend: Told) -> None:
    module = Module(rules={**RULES, "internal": RULES["refused"]})
    found = firewall_info.look(module)
    assert (found["changed"], found["as_planned"], found["reason"]) == (False, False, None)
    assert found["differences"] == [
        "lacks in the running rules, policy jsa-in: accept",
        "has in the running rules, policy jsa-in: drop",
        "has in the running rules, policy jsa-in: reject",
    ]
    assert found["openings"] == [{"ports": (5432, 5432)}]
    assert module.warnings == ["zone public denies udp 514"]
    assert found["actions"] == ACTIONS
    assert found["diff"]


def test_as_planned(backend: Told) -> None:
    backend.changed = False
    found = firewall_info.look(Module(rules=RULES))
    assert (found["as_planned"], found["reason"], found["differences"], found["diff"]) == (True, None, [], [])


def test_what_is_compared_is_what_a_run_from_here_would_load(backend: Told) -> None:
    """With the address that it comes from, and those that the plan names."""
    firewall_info.look(Module(rules={**RULES, "management_addresses": ["192.0.2.1"]}, ssh_port=2022))
    (ruleset,) = backend.asked
    assert ruleset.sets["jsa-management-4"].entries == ("10.0.0.250/32", "192.0.2.1/32")
    assert (2022, 2022) in [rule.ports for rule in ruleset.policies["jsa-in"].rules]


def test_a_firewall_that_cannot_be_asked_without_root(backend: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.trouble = FirewallError("Access denied")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert firewall_info.look(Module(rules=RULES))["reason"] == "The module needs root: set become: true"


def test_a_firewall_that_cannot_be_asked(backend: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    backend.trouble = FirewallError("it does not run")
    found = firewall_info.look(Module(rules=RULES))
    assert (found["as_planned"], found["reason"], found["openings"]) == (None, "it does not run", None)
    assert found["actions"] is None


def test_what_the_backend_cannot_express(backend: Told) -> None:
    backend.outbound = False
    found = firewall_info.look(Module(rules={**RULES, "outbound": []}))
    assert found["as_planned"] is None
    assert "Unset jsa_firewall_restrict_outbound" in found["reason"]
    assert "written" not in found["reason"], "nobody wanted to"
    assert backend.asked == []


def test_a_rollback_that_nobody_has_seen_is_told_and_stays_to_be_told(backend: Told, state: State) -> None:
    result = LastResult("1", "2026-01-31T12:00:00Z", None, "too late", "It is back", False)
    state.set_last_result(result)
    module = Module(rules=RULES)
    firewall_info.look(module)
    assert module.warnings[:1] == [
        "Rules that another run had loaded were rolled back at 2026-01-31T12:00:00Z: too late. It is back"
    ]
    assert state.last_result() == result


@pytest.mark.parametrize("rules", [None, RULES])
@pytest.mark.parametrize(("refused", "refuse"), [(RULES["refused"], "enforce"), ([], "log")])
def test_whether_the_rules_refuse(backend: Told, rules: Any, refused: Any, refuse: str) -> None:
    backend.rules = make_ruleset(refused=refused)
    module = Module(rules=rules, refuse=refuse)
    assert firewall_info.look(module)["refuse"] == refuse
    said = [text for text in module.warnings if "This host is not enforced" in text]
    assert len(said) == (refuse == "log")
    assert all("is not recorded (nft is not on this host)" in text for text in said)
    if rules:
        # What is compared is what is asked for, whatever the host has.
        (asked,) = backend.asked
        assert refuses_anyone(asked) == (refuse == "enforce")
        assert all("(tcp 5432)" in text for text in said)


def test_whether_the_rules_of_a_firewall_refuse_that_cannot_be_read(backend: Told) -> None:
    backend.rules = make_ruleset()
    backend.trouble = FirewallError("it does not run")
    assert firewall_info.look(Module(rules=RULES))["refuse"] is None


def test_rules_that_cannot_be_read_are_an_error(backend: Told) -> None:
    with pytest.raises(FirewallError, match=r"rules\.inbound: is missing"):
        firewall_info.look(Module(rules={"refused": []}))
