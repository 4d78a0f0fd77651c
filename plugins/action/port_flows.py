# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_flows: selects flows, and what each host is asked for."""

from __future__ import annotations

import math

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import PLAN_OPTION, ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import CHECK, PREFLIGHT, hosts_in_play
from ansible_collections.jsa.ports.plugins.plugin_utils._check.asking import Questions, first_questions, left_questions
from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import parse_baseline
from ansible_collections.jsa.ports.plugins.plugin_utils._check.pacing import expected_seconds, rates, shuffled
from ansible_collections.jsa.ports.plugins.plugin_utils._check.suspects import as_flow
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import write_request
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows


class ActionModule(ControllerAction):
    """Selects flows and groups them by host. Rejects arguments that a later step could not use. Connects to no host."""

    AS_IS = ("plan", "observations")
    OPTIONS_OF = "jsa_port_check"
    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "purpose": {"type": "str", "choices": ["check", "preflight"], "default": "check"},
        "scope": {"type": "str", "choices": list(SCOPES)},
        "sample": {"type": "int", "default": 20},
        "seed": {"type": "int", "default": 0},
        "rate": {"type": "float", "default": 200},
        "token": {"type": "str", "no_log": False},
        "baseline": {"type": "path"},
        "fail_on_new": {"type": "bool", "default": False},
        "console_hosts": {"type": "list", "elements": "str", "default": []},
        "whole_plan": {"type": "bool", "default": False},
        "observations": {"type": "dict"},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = Plan.from_dict(arguments["plan"])
        if arguments["purpose"] == "preflight":
            return self._preflight(plan, arguments, task_vars)
        if not (math.isfinite(arguments["rate"]) and arguments["rate"] >= 0):
            raise AnsibleActionFail(f"jsa_port_check_rate is {arguments['rate']}: expected 0 or more")
        given = arguments["observations"]
        observations = None if given is None else CHECK.read(given, plan, task_vars)
        own = hosts_in_play(plan, task_vars) if observations is None else list(observations)
        names = list(plan.hosts) if arguments["whole_plan"] else own
        scope = Scope.chosen(arguments["scope"], arguments["sample"], arguments["seed"], len(names))
        virtual = VirtualAddresses(plan, observations or {})
        expectations = Expectations(plan, names, scope, virtual.holders())
        # At most this many hosts probe at the same time.
        at_once = max(1, int(task_vars.get("ansible_forks") or len(own) or 1))
        if observations is None:
            chosen = _chosen(expectations, own, arguments)
            questions = first_questions(plan, own, expectations, arguments["console_hosts"])
            limits = rates(questions.probes, arguments["rate"], at_once)
            if questions.probes:
                show(_announcement(questions.probes, limits, at_once))
            return {**chosen, **_asked(questions, limits, arguments["seed"], plan)}
        questions = left_questions(plan, expectations, observations, virtual)
        again = questions.hosts
        if again:
            show(f"{len(again):,} of {len(own):,} hosts are asked again, because of what the others observed.")
        return _asked(questions, rates(questions.probes, arguments["rate"], at_once), arguments["seed"])

    def _preflight(self, plan: Plan, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        if not arguments["token"]:
            raise AnsibleActionFail("token is missing: purpose=preflight requires it")
        observations = PREFLIGHT.read(arguments["observations"] or {}, plan, task_vars)
        probes: dict[str, list[dict[str, Any]]] = {name: [] for name in observations}
        for flow in tested_flows(plan, list(observations)):
            stands = observations[flow.listener].stands(flow)
            expect = f"{arguments['token']} {flow.listener}" if stands else None
            probes[flow.initiator].append(Probe.of(flow, expect=expect).as_dict())
        return {"changed": False, "probes": probes, "_ansible_verbose_override": True}


def _chosen(expectations: Expectations, own: Collection[str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The selected flows. Raises InputError or AnsibleActionFail if a later step could not use the arguments.

    *own*: the hosts that send them, those of the play.
    """
    if arguments["baseline"]:
        parse_baseline(read_file(arguments["baseline"], "The baseline"), arguments["baseline"])
    if arguments["fail_on_new"] and not arguments["baseline"]:
        raise AnsibleActionFail("jsa_port_check_fail_on_new is set, but jsa_port_check_baseline is not")
    by = frozenset(own)
    flows, total = sum(1 for _flow in expectations.wanted(by)), expectations.total(by)
    show(expectations.scope.line(flows, total, len(expectations.names)))
    return {"changed": False, "scope": expectations.scope.as_dict(), "flows": flows, "left_out": total - flows}


def _asked(questions: Questions, rates_of: Mapping[str, float], seed: int, plan: Plan | None = None) -> dict[str, Any]:
    """The requests to the hosts that are asked for anything. *plan*: of hosts that were not observed yet."""
    requests = {}
    for name in questions.hosts if plan is None else questions.probes:
        options: dict[str, Any] = {} if plan is None else _of_plan(plan, name)
        probes = shuffled(questions.probes[name], f"{seed} {name}")
        options.update(probes=[probe.as_dict() for probe in probes], rate=rates_of[name])
        options["flows" if plan is None else "foreseen"] = [as_flow(key) for key in questions.looks[name]]
        requests[name] = write_request(options)
    return {"changed": False, "requests": requests, "_ansible_verbose_override": True}


def _of_plan(plan: Plan, name: str) -> dict[str, Any]:
    """What a host is compared with. The listeners are of no use to its firewall."""
    rules = plan.hosts[name].as_dict()
    expected = rules.pop("listeners", None)
    return {"rules": rules} if expected is None else {"expected": expected, "rules": rules}


def _announcement(probes: Mapping[str, Sequence[Probe]], rates_of: Mapping[str, float], at_once: int) -> str:
    """The message before a task that may print nothing for minutes."""
    hosts = sum(1 for own in probes.values() if own)
    seconds = math.ceil(expected_seconds(probes, rates_of, at_once))
    return (
        f"{sum(map(len, probes.values())):,} probes from {hosts:,} hosts, up to {min(at_once, max(1, hosts))} of them "
        f"at a time: at least {seconds:,} seconds. Add the timeout for ports that do not answer, and the overhead of "
        "Ansible for each host."
    )
