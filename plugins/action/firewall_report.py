# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.firewall_report: runs on the controller, touches no host."""

from __future__ import annotations

import os

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    deployment_hosts_in_play,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import make_folder, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.firewall_rules_tmp import FORMATS, SUFFIXES, ruleset_of


class ActionModule(ControllerAction):
    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "format": {"type": "str", "choices": list(FORMATS), "default": "iptables"},
        "dest": {"type": "path"},
        "unlisted": {"type": "str", "choices": ["zone", "reject", "drop"], "default": "zone"},
        "controllers": {"type": "list", "elements": "str", "default": []},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan, kind, dest = arguments["plan"], arguments["format"], arguments["dest"]
        reports = {}
        changed = False
        for name in deployment_hosts_in_play(plan, task_vars):
            rules = plan["hosts"][name]
            ruleset = ruleset_of(rules, arguments["unlisted"], arguments["controllers"], name)
            reports[name] = FORMATS[kind](rules, ruleset)
        if dest and not self._task.check_mode:
            make_folder(dest, "The folder")
        for name, report in reports.items():
            notes = "".join(f"\n  {note}" for note in report.notes)
            if not dest:
                show(f"{name}:{notes}\n\n{report.text}")
                continue
            path = os.path.join(dest, f"{name}.{SUFFIXES[kind]}")
            changed = write_file(path, report.text, "The report", self._task.check_mode) or changed
            show(f"{name}: {path}{notes}")
        return {
            "changed": changed,
            "reports": {name: {"text": report.text, "notes": list(report.notes)} for name, report in reports.items()},
            "_ansible_verbose_override": True,
        }
