# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.observe: says how far the task is, as the hosts answer."""

from __future__ import annotations

import os

from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.module_result import without_arguments
from ansible_collections.jsa.ports.plugins.plugin_utils._check.progress import Progress, surprises
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import OPTIONS, read_request, write_answer
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError


class ActionModule(ActionBase):
    """Runs the module. With ``hosts``, prints a line now and then; each host answers in a process of its own."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task: that of the module."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self._arguments()
        found = without_arguments(self._execute_module("jsa.ports.observe", arguments, task_vars=task_vars))
        result.update(write_answer(found) if self._task.args.get("request") is not None else found)
        hosts = arguments.get("hosts")
        if hosts and not result.get("failed"):
            # This folder is that of the run: Ansible makes it, shares it with its processes, and removes it.
            folder = vars(C)["DEFAULT_LOCAL_TMP"]
            progress = Progress(os.path.join(folder, f"jsa_ports_{self._task._uuid}"), int(hosts))
            probes = arguments.get("probes") or []
            lines = progress.note(len(probes), surprises(task_vars.get("inventory_hostname", ""), probes, found))
            if lines:
                show("\n".join(lines))
        return result

    def _arguments(self) -> dict[str, Any]:
        """The options of the module, with those of the request. Raises AnsibleActionFail."""
        given = dict(self._task.args)
        request = given.pop("request", None)
        if request is None:
            return given
        twice = [name for name in OPTIONS if name in given]
        if twice:
            raise AnsibleActionFail(f"request is set, and so is {', '.join(twice)}: a request has these options itself")
        try:
            return {**given, **read_request(request)}
        except InputError as error:
            raise fail_with(error) from error
