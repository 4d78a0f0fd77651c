# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.console_check: the console tests the flows of hosts that are not asked themselves."""

from __future__ import annotations

import math
import os
import time

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    SCOPE_OPTION,
    ControllerAction,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_options import CONSOLE_OPTIONS, client_from
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import hosts_in_play
from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import ForbiddenError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.progress import dump_progress, parse_progress
from ansible_collections.jsa.ports.plugins.plugin_utils._console.reading import HOSTS, SERVERS, read_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import (
    VALIDATOR,
    Call,
    ManagedHosts,
    Run,
    calls_of,
    not_tested,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


class ActionModule(ControllerAction):
    """Contacts the console only."""

    AS_IS = ("plan",)
    ARGUMENT_SPEC = {
        **CONSOLE_OPTIONS,
        "plan": PLAN_OPTION,
        "scope": SCOPE_OPTION,
        "initiators": {"type": "list", "elements": "str"},
        "whole_plan": {"type": "bool", "default": False},
        "rate": {"type": "float", "default": 5},
        "progress_file": {"type": "path"},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = Plan.from_dict(arguments["plan"])
        if not (math.isfinite(arguments["rate"]) and arguments["rate"] >= 0):
            raise AnsibleActionFail(f"rate is {arguments['rate']}: expected 0 or more calls per second")
        names = hosts_in_play(plan, task_vars)
        chosen = arguments["initiators"]
        initiators = [name for name in names if chosen is None or name in chosen]
        # Which node of an HA pair has the virtual address is the pair's own matter here.
        ends = list(plan.hosts) if arguments["whole_plan"] else names
        expectations = Expectations(plan, ends, Scope(**arguments["scope"]) if arguments["scope"] else None, {})
        flows = list(expectations.wanted(by=frozenset(initiators)))
        try:
            client = client_from(arguments)
            hosts = _managed_hosts(client)
            ids = {name: hosts.id_of(plan.hosts[name].addresses) for name in initiators}
            known = {name: number for name, number in ids.items() if number is not None}
            run = Run(client, arguments["rate"])
            calls = calls_of(flows, known)
            self._test(run, calls, arguments["progress_file"])
        except ConsoleError as error:
            raise AnsibleActionFail(str(error)) from error
        reasons = {name: hosts.reason_for(plan.hosts[name].addresses) for name in initiators if name not in known}
        left_out = not_tested(plan, flows, reasons)
        show("\n".join(["Not tested through the console:", *(f"  {line}" for line in left_out)]))
        return {
            "changed": False,
            "hosts": {
                name: _of_host(name, flows, known, reasons, run) if name in initiators else {"skipped": True}
                for name in names
            },
            "calls": len(calls),
            "not_tested": left_out,
            "_ansible_verbose_override": True,
            **({"warnings": client.remarks} if client.remarks else {}),
        }

    def _test(self, run: Run, calls: list[Call], path: str | None) -> None:
        """Raises ConsoleError. With *path*, an interrupted run goes on where it ended."""
        url = run.client.access.url
        started = time.time()
        if path and os.path.exists(os.path.expanduser(path)):
            found = parse_progress(read_file(path, "The progress of an earlier run"), url, started)
            if found is not None:
                started, run.tested = found.started, found.tested

        def save() -> None:
            if path and run.tested and not self._task.check_mode:
                write_file(path, dump_progress(url, started, run.tested), "The progress of the run")

        left = run.left(calls)
        show(_announcement(run, calls, left))
        try:
            run.test(calls, save)
        except ConsoleError as error:
            save()
            remaining = len(run.left(calls))
            how = f"stored in {path}" if path else "lost, because progress_file is not set"
            raise ConsoleError(
                f"{error}. {len(calls) - remaining} of {len(calls)} calls are complete and {how}: run again to continue"
            ) from error
        if path and os.path.exists(os.path.expanduser(path)) and not self._task.check_mode:
            os.unlink(os.path.expanduser(path))


def _managed_hosts(client: Client) -> ManagedHosts:
    try:
        return ManagedHosts.of(*read_hosts(client, client.remarks))
    except ForbiddenError as error:
        wanted = [("GET", HOSTS), ("GET", SERVERS), ("POST", VALIDATOR)]
        raise client.named_rights(error, wanted) from error


def _announcement(run: Run, calls: list[Call], left: list[Call]) -> str:
    seconds = math.ceil(len(left) / run.rate) if run.rate else 0
    continued = f" ({len(calls) - len(left):,} of them complete from an earlier run)" if len(left) < len(calls) else ""
    return (
        f"The console tests {sum(len(call.hosts) for call in calls):,} connections in {len(calls):,} calls{continued}: "
        f"at least {seconds:,} seconds. No host is contacted by SSH for this."
    )


def _of_host(
    name: str, flows: Iterable[ExpectedFlow], ids: Mapping[str, int], reasons: Mapping[str, str], run: Run
) -> dict[str, Any]:
    """What the console said of the connections from one host, as jsa.ports.port_verdicts takes it."""
    if name in reasons:
        return {"changed": False, "answers": [], "reason": reasons[name]}
    answers: dict[tuple[str, int], dict[str, Any]] = {}
    failures: dict[tuple[str, int], dict[str, Any]] = {}
    for flow in flows:
        if flow.initiator != name or flow.port is None or flow.protocol != "tcp":
            continue
        key = flow.address, flow.port
        result = run.tested.get(key, {}).get(ids[name])
        if result is not None:
            answers[key] = {"address": flow.address, "port": flow.port, "result": result}
        elif key in run.failed:
            failures[key] = {"address": flow.address, "port": flow.port, "reason": run.failed[key]}
    return {"changed": False, "answers": list(answers.values()), "failures": list(failures.values())}
