# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a preflight tests: all that the plan wants, with some ports standing for each range."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import is_meant_for_others, sample
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Listener, Plan


def tested_flows(plan: Plan, names: list[str]) -> list[ExpectedFlow]:
    """The flows between the hosts *names*. Raises InputError if the plan has no expected listeners."""
    return list(Expectations(_sampled(plan), names).wanted())


def ranges_of(plan: Plan, name: str) -> list[tuple[str, PortRange]]:
    """The ranges of a host of which ports are tested, with their protocols."""
    return [
        (one.protocol, one.ports)
        for one in plan.hosts[name].listeners or ()
        if one.ports[0] < one.ports[1] and _is_tested(one)
    ]


def _is_tested(one: Listener) -> bool:
    return is_meant_for_others({"bind": one.bind, "source_classes": list(one.source_classes)})


def _sampled(plan: Plan) -> Plan:
    hosts = {
        name: host
        if host.listeners is None
        else replace(host, listeners=tuple(port for one in host.listeners for port in _single_ports(one)))
        for name, host in plan.hosts.items()
    }
    return replace(plan, hosts=hosts)


def _single_ports(one: Listener) -> list[Listener]:
    first, last = one.ports
    if first == last or not _is_tested(one):
        return [one]
    return [replace(one, ports=(port, port)) for port in sample(first, last)]
