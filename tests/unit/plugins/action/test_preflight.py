# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The preflight on one host: what it asks of the firewall and of the listeners, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action.preflight import ActionModule
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import NotConfirmed
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

RULES: dict[str, Any] = {
    "roles": ["console"],
    "addresses": ["10.0.0.1"],
    "inbound": [{"protocol": "tcp", "ports": "443", "sources": ["10.0.0.0/24"], "why": ["https"]}],
    "refused": [],
    "dynamic": [],
    "outbound": [{"protocol": "udp", "ports": "123", "destinations": ["10.0.0.9/32"], "why": ["ntp"]}],
    "unlisted": "drop",
    "management_addresses": ["10.9.0.0/24"],
}
PENDING = {"id": "0123", "seconds": 300, "command": ["timer"]}
LISTENING = {"changed": True, "listening": [], "in_use": [], "not_bound": [], "networks": [], "pid": 1}


class Host:
    """A host whose firewall and listeners answer as they are told to, and note what they are asked."""

    def __init__(self, as_planned: bool | None = False, check_mode: bool = False) -> None:
        self.compared = {"as_planned": as_planned, "reason": None if as_planned is not None else "not running"}
        self.refuse, self.opened_with = "enforce", ""
        self.opens: dict[str, Any] = {"changed": True, "pending": PENDING}
        self.closes: tuple[bool, str] | Exception = (True, "back on the committed rules")
        self.listens: dict[str, Any] = dict(LISTENING)
        self.asked: list[tuple[str, Any]] = []
        self.check_mode = check_mode

    def answers(self, what: str, answer: dict[str, Any]) -> Callable[..., dict[str, Any]]:
        def called(asked: Any, *more: Any, **others: Any) -> dict[str, Any]:
            self.asked.append((what, more[0] if what == "module" else asked))
            if what == "open":
                self.opened_with = more[-1]
            return dict(answer)

        return called

    def taken_back(self, pending: Any, why: str) -> tuple[bool, str]:
        self.asked.append(("close", pending))
        if isinstance(self.closes, Exception):
            raise self.closes
        return self.closes

    def run(self, **arguments: Any) -> dict[str, Any]:
        action = ActionModule.__new__(ActionModule)
        defaults = {name: one.get("default") for name, one in ActionModule.ARGUMENT_SPEC.items()}
        replaced: dict[str, Any] = {
            "_task": type("Task", (), {"check_mode": self.check_mode})(),
            "validate_argument_spec": lambda **_spec: (None, {**defaults, **arguments}),
            "_compare": self.answers("compare", {**self.compared, "refuse": self.refuse}),
            "load_temporarily": self.answers("open", self.opens),
            "take_back": self.taken_back,
            "_execute_module": self.answers("module", self.listens),
        }
        for name, value in replaced.items():
            setattr(action, name, value)
        return action.run(None, {})

    def start(self, **arguments: Any) -> dict[str, Any]:
        return self.run(**{"rules": RULES, "token": "a" * 32, "host": "con1", **arguments})


def test_the_whole_of_the_rules_is_compared_and_opened() -> None:
    host = Host()
    result = host.start(open=True)
    whole = HostPlan.from_dict(RULES)
    assert whole.outbound and host.asked[:2] == [("compare", whole), ("open", whole.as_dict())]
    assert result["firewall"] == {"as_planned": True, "reason": None, "opened": True}
    assert result["pending"] == PENDING and result["changed"]


@pytest.mark.parametrize(
    ("refuse", "asked", "as_planned"), [("enforce", [None], True), ("log", [None, "log"], True), (None, [None], False)]
)
def test_a_host_that_is_not_enforced_stays_so(refuse: str | None, asked: list[str | None], as_planned: bool) -> None:
    """It is compared with what it is to be, and that is opened."""
    action = ActionModule.__new__(ActionModule)
    requests: list[str | None] = []

    def execute(_name: str, arguments: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        requests.append(arguments.get("refuse"))
        return {"refuse": refuse, "reason": None, "as_planned": (requests[-1] or "enforce") == refuse}

    action._execute_module = execute
    found = action._compare(HostPlan.from_dict(RULES), {})
    assert found == {"as_planned": as_planned, "reason": None, "refuse": refuse or "enforce"}
    assert requests == asked

    host = Host()
    host.refuse = "log"
    host.start(open=True)
    assert host.opened_with == "log"


@pytest.mark.parametrize(("as_planned", "asked_to"), [(False, False), (True, True), (None, True)])
def test_what_need_not_or_cannot_be_opened_is_left_alone(as_planned: bool | None, asked_to: bool) -> None:
    host = Host(as_planned)
    result = host.start(open=asked_to)
    assert [what for what, _asked in host.asked] == ["compare", "module"]
    assert result["firewall"] == {**host.compared, "opened": False} and "pending" not in result


def test_a_firewall_that_cannot_be_opened_starts_nothing() -> None:
    host = Host()
    host.opens = {"failed": True, "msg": "The firewall was not opened: no new connection"}
    result = host.start(open=True)
    assert result["failed"] and "firewall" not in result
    assert [what for what, _asked in host.asked] == ["compare", "open"]


def test_where_nothing_can_listen_the_firewall_can_still_be_closed() -> None:
    host = Host()
    host.listens = {"failed": True, "msg": "no room in /run"}
    result = host.start(open=True)
    assert result["failed"] and result["firewall"]["opened"] and result["pending"] == PENDING


def test_check_mode_opens_nothing() -> None:
    host = Host(check_mode=True)
    host.opens = {"changed": True}
    result = host.start(open=True)
    assert result["firewall"] == {"as_planned": False, "reason": None, "opened": True}
    assert result["changed"] and "pending" not in result


def test_the_module_on_the_host_gets_what_is_its_own() -> None:
    host = Host(True)
    host.start(seconds=9, name="d")
    (_what, options) = host.asked[-1]
    assert options == {
        "state": "present", "rules": RULES, "token": "a" * 32, "host": "con1", "name": "d", "seconds": 9
    }  # fmt: skip


def test_rules_that_are_none_touch_no_host() -> None:
    host = Host()
    with pytest.raises(AnsibleActionFail, match=r"rules\.inbound\[0\]"):
        host.start(rules={**RULES, "inbound": [{"protocol": "tcp"}]})
    assert host.asked == []


class TestTheEnd:
    def test_ends_the_listeners_then_closes(self) -> None:
        host = Host()
        host.listens = {"changed": False, "stood": True}
        result = host.run(state="absent", pending=PENDING)
        assert [what for what, _asked in host.asked] == ["module", "close"] and host.asked[1][1] == PENDING
        assert result["changed"] and result["stood"] and result["closed"] == "back on the committed rules"

    @pytest.mark.parametrize(("pending", "check_mode"), [(None, False), (PENDING, True)])
    def test_closes_nothing_without_need(self, pending: Any, check_mode: bool) -> None:
        host = Host(check_mode=check_mode)
        assert "closed" not in host.run(state="absent", pending=pending)
        assert [what for what, _asked in host.asked] == ["module"]

    @pytest.mark.parametrize("listeners", [{"changed": True, "stood": True}, {"failed": True, "msg": "no root"}])
    def test_closes_whatever_the_listeners_say_and_tells_what_failed(self, listeners: dict[str, Any]) -> None:
        host = Host()
        host.listens, host.closes = listeners, NotConfirmed("no answer")
        result = host.run(state="absent", pending=PENDING)
        assert result["failed"] and result["msg"].endswith("the firewall was not closed: no answer")
        assert ("no root" in result["msg"]) == ("failed" in listeners)
