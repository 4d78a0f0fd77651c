# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.firewall_report: runs on the controller, touches no host."""

from __future__ import annotations

import os

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import (
    deployment_hosts_in_play,
    fail_with,
    show,
    write_file,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._report.formats import FORMATS, SUFFIXES, ruleset_of

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "required": True},
    "format": {"type": "str", "choices": list(FORMATS), "default": "iptables"},
    "dest": {"type": "path"},
    "unlisted": {"type": "str", "choices": ["zone", "reject", "drop"], "default": "zone"},
    "controllers": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        plan, kind, dest = arguments["plan"], arguments["format"], arguments["dest"]
        reports = {}
        changed = False
        try:
            for name in deployment_hosts_in_play(plan, task_vars or {}):
                rules = plan["hosts"][name]
                ruleset = ruleset_of(rules, arguments["unlisted"], arguments["controllers"], name)
                reports[name] = FORMATS[kind](rules, ruleset)
        except InputError as error:
            raise fail_with(error) from error
        if dest and not self._task.check_mode:
            try:
                os.makedirs(os.path.expanduser(dest), exist_ok=True)
            except OSError as error:
                raise AnsibleActionFail(f"The folder {dest} cannot be made: {error}") from error
        for name, report in reports.items():
            notes = "".join(f"\n  {note}" for note in report.notes)
            if not dest:
                show(f"{name}:{notes}\n\n{report.text}")
                continue
            path = os.path.join(dest, f"{name}.{SUFFIXES[kind]}")
            changed = write_file(path, report.text, "The report", self._task.check_mode) or changed
            show(f"{name}: {path}{notes}")
        result.update(
            changed=changed,
            reports={name: {"text": report.text, "notes": list(report.notes)} for name, report in reports.items()},
            _ansible_verbose_override=True,
        )
        return result
