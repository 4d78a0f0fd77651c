# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_verdicts: reports what the network does to each flow that JSA needs."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import guilty_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import PREFLIGHT
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import changes
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import (
    VERDICTS,
    Diagnosis,
    closed_hosts,
    guilty_counts,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.preflight_table import (
    RESULT,
    host_result,
    opening_hint,
    table,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.unobserved import (
    unobserved_hosts,
    unobserved_message,
    unobserved_table,
)

FAIL_ON = ("wrong_host", "network", "host_firewall", "translated")

_EMPTY = (
    "nothing was tested: there is no flow to test between the hosts of the play ({hosts}). Add hosts to --limit, or "
    "set jsa_preflight_allow_empty: true if that is as it should be"
)


class ActionModule(ControllerAction):
    """Joins the observations, prints and writes the verdicts, and fails for the selected ones. Connects to no host."""

    AS_IS = ("plan", "observations")
    OPTIONS_OF = "jsa_preflight"
    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "observations": {"type": "dict", "required": True},
        "observations_dest": {"type": "path"},
        "dest": {"type": "path"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
        "allow_empty": {"type": "bool", "default": False},
        "fail": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = Plan.from_dict(arguments["plan"])
        needed = ("listeners", "probes", "record")
        seen = PREFLIGHT.read(arguments["observations"], plan, task_vars, required=needed)
        verdicts = Diagnosis(plan, seen).verdicts(tested_flows(plan, list(seen)))
        lines = changes(plan, seen, verdicts)
        change_rows = [line.as_dict() for line in lines]
        changed = False
        if arguments["observations_dest"]:
            text = PREFLIGHT.text(seen)
            changed = write_file(arguments["observations_dest"], text, "The observations", self._task.check_mode)
        if arguments["dest"]:
            hosts = {name: host_result(one) for name, one in seen.items()}
            files = {
                "preflight.json": RESULT.as_json(verdicts, hosts, changes=change_rows),
                "preflight.xml": RESULT.as_junit(verdicts, arguments["fail_on"]),
            }
            what = "The result of the preflight"
            changed = self.write_results(arguments["dest"], "jsa_preflight_dest", what, files) or changed
        unseen_of = {name: one.unseen for name, one in seen.items()}
        hint = opening_hint(closed_hosts(verdicts, seen))
        show("\n\n".join(part for part in (unobserved_table(unseen_of), table(verdicts, lines), hint) if part))
        result = {"changed": changed, "summary": RESULT.summary(verdicts), "changes": change_rows}
        failing = [item for item in verdicts if item.verdict in arguments["fail_on"]]
        not_observed = unobserved_hosts(unseen_of)
        # Between one host and itself, nothing is planned: a deployment of one host has no flow to test.
        allowed = arguments["allow_empty"] or len(plan.hosts) == 1
        empty = "" if verdicts or allowed else _EMPTY.format(hosts=len(seen))
        if failing or not_observed or empty:
            # Ansible prints the whole result of a failed task. The table is easier to read.
            blame = "see the table above for the causes" if failing else ""
            parts = (unobserved_message(not_observed), empty or RESULT.summary_line(verdicts), blame, hint)
            msg = "; ".join(part for part in parts if part)
            result["guilty"] = guilty_hosts(guilty_counts(failing), not_observed, msg, task_vars)
            result.update({"failed": True, "msg": msg} if arguments["fail"] else {})
        else:
            result["guilty"] = {}
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result
