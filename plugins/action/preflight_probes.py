# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_probes: what each host of the play should probe while listeners stand."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import deployment_hosts_in_play, fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import read_seen

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "required": True},
    "token": {"type": "str", "required": True, "no_log": False},
}


class ActionModule(ActionBase):
    """Sorts the tested flows by the host that probes them; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        plan = arguments["plan"]
        names = deployment_hosts_in_play(plan, task_vars)
        try:
            flows = tested_flows(plan, names)
        except InputError as error:
            raise fail_with(error) from error
        seen = read_seen(task_vars["hostvars"], names)
        probes: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for flow in flows:
            probe = flow.probe()
            if seen[flow.listener].stands(flow):
                probe["expect"] = f"{arguments['token']} {flow.listener}"
            probes[flow.initiator].append(probe)
        result.update(changed=False, probes=probes, _ansible_verbose_override=True)
        return result
