# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_verdicts: joins what was seen on all hosts into a verdict per flow."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import PLAN_OPTION, ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.check_task import SCOPE_OPTION, expected_and_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import (
    Baseline,
    changes,
    new_drift,
    parse_baseline,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_table
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT, fault_table

FAIL_ON = ("unexpected_open", "service_down", "host_firewall", "network")


class ActionModule(ControllerAction):
    """Judges, prints, writes, and fails where it was asked to; touches no host."""

    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "scope": SCOPE_OPTION,
        "dest": {"type": "path"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
        "baseline": {"type": "path"},
        "fail_on_new": {"type": "bool", "default": False},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = arguments["plan"]
        # Before anything is written: the folder for the result may be the one that the baseline is in.
        earlier = _baseline(arguments["baseline"])
        expectations, observations = expected_and_seen(arguments, task_vars)
        wanted = list(expectations.wanted())
        flows = [*wanted, *expectations.unwanted(observations)]
        judge = Diagnosis(plan, observations)
        verdicts = judge.verdicts(flows)
        total = expectations.total()
        scope = {**expectations.scope.as_dict(), "flows": len(wanted), "left_out": total - len(wanted)}
        more: dict[str, Any] = {"scope": scope}
        since = None
        drift = {name: [*one.firewall_difference, *one.openings] for name, one in observations.items()}
        if earlier is not None:
            since = changes(earlier, verdicts, [*flows, *judge.tunnels()], observations)
            drift = new_drift(earlier.drift, drift)
            more["baseline"] = {"file": arguments["baseline"], **since.as_dict()}
        changed = False
        if arguments["dest"]:
            hosts = {name: observation.as_dict() for name, observation in observations.items()}
            files = {
                "port_check.json": RESULT.as_json(verdicts, hosts, **more),
                "port_check.xml": RESULT.as_junit(verdicts, arguments["fail_on"]),
            }
            changed = self.write_results(arguments["dest"], "jsa_port_check_dest", "The result of the check", files)
        prefixes = {
            address: length for one in observations.values() for address, length in (one.addresses or {}).items()
        }
        all_faults = faults(verdicts, plan["hosts"], prefixes)
        shown = all_faults if since is None else faults(since.new, plan["hosts"], prefixes)
        parts = [
            fault_table(shown),
            drift_table(drift),
            "\n".join(since.lines()) if since else "",
            "\n".join(plain_words(all_faults, sum(item.verdict == "ok" for item in verdicts))),
            f"{expectations.scope.line(len(wanted), total, len(observations))}.\n{RESULT.summary_line(verdicts)}",
        ]
        show("\n\n".join(part for part in parts if part))
        result: dict[str, Any] = {"changed": changed, "summary": RESULT.summary(verdicts), **more}
        failing = [
            item
            for item in (since.new if since and arguments["fail_on_new"] else verdicts)
            if item.verdict in arguments["fail_on"]
        ]
        if failing:
            # Ansible prints the whole result of a failure; the table has said it better.
            result.pop("baseline", None)
            new = f", {len(failing)} of them new" if since and arguments["fail_on_new"] else ""
            counts = f"{RESULT.summary_line(verdicts)}{new}"
            result.update(failed=True, msg=f"{counts}; the table above says whose fault each is")
        else:
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result


def _baseline(path: str | None) -> Baseline | None:
    return parse_baseline(read_file(path, "The baseline"), path) if path else None
