# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jsa.ports.observe on the controller: the module's result, and what is printed while other hosts are still asked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.action import observe
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import read_answer, write_request

PROBES = [{"address": "10.0.0.2", "protocol": "tcp", "port": 22, "open": True}]
RESULT: dict[str, Any] = {"changed": False, "probes": {"results": [{"result": "no_answer"}]}}


@pytest.fixture(name="printed")
def fixture_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    printed: list[str] = []
    monkeypatch.setattr(observe, "show", printed.append)
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})
    return printed


def run(result: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    action = observe.ActionModule.__new__(observe.ActionModule)
    action._task = SimpleNamespace(args={"probes": PROBES, **arguments}, _uuid="0242-1")
    action._execute_module = lambda name, given, task_vars: result if given == action._task.args else {}
    found: dict[str, Any] = action.run(task_vars={"inventory_hostname": "con1"})
    return found


def test_counts_the_hosts_of_the_run(printed: list[str]) -> None:
    assert run(RESULT, hosts=2) == RESULT
    run(RESULT, hosts=2)
    fault = "  con1: 10.0.0.2 tcp 22: no_answer"
    assert printed == [
        f"1 of 2 hosts observed, 1 probes sent\n{fault}",
        f"2 of 2 hosts observed, 2 probes sent\n{fault}",
    ]


def test_prints_nothing_unless_it_is_told_how_many_hosts_there_are(printed: list[str]) -> None:
    assert run(RESULT) == RESULT
    failed = {"failed": True, "msg": "the host is gone"}
    assert run(failed, hosts=1) == failed
    assert printed == []


def test_a_request_becomes_the_options_of_the_module(printed: list[str]) -> None:
    sent: list[dict[str, Any]] = []
    action = observe.ActionModule.__new__(observe.ActionModule)
    action._execute_module = lambda name, given, task_vars: sent.append(given) or RESULT
    options = {"rules": {"inbound": [], "refused": []}, "probes": PROBES, "rate": 40.0}
    # Ansible before 2.19 may have read the text already.
    for request in (write_request(options), options):
        action._task = SimpleNamespace(args={"request": request, "timeout": 2, "hosts": 1}, _uuid="0242-2")
        result = action.run(task_vars={"inventory_hostname": "con1"})
        assert isinstance(result["answer"], str) and read_answer(result) == RESULT
    assert sent == [{**options, "timeout": 2, "hosts": 1}] * 2
    assert len(printed) == 2, "the probes of the request count"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"request": "{}", "probes": []}, "request is set, and so is probes"),
        ({"request": "{"}, "request: it is not JSON"),
        ({"request": '{"rate": NaN}'}, "request: it is not JSON: JSON has no NaN"),
        ({"request": "[" * 100000}, "request: it is not JSON"),
        ({"request": "[]"}, "request: expected a mapping, got list"),
        ({"request": '{"timeout": 1}'}, "request: 'timeout' is not one of expected, rules, probes"),
    ],
)
def test_a_request_that_cannot_be_used(printed: list[str], arguments: dict[str, Any], told: str) -> None:
    action = observe.ActionModule.__new__(observe.ActionModule)
    action._task = SimpleNamespace(args=arguments, _uuid="0242-3")
    with pytest.raises(AnsibleActionFail) as failed:
        action.run(task_vars={})
    assert told in str(failed.value)
