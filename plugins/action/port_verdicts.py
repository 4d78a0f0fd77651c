# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_verdicts: joins what was seen on all hosts into a verdict per flow."""

from __future__ import annotations

import os

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import show, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_table
from ansible_collections.jsa.ports.plugins.plugin_utils._check.report import (
    summary,
    summary_line,
    verdict_table,
    verdicts_json,
    verdicts_junit,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.task import expected_and_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Judge

FAIL_ON = ("unexpected_open", "service_down", "host_firewall", "network")

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "required": True},
    "dest": {"type": "path"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
}


class ActionModule(ActionBase):
    """Judges, prints, writes, and fails where it was asked to; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        plan = arguments["plan"]
        expectations, observations = expected_and_seen(plan, task_vars)
        flows = [*expectations.wanted(), *expectations.unwanted(observations)]
        verdicts = Judge(plan, observations).verdicts(flows)
        changed = False
        if arguments["dest"]:
            hosts = {name: observation.as_dict() for name, observation in observations.items()}
            changed = self._write(
                arguments["dest"],
                {
                    "port_check.json": verdicts_json(verdicts, hosts),
                    "port_check.xml": verdicts_junit(verdicts, arguments["fail_on"]),
                },
            )
        drift = drift_table({name: [*one.firewall_difference, *one.openings] for name, one in observations.items()})
        show(verdict_table(verdicts) + (f"\n\n{drift}" if drift else ""))
        result.update(changed=changed, summary=summary(verdicts))
        if any(item.verdict in arguments["fail_on"] for item in verdicts):
            # Ansible prints the whole result of a failure; the table has said it better.
            result.update(failed=True, msg=f"{summary_line(verdicts)}; the table above says whose fault each is")
        else:
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result

    def _write(self, folder: str, files: dict[str, str]) -> bool:
        path = os.path.abspath(os.path.expanduser(folder))
        if not self._task.check_mode:
            try:
                os.makedirs(path, exist_ok=True)
            except OSError as error:
                raise AnsibleActionFail(f"jsa_port_check_dest {folder} cannot be made: {error}") from error
        written = [
            write_file(os.path.join(path, name), text, "The result of the check", self._task.check_mode)
            for name, text in files.items()
        ]
        return any(written)
