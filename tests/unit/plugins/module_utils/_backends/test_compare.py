# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a comparison returns: of a firewall that differs or not, cannot express the rules, or does not work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends import compare as comparing
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import (
    RUNTIME,
    Backend,
    Decision,
    Difference,
    Wanted,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import Capabilities
from ansible_collections.jsa.ports.plugins.module_utils._backends.compare import compare, warnings_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Commit, LastResult, State
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.root import NEEDS_ROOT
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, Ruleset

INTERNAL = [{"protocol": "tcp", "ports": "8080", "why": ["tomcat"]}]
RULES = read_host_rules({"inbound": [], "refused": INTERNAL, "internal": INTERNAL})
CONNECTION = SSHConnection("10.0.0.250", 2222)
ALL = Capabilities(outbound=True, refusal=True, ipv6=True, networks=True, confirmation=True, beside_site=True)


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    state = State(str(tmp_path / "state"), str(tmp_path / "armed"))
    monkeypatch.setattr(comparing, "state_of", lambda name: state)
    monkeypatch.setattr(comparing, "is_root", lambda: True)
    return state


class Firewall(Backend):
    """A firewall that answers as it is told to, and notes the rules that it is asked about."""

    name = "firewall"

    def __init__(self, changed: bool = False, alarms: tuple[str, ...] = (), can: Capabilities = ALL) -> None:
        self.changed, self.said, self.can = changed, alarms, can
        self.asked: Ruleset | None = None

    def alarms(self) -> list[str]:
        return list(self.said)

    def require(self) -> None:
        """It works."""

    def read(self) -> str:
        return "situation"

    def found(self, situation: str) -> dict[str, str]:
        return {}

    def rules_of(self, texts: dict[str, str]) -> Ruleset:
        return EMPTY

    def capabilities(self, situation: str) -> Capabilities:
        return self.can

    def render(self, rules: Ruleset) -> Wanted:
        self.asked = rules
        return Wanted({}, rules)

    def decide(self, situation: str, wanted: Wanted) -> Decision:
        return Decision(self.changed, {"created": ["a"]}, [], [], False, None, None)

    def differences(self, situation: str, wanted: Wanted) -> list[Difference]:
        return [Difference("policy jsa-in", RUNTIME, ["tcp dport 443 accept"], [])] if self.changed else []

    def openings(self, situation: str, internal: Any) -> list[dict[str, Any]]:
        return [{"ports": row.ports} for row in internal]

    def warnings(self, situation: str, wanted: Wanted) -> list[str]:
        return ["beside"]

    def diff(self, situation: str, wanted: Wanted) -> list[dict[str, Any]]:
        return [{"before": "", "after": "x"}]


class Broken(Firewall):
    """A firewall that cannot be worked with."""

    def require(self) -> None:
        raise FirewallError("it has failed")


@pytest.mark.parametrize("changed", [False, True])
def test_of_a_firewall_that_works(changed: bool) -> None:
    warnings: list[str] = []
    found = compare(Firewall(changed), RULES, CONNECTION, None, 3, warnings.append)
    assert found == {
        "refuse": None,
        "as_planned": not changed,
        "reason": None,
        "alarms": [],
        "differences": ["lacks in the running rules, policy jsa-in: tcp dport 443 accept"] if changed else [],
        "openings": [{"ports": (8080, 8080)}],
        "actions": {"created": ["a"]},
        "diff": [{"before": "", "after": "x"}] if changed else [],
    }
    assert warnings == ["beside"]


def test_with_an_alarm_nothing_is_as_planned() -> None:
    found = compare(Firewall(alarms=("it filters nothing",)), RULES, CONNECTION, None, 3, str)
    assert found["as_planned"] is False and found["alarms"] == ["it filters nothing"] and found["differences"] == []


def test_what_the_backend_cannot_express_is_the_reason() -> None:
    firewall = Firewall(can=ALL._replace(refusal=False))
    found = compare(firewall, RULES, CONNECTION, None, 3, pytest.fail)
    assert found["as_planned"] is None and found["openings"] is None
    assert found["reason"].startswith("the rules reject ports, but the backend firewall does not support that")
    assert firewall.asked is None


@pytest.mark.parametrize(
    ("keep", "kept"), [(1, set()), (2, {"10.0.0.251/32"}), (3, {"10.0.0.251/32", "10.0.0.252/32"})]
)
def test_the_guard_has_the_controllers(state: State, keep: int, kept: set[str]) -> None:
    """That of the connection, with its port, and earlier ones, as an apply would have it."""
    state.set_history([Commit("1", "now", "con", "", {}, ["10.0.0.251", "10.0.0.252"])])
    firewall = Firewall()
    compare(firewall, RULES, CONNECTION, None, keep, str)
    assert firewall.asked is not None
    entries = {entry for one in firewall.asked.sets.values() for entry in one.entries}
    assert entries == {"10.0.0.250/32", *kept}
    assert "2222" in str(firewall.asked.policies)


@pytest.mark.parametrize(("alarms", "as_planned"), [((), None), (("it filters nothing",), False)])
def test_an_alarm_is_told_although_nothing_can_be_compared(alarms: tuple[str, ...], as_planned: bool | None) -> None:
    found = compare(Broken(alarms=alarms), RULES, None, None, 3, pytest.fail)
    assert (found["as_planned"], found["alarms"], found["reason"]) == (as_planned, list(alarms), "it has failed")


def test_without_root_the_reason_is_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "is_root", lambda: False)
    assert compare(Broken(), RULES, None, None, 3, pytest.fail)["reason"] == NEEDS_ROOT


def test_a_rollback_that_no_run_has_reported_is_a_warning(state: State) -> None:
    assert warnings_of(Firewall()) == []
    state.set_last_result(LastResult("1", "now", "con", "nobody confirmed", "the host has its earlier rules", False))
    (warning,) = warnings_of(Firewall())
    assert (
        warning == "Rules that con had loaded were rolled back at now: nobody confirmed. the host has its earlier rules"
    )
