# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.traffic: adds the ports that the catalog lists for the roles of the host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import (
    require_known_variables,
    roles_of_task,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.cataloged import cataloged_ports

_NO_ROLE = "the host has no role in the deployment"


class ActionModule(ActionBase):
    """Skips hosts without a role, unless ``rules`` is set, or what they have is to be removed."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task. Raises AnsibleActionFail if the variables of the host cannot be read."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("rules") is None and arguments.get("state") != "absent":
            try:
                require_known_variables(task_vars, self._templar)
                roles = roles_of_task(task_vars, self._templar)
            except InputError as error:
                raise fail_with(error) from error
            if not roles:
                result.update(changed=False, skipped=True, skip_reason=_NO_ROLE)
                return result
            arguments["ports"] = [*_listed(arguments.get("ports")), *cataloged_ports(roles)]
        found: dict[str, Any] = plain(self._execute_module("jsa.ports.traffic", arguments, task_vars=task_vars))
        result.update(found)
        return result


def _listed(ports: Any) -> list[Any]:
    """The option as Ansible would read it, which takes one value, or several with commas, for a list."""
    if ports is None:
        return []
    return list(ports) if isinstance(ports, (list, tuple)) else str(ports).split(",")
