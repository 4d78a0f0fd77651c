# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_verdicts: what the network does to each flow that JSA will need."""

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
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import changes
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import read_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.report import (
    as_json,
    as_junit,
    summary,
    summary_line,
    table,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import VERDICTS, Judge

FAIL_ON = ("wrong_host", "network", "host_firewall", "translated")

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
        names = deployment_hosts_in_play(plan, task_vars)
        seen = read_seen(task_vars["hostvars"], names)
        try:
            verdicts = Judge(plan, seen).verdicts(tested_flows(plan, names))
        except InputError as error:
            raise fail_with(error) from error
        lines = changes(plan, seen, verdicts)
        changed = False
        if arguments["dest"]:
            hosts = {name: one.as_dict() for name, one in seen.items()}
            files = {
                "preflight.json": as_json(verdicts, lines, hosts),
                "preflight.xml": as_junit(verdicts, arguments["fail_on"]),
            }
            changed = self._write(arguments["dest"], files)
        show(table(verdicts, lines))
        result.update(changed=changed, summary=summary(verdicts), changes=[line.as_dict() for line in lines])
        if any(item.verdict in arguments["fail_on"] for item in verdicts):
            # Ansible prints the whole result of a failure; the table has said it better.
            result.update(failed=True, msg=f"{summary_line(verdicts)}; the table above says what is in the way")
        else:
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result

    def _write(self, folder: str, files: dict[str, str]) -> bool:
        path = os.path.abspath(os.path.expanduser(folder))
        if not self._task.check_mode:
            try:
                os.makedirs(path, exist_ok=True)
            except OSError as error:
                raise AnsibleActionFail(f"jsa_preflight_dest {folder} cannot be made: {error}") from error
        written = [
            write_file(os.path.join(path, name), text, "The result of the preflight", self._task.check_mode)
            for name, text in files.items()
        ]
        return any(written)
