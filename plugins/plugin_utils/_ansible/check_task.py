# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of the check make of the task that they run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import deployment_hosts_in_play
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, read_observations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope

#: How the scope comes to the actions of one check: as jsa.ports.port_scope returned it.
SCOPE_OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "name": {"type": "str", "choices": list(SCOPES), "required": True},
        "sample": {"type": "int", "default": 20},
        "seed": {"type": "int", "default": 0},
    },
}


def expected(plan: dict[str, Any], scope: Scope | None, task_vars: Mapping[str, Any]) -> Expectations:
    """Between the hosts of the play. Raises InputError where plan and scope do not say what to expect."""
    return Expectations(plan, deployment_hosts_in_play(plan, task_vars), scope)


def expected_and_seen(
    arguments: Mapping[str, Any], task_vars: Mapping[str, Any]
) -> tuple[Expectations, dict[str, HostObservation]]:
    """Of a task with the options plan and scope."""
    plan, scope = arguments["plan"], arguments["scope"]
    expectations = expected(plan, Scope(**scope) if scope else None, task_vars)
    return expectations, read_observations(task_vars["hostvars"], deployment_hosts_in_play(plan, task_vars))
