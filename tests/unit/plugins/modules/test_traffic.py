# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its options to its answer: _observe/traffic/test_run.py has what it does."""

from __future__ import annotations

import os
import stat

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import run as states
from ansible_collections.jsa.ports.plugins.modules import traffic
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.machine import Machine
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(states.Host, "this", classmethod(lambda cls: machine.host))
    monkeypatch.setattr("os.lstat", _as_roots(Path.lstat))
    return machine


def _as_roots(lstat: Any) -> Any:
    """The folders of this test belong to whoever runs it."""

    def status(path: str) -> os.stat_result:
        found = list(lstat(Path(path)))
        found[stat.ST_UID] = 0
        return os.stat_result(found)

    return status


@pytest.fixture
def answer(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda **params: run_main(monkeypatch, traffic, params)[0]


def test_the_diff_is_of_what_the_kernel_is_told(answer: Any) -> None:
    got = answer(ports=["514/udp"])
    assert got["changed"] and got["traffic"]["state"] == "recording"
    lines = ["table inet jsa_ports_learn", "entries 65535", "days 30", "records 22/tcp", "records 514/udp"]
    assert (got["diff"]["before"], got["diff"]["after"].splitlines()) == ("", lines)
    got = answer(ports=["514/udp"])
    assert not got["changed"] and got["diff"]["before"] == got["diff"]["after"]
    got = answer(state="absent")
    assert (got["diff"]["before"].splitlines(), got["diff"]["after"]) == (lines, "")


def test_ports_of_rules_and_of_the_option(answer: Any) -> None:
    rules = {"inbound": [{"protocol": "tcp", "ports": "443"}], "refused": [{"protocol": "tcp", "ports": "7777-7783"}]}
    after = answer(rules=rules, ports=["9100"])["diff"]["after"]
    assert [line for line in after.splitlines() if "records" in line] == [
        "records 22/tcp", "records 443/tcp", "records 7777-7783/tcp", "records 9100/tcp", "records 9100/udp",
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["read", "now"])
def test_a_look_has_no_diff(answer: Any, state: str) -> None:
    got = answer(state=state)
    assert not got["changed"] and "diff" not in got


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"entries": 0}, "entries: 0 is not from 1 to"),
        ({"days": 4000}, "days: 4000 is not from 1 to 3650"),
        ({"ports": ["no"]}, "ports[0]"),
        ({"rules": {"inbound": 3}}, "rules.inbound"),
    ],
)
def test_options_that_cannot_be_meant(answer: Any, params: dict[str, Any], words: str) -> None:
    got = answer(**params)
    assert got["failed"] and words in got["msg"]


def test_without_root_it_names_the_remedy(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "set become: true" in answer()["msg"]


def test_an_error(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise FirewallError("no\x1b")

    monkeypatch.setattr(traffic, "run", fail)
    assert answer() == {"failed": True, "msg": "no\\x1b"}


def test_it_returns_what_is_documented(answer: Any) -> None:
    documented = yaml.safe_load(traffic.RETURN)["traffic"]
    assert set(answer()["traffic"]) == set(documented["contains"]) == set(documented["sample"])
    (item,) = documented["contains"]["inbound"]["sample"]
    assert set(item) == set(documented["contains"]["inbound"]["contains"])


def test_the_examples_are_of_every_state(answer: Any) -> None:
    """Each task of the documentation, as it stands."""
    examples = yaml.safe_load(traffic.EXAMPLES)
    tasks = [task["jsa.ports.traffic"] or {} for task in examples if "jsa.ports.traffic" in task]
    rules = {"inbound": [], "refused": []}
    states_seen = []
    for task in tasks:
        got = answer(**{**task, **({"rules": rules} if "rules" in task else {})})
        assert not got.get("failed"), got
        states_seen.append(got["traffic"]["state"])
    assert states_seen == ["recording", "recording", "recording", "recording", "now", "absent"]
