# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_verdicts: what the network does to each flow that JSA will need."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    deployment_hosts_in_play,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import changes
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import read_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import VERDICTS, Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.preflight_table import RESULT, table

FAIL_ON = ("wrong_host", "network", "host_firewall", "translated")


class ActionModule(ControllerAction):
    """Judges, prints, writes, and fails where it was asked to; touches no host."""

    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "dest": {"type": "path"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = arguments["plan"]
        names = deployment_hosts_in_play(plan, task_vars)
        seen = read_seen(task_vars["hostvars"], names)
        verdicts = Diagnosis(plan, seen).verdicts(tested_flows(plan, names))
        lines = changes(plan, seen, verdicts)
        change_rows = [line.as_dict() for line in lines]
        changed = False
        if arguments["dest"]:
            hosts = {name: one.as_dict() for name, one in seen.items()}
            files = {
                "preflight.json": RESULT.as_json(verdicts, hosts, changes=change_rows),
                "preflight.xml": RESULT.as_junit(verdicts, arguments["fail_on"]),
            }
            changed = self.write_results(arguments["dest"], "jsa_preflight_dest", "The result of the preflight", files)
        show(table(verdicts, lines))
        result = {"changed": changed, "summary": RESULT.summary(verdicts), "changes": change_rows}
        if any(item.verdict in arguments["fail_on"] for item in verdicts):
            # Ansible prints the whole result of a failure; the table has said it better.
            result.update(failed=True, msg=f"{RESULT.summary_line(verdicts)}; the table above says what is in the way")
        else:
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result
