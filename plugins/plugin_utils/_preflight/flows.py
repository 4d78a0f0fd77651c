# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a preflight tests: all that the plan wants, with some ports standing for each range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import is_meant_for_others, sample
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations, ExpectedFlow


def tested_flows(plan: Mapping[str, Any], names: list[str]) -> list[ExpectedFlow]:
    """Raises InputError where the plan does not say what to expect."""
    return list(Expectations(_sampled(plan), names).wanted())


def ranges_of(plan: Mapping[str, Any], name: str) -> list[tuple[str, PortRange]]:
    """The ranges of a host of which ports are tested."""
    return [
        (item["protocol"], ports)
        for item in plan["hosts"][name].get("listeners", ())
        if (ports := parse_ports(item["ports"]))[0] < ports[1] and is_meant_for_others(item)
    ]


def _sampled(plan: Mapping[str, Any]) -> dict[str, Any]:
    hosts = {}
    for name, host in plan["hosts"].items():
        hosts[name] = dict(host)
        if "listeners" in host:
            hosts[name]["listeners"] = [one for item in host["listeners"] for one in _single_ports(item)]
    return {**plan, "hosts": hosts}


def _single_ports(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    first, last = parse_ports(item["ports"])
    if first == last or not is_meant_for_others(dict(item)):
        return [dict(item)]
    return [{**item, "ports": str(port)} for port in sample(first, last)]
