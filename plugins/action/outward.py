# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.outward: computes the targets on the controller, and has the console contact them."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with, require_netaddr, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import (
    is_certainly_no_console,
    topology_of_task,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._outward.targets import (
    SUBJECT,
    Outward,
    outward_targets,
    require_console,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.outward_table import failures, outward_table

#: Options that the module on the host does not use.
_OURS = ("public_servers", "dns_name")


class ActionModule(ActionBase):
    """Skips hosts that are not consoles, unless ``targets`` is set."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task. Raises AnsibleActionFail if the targets cannot be computed."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = {key: value for key, value in self._task.args.items() if key not in _OURS}
        if arguments.get("targets") is not None:
            result.update(self._contact(arguments, task_vars))
            return result
        try:
            outward = self._work_out(task_vars)
        except InputError as error:
            raise fail_with(error) from error
        if outward is None:
            result.update(changed=False, skipped=True, skip_reason="the host is not a console of the deployment")
            return result
        result.update(self._contact({**arguments, "targets": outward.targets}, task_vars))
        if "results" in result:
            self._report(result, outward, str(task_vars["inventory_hostname"]))
        return result

    def _contact(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = plain(self._execute_module("jsa.ports.outward", arguments, task_vars=task_vars))
        return found

    def _work_out(self, task_vars: dict[str, Any]) -> Outward | None:
        """What the host of the task contacts; None if it is not a console. Raises InputError."""
        require_netaddr()
        name = str(task_vars["inventory_hostname"])
        # Only one host checks that there is a console: to read the whole inventory on each would be too slow.
        is_first = name == next(iter(task_vars.get("ansible_play_hosts", ())), name)
        if not is_first and is_certainly_no_console(task_vars, self._templar):
            return None
        topology, problems = topology_of_task(task_vars, self._templar)
        if problems:
            raise InputError(SUBJECT, problems)
        require_console(topology, task_vars.get("ansible_play_hosts_all", (name,)))
        if name not in topology.hosts or not topology.hosts[name].is_console:
            return None
        servers, dns_name = (self._task.args.get(option) for option in _OURS)
        return outward_targets(topology, name, servers, dns_name)

    @staticmethod
    def _report(result: dict[str, Any], outward: Outward, console: str) -> None:
        """Prints the table, and fails if a target failed."""
        results = result["results"]
        show(outward_table(console, results, outward.left_out))
        failed = len(failures(results))
        result.update(left_out=outward.left_out, failures=failed)
        if failed:
            # Ansible prints the whole result of a failed task. The table is easier to read.
            del result["results"]
            msg = f"{failed} of {len(results)} targets failed; see the table above for the causes"
            result.update(failed=True, msg=msg)
