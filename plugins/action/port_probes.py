# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_probes: what each host of the play should probe."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._check.task import expected_and_seen

ARGUMENT_SPEC: dict[str, Any] = {"plan": {"type": "dict", "required": True}}


class ActionModule(ActionBase):
    """Sorts the expected flows by the host that probes them; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        plan = arguments["plan"]
        expectations, observations = expected_and_seen(plan, task_vars)
        probes: dict[str, list[dict[str, Any]]] = {name: [] for name in observations}
        for flow in expectations.wanted():
            if flow.required or observations[flow.listener].listens(flow.protocol, flow.port, flow.address):
                probes[flow.initiator].append(flow.probe())
        for flow in expectations.unwanted(observations):
            # Refused or silent, closed is closed: it is not worth the peer's ration of ICMP errors.
            probes[flow.initiator].append({**flow.probe(), "recheck": False})
        result.update(changed=False, probes=probes, _ansible_verbose_override=True)
        return result
