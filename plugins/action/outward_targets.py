# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.outward_targets: what the console contacts outside, worked out on the controller."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, require_netaddr
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._outward.targets import SUBJECT, outward_targets


class ActionModule(ControllerAction):
    """Reads the inventory; touches no host and contacts nobody."""

    ARGUMENT_SPEC = {"public_servers": {"type": "raw"}, "dns_name": {"type": "str"}}

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        topology, problems = topology_of_task(task_vars, self._templar)
        if problems:
            raise InputError(SUBJECT, problems)
        outward = outward_targets(topology, arguments["public_servers"], arguments["dns_name"])
        in_play = [name for name in outward.consoles if name in task_vars.get("ansible_play_hosts_all", ())]
        if not in_play:
            consoles = ", ".join(outward.consoles)
            raise InputError(SUBJECT, [f"the console ({consoles}) is not in this play: do not --limit it away"])
        return {"changed": False, "consoles": in_play, "targets": outward.targets, "left_out": outward.left_out}
