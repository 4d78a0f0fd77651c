# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_scope: what a check will look at, and whether it can, before any host is touched."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    deployment_hosts_in_play,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.check_task import expected
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import parse_baseline
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope


class ActionModule(ControllerAction):
    """Chooses, counts, and refuses what the later steps could not work with; touches no host."""

    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "scope": {"type": "str", "choices": list(SCOPES)},
        "sample": {"type": "int", "default": 20},
        "seed": {"type": "int", "default": 0},
        "baseline": {"type": "path"},
        "fail_on_new": {"type": "bool", "default": False},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = arguments["plan"]
        hosts = len(deployment_hosts_in_play(plan, task_vars))
        scope = Scope.chosen(arguments["scope"], arguments["sample"], arguments["seed"], hosts)
        if arguments["baseline"]:
            parse_baseline(read_file(arguments["baseline"], "The baseline"), arguments["baseline"])
        if arguments["fail_on_new"] and not arguments["baseline"]:
            raise AnsibleActionFail(
                "jsa_port_check_fail_on_new is set, but jsa_port_check_baseline does not say what is not new"
            )
        expectations = expected(plan, scope, task_vars)
        flows, total = sum(1 for _flow in expectations.wanted()), expectations.total()
        show(scope.line(flows, total, hosts))
        return {"changed": False, "scope": scope.as_dict(), "flows": flows, "left_out": total - flows}
