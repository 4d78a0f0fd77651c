# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.outward_report: prints what came of the targets, and fails where one did not answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.outward_table import failures, outward_table

#: What the playbook registers on each console.
VARIABLE = "jsa_outward"


class ActionModule(ControllerAction):
    """Touches no host."""

    ARGUMENT_SPEC = {
        "consoles": {"type": "list", "elements": "str", "required": True},
        "left_out": {"type": "list", "elements": "str", "default": []},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        by_console: dict[str, list[Mapping[str, Any]]] = {}
        for name in arguments["consoles"]:
            registered = task_vars["hostvars"][name].get(VARIABLE)
            if isinstance(registered, Mapping) and "results" in registered:
                by_console[name] = list(registered["results"])
        show(outward_table(by_console, arguments["left_out"]))
        every = [item for results in by_console.values() for item in results]
        failed = failures(every)
        result: dict[str, Any] = {"changed": False, "failures": len(failed), "targets": len(every)}
        if failed:
            result.update(failed=True, msg=f"{len(failed)} of {len(every)} targets fail; the table above says why")
        elif not by_console:
            result.update(failed=True, msg="no console could be asked, so nothing is known")
        return result
