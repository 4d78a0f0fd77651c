# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.report: runs on the controller, touches no host."""

from __future__ import annotations

import os

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    hosts_in_play,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._file_names import file_name
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.formats import FORMATS


class ActionModule(ControllerAction):
    """Writes down what each host of the play needs, or prints it."""

    AS_IS = ("plan",)
    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "format": {"type": "str", "choices": list(FORMATS), "default": "iptables"},
        "dest": {"type": "path"},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The reports of the hosts of the play. Raises InputError."""
        plan, chosen, dest = Plan.from_dict(arguments["plan"]), FORMATS[arguments["format"]], arguments["dest"]
        reports = {name: chosen.render(plan, name) for name in hosts_in_play(plan.hosts, task_vars)}
        files = {name: f"{file_name(name)}.{chosen.suffix}" for name in reports}
        changed = False
        if dest:
            texts = {files[name]: report.text for name, report in reports.items()}
            changed = self.write_results(dest, "The folder for reports", "The report", texts)
        for name, report in reports.items():
            head = f"{name}, {os.path.join(dest, files[name])}" if dest else f"{name}, {chosen.description}"
            notes = "".join(f"\n  {note}" for note in report.notes)
            show(f"{head}:{notes}" if dest else f"{head}:{notes}\n\n{report.text}")
        return {
            "changed": changed,
            "reports": {name: {"text": report.text, "notes": list(report.notes)} for name, report in reports.items()},
            "_ansible_verbose_override": True,
        }
