# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_verdicts: joins what was seen on all hosts into a verdict per flow."""

from __future__ import annotations

import os

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import fail_with, read_file, show, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import (
    Baseline,
    changes,
    new_drift,
    parse_baseline,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_table
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.report import (
    fault_table,
    summary,
    summary_line,
    verdicts_json,
    verdicts_junit,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.task import SCOPE_OPTION, expected_and_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Judge
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

FAIL_ON = ("unexpected_open", "service_down", "host_firewall", "network")

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "required": True},
    "scope": SCOPE_OPTION,
    "dest": {"type": "path"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(FAIL_ON)},
    "baseline": {"type": "path"},
    "fail_on_new": {"type": "bool", "default": False},
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
        # Before anything is written: the folder for the result may be the one that the baseline is in.
        earlier = self._baseline(arguments["baseline"])
        expectations, observations = expected_and_seen(arguments, task_vars)
        wanted = list(expectations.wanted())
        flows = [*wanted, *expectations.unwanted(observations)]
        judge = Judge(plan, observations)
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
            changed = self._write(
                arguments["dest"],
                {
                    "port_check.json": verdicts_json(verdicts, hosts, **more),
                    "port_check.xml": verdicts_junit(verdicts, arguments["fail_on"]),
                },
            )
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
            f"{expectations.scope.line(len(wanted), total, len(observations))}.\n{summary_line(verdicts)}",
        ]
        show("\n\n".join(part for part in parts if part))
        result.update(changed=changed, summary=summary(verdicts), **more)
        failing = [
            item
            for item in (since.new if since and arguments["fail_on_new"] else verdicts)
            if item.verdict in arguments["fail_on"]
        ]
        if failing:
            # Ansible prints the whole result of a failure; the table has said it better.
            result.pop("baseline", None)
            new = f", {len(failing)} of them new" if since and arguments["fail_on_new"] else ""
            result.update(failed=True, msg=f"{summary_line(verdicts)}{new}; the table above says whose fault each is")
        else:
            result["verdicts"] = [item.as_dict() for item in verdicts if item.verdict != "ok"]
        return result

    @staticmethod
    def _baseline(path: str | None) -> Baseline | None:
        if not path:
            return None
        try:
            return parse_baseline(read_file(path, "The baseline"), path)
        except InputError as error:
            raise fail_with(error) from error

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
