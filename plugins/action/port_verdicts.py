# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_verdicts: joins the observations of all hosts into one verdict per flow."""

from __future__ import annotations

import time

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    SCOPE_OPTION,
    ControllerAction,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import guilty_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.host_files import read_host_files
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import CHECK, required_in_check
from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import (
    Baseline,
    changes,
    new_drift,
    parse_baseline,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_lines, drift_table
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, guilty_counts, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import (
    RESULT,
    alarm_table,
    fault_table,
    host_result,
    not_enforced_table,
    reconciliation,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.unobserved import (
    unobserved_hosts,
    unobserved_message,
    unobserved_table,
)

FAIL_ON = ("unexpected_open", "service_down", "host_firewall", "network", "blocked")

_EMPTY = (
    "nothing was checked: there is no flow to check between the hosts of the play ({hosts}). Add hosts to --limit, or "
    "set jsa_port_check_allow_empty: true if that is as it should be"
)


class ActionModule(ControllerAction):
    """Joins the observations, prints and writes the verdicts, and fails for the selected ones. Connects to no host."""

    AS_IS = ("plan", "observations")
    OPTIONS_OF = "jsa_port_check"
    ARGUMENT_SPEC = {
        "plan": {"type": "dict"},
        "plan_file": {"type": "path"},
        "observations": {"type": "dict"},
        "observations_from": {"type": "path"},
        "max_age": {"type": "int", "default": 3600},
        "scope": SCOPE_OPTION,
        "dest": {"type": "path"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
        "baseline": {"type": "path"},
        "fail_on_new": {"type": "bool", "default": False},
        "allow_empty": {"type": "bool", "default": False},
        "fail": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = _plan(arguments)
        # Before anything is written: the folder for the result may be the one that the baseline is in.
        earlier = _baseline(arguments["baseline"])
        scope_of = Scope(**arguments["scope"]) if arguments["scope"] else None
        given, folder = arguments["observations"], arguments["observations_from"]
        if folder:
            joined = read_host_files(folder, plan, arguments["max_age"], time.time())
            observations, scope_of = joined.observations, joined.scope or Scope.chosen(None, 20, 0, len(plan.hosts))
        else:
            observations = CHECK.read(given, plan, task_vars, required_in_check(given))
        holders = VirtualAddresses(plan, observations).holders()
        expectations = Expectations(plan, list(observations), scope_of, holders)
        wanted = list(expectations.wanted())
        exposed = {name: seen.exposed for name, seen in observations.items()}
        flows = [*wanted, *expectations.unwanted(exposed)]
        diagnosis = Diagnosis(plan, observations)
        verdicts = diagnosis.verdicts(flows)
        total = expectations.total()
        scope = {**expectations.scope.as_dict(), "flows": len(wanted), "left_out": total - len(wanted)}
        more: dict[str, Any] = {"scope": scope}
        since = None
        drift = {name: drift_lines(one) for name, one in observations.items()}
        if earlier is not None:
            since = changes(earlier, verdicts, [*flows, *diagnosis.tunnels()], observations)
            drift = new_drift(earlier.drift, drift)
            more["baseline"] = {"file": arguments["baseline"], **since.as_dict()}
        alarms_of = {name: seen.alarms for name, seen in observations.items() if seen.alarms}
        changed = self._write(arguments, observations, verdicts, alarms_of, more)
        prefixes = {
            address: length for one in observations.values() for address, length in (one.addresses or {}).items()
        }
        all_faults = faults(verdicts, plan.hosts, prefixes)
        shown = all_faults if since is None else faults(since.new, plan.hosts, prefixes)
        unseen_of = {name: seen.unseen for name, seen in observations.items()}
        parts = [
            alarm_table(alarms_of),
            not_enforced_table([name for name, seen in observations.items() if not seen.is_enforced]),
            unobserved_table(unseen_of),
            fault_table(shown),
            drift_table(drift),
            "\n".join(since.lines()) if since else "",
            "\n".join(plain_words(all_faults, sum(item.verdict == "ok" for item in verdicts))),
            f"{expectations.scope.line(len(wanted), total, len(observations))}.",
            "\n".join([*reconciliation(verdicts, len(wanted)), RESULT.summary_line(verdicts)]),
        ]
        show("\n\n".join(part for part in parts if part))
        result: dict[str, Any] = {"changed": changed, "summary": RESULT.summary(verdicts), **more}
        failing = [
            item
            for item in (since.new if since and arguments["fail_on_new"] else verdicts)
            if item.verdict in arguments["fail_on"]
        ]
        not_observed = unobserved_hosts(unseen_of, counted=not folder)
        # Between one host and itself, nothing is planned: a deployment of one host has no flow to check.
        allowed = arguments["allow_empty"] or len(plan.hosts) == 1
        empty = "" if verdicts or allowed else _EMPTY.format(hosts=len(observations))
        if failing or not_observed or empty or alarms_of:
            # Ansible prints the whole result of a failed task. The table is easier to read.
            result.pop("baseline", None)
            new = f", {len(failing)} of them new" if since and arguments["fail_on_new"] else ""
            told = empty or f"{RESULT.summary_line(verdicts)}{new}"
            blame = "see the table above for the causes" if failing else ""
            alarm = f"no working firewall: {', '.join(alarms_of)}" if alarms_of else ""
            msg = "; ".join(part for part in (alarm, unobserved_message(not_observed), told, blame) if part)
            reasons = {
                name: "; ".join([*alarms_of.get(name, ()), *([not_observed[name]] if name in not_observed else [])])
                for name in {**alarms_of, **not_observed}
            }
            result["guilty"] = guilty_hosts(guilty_counts(failing), reasons, msg, task_vars)
            result.update({"failed": True, "msg": msg} if arguments["fail"] else {})
        else:
            result["guilty"] = {}
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result

    def _write(
        self,
        arguments: Mapping[str, Any],
        observations: Mapping[str, HostObservation],
        verdicts: list[Verdict],
        alarms_of: Mapping[str, tuple[str, ...]],
        more: Mapping[str, Any],
    ) -> bool:
        """Writes the files into the folder of the option. Whether one differs from what was there."""
        if not arguments["dest"]:
            return False
        hosts = {name: host_result(seen) for name, seen in observations.items()}
        files = {
            "port_check.json": RESULT.as_json(verdicts, hosts, **more),
            "port_check.xml": RESULT.as_junit(verdicts, arguments["fail_on"], alarms_of),
        }
        return self.write_results(arguments["dest"], "jsa_port_check_dest", "The result of the check", files)


def _plan(arguments: Mapping[str, Any]) -> Plan:
    """Raises InputError, and AnsibleActionFail where options exclude each other or are missing."""
    for one, other in (("plan", "plan_file"), ("observations", "observations_from")):
        if (arguments[one] is None) == (arguments[other] is None):
            raise AnsibleActionFail(f"exactly one of {one} and {other} has to be set")
    if arguments["max_age"] < 1:
        raise AnsibleActionFail(
            f"jsa_port_check_max_age is {arguments['max_age']}: expected a number of seconds above 0"
        )
    file = arguments["plan_file"]
    return parse_plan(read_file(file, "The saved plan"), file) if file else Plan.from_dict(arguments["plan"])


def _baseline(path: str | None) -> Baseline | None:
    return parse_baseline(read_file(path, "The baseline"), path) if path else None
