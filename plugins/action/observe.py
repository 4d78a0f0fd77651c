# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.observe: says how far the task is, as the hosts answer."""

from __future__ import annotations

import os

from typing import Any

from ansible import constants as C
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import show
from ansible_collections.jsa.ports.plugins.plugin_utils._check.progress import Progress, surprises


class ActionModule(ActionBase):
    """Runs the module. With ``hosts``, prints a line now and then; each host answers in a process of its own."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task: that of the module."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self._execute_module("jsa.ports.observe", self._task.args, task_vars=task_vars))
        hosts = self._task.args.get("hosts")
        if hosts and not result.get("failed"):
            # This folder is that of the run: Ansible makes it, shares it with its processes, and removes it.
            folder = vars(C)["DEFAULT_LOCAL_TMP"]
            progress = Progress(os.path.join(folder, f"jsa_ports_{self._task._uuid}"), int(hosts))
            probes = self._task.args.get("probes") or []
            lines = progress.note(len(probes), surprises(task_vars.get("inventory_hostname", ""), probes, result))
            if lines:
                show("\n".join(lines))
        return result
