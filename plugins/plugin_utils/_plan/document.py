# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a file: written the same to the byte, read back with every damage named."""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import parse_time
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS, ROLES

#: The version of the form below; a file of another version is not read.
PLAN_VERSION = 1

_RULE_LISTS = ("inbound", "outbound", "refused", "internal", "dynamic", "listeners")


def dump_plan(plan: Mapping[str, Any]) -> str:
    """The plan as JSON text: a line per rule, so that two plans can be compared line by line."""
    lines = ["{"]
    top = [key for key in plan if key not in ("hosts", "source_classes")]
    lines += [f" {_compact(key)}: {_compact(plan[key])}," for key in top]
    if "source_classes" in plan:
        lines.append(' "source_classes": {')
        lines += _joined([f"  {_compact(key)}: {_compact(value)}" for key, value in plan["source_classes"].items()])
        lines.append(" },")
    lines.append(' "hosts": {')
    lines += _joined([_host_text(name, host) for name, host in plan["hosts"].items()])
    lines += [" }", "}", ""]
    return "\n".join(lines)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _joined(items: list[str]) -> list[str]:
    return [item + "," for item in items[:-1]] + items[-1:]


def _host_text(name: str, host: Mapping[str, Any]) -> str:
    parts = []
    for key, value in host.items():
        if key in _RULE_LISTS and value:
            rules = "\n".join(_joined([f"    {_compact(rule)}" for rule in value]))
            parts.append(f"   {_compact(key)}: [\n{rules}\n   ]")
        else:
            parts.append(f"   {_compact(key)}: {_compact(value)}")
    return f"  {_compact(name)}: {{\n" + ",\n".join(parts) + "\n  }"


def parse_plan(text: str, place: str) -> dict[str, Any]:
    """The plan in *text*. Raises InputError where it is damaged or of another version; *place* names the file."""
    subject = f"The saved plan {place} cannot be used; nothing was changed"
    try:
        plan = json.loads(text)
    except ValueError as error:
        raise InputError(subject, [f"it is no JSON: {error}"]) from None
    if not isinstance(plan, dict) or not isinstance(plan.get("hosts"), dict):
        raise InputError(
            subject, ["it is no plan: hosts is missing; write one with jsa.ports.plan -e jsa_plan_dest=FILE"]
        )
    if plan.get("version") != PLAN_VERSION or isinstance(plan.get("version"), bool):
        raise InputError(
            subject,
            [f"its version is {plan.get('version')!r}, this collection reads version {PLAN_VERSION}: write it anew"],
        )
    problems: list[str] = []
    for name, host in plan["hosts"].items():
        if isinstance(host, dict):
            _check_host(name, host, problems)
        else:
            problems.append(f"{name}: expected a mapping")
    if not plan["hosts"]:
        problems.append("hosts is empty")
    if problems:
        raise InputError(subject, problems)
    return plan


def _check_host(name: str, host: dict[str, Any], problems: list[str]) -> None:
    for key in ("roles", "addresses", "inbound", "refused", "dynamic"):
        if not isinstance(host.get(key), list):
            problems.append(f"{name}: {key} is missing or no list")
            return
    problems += [f"{name}: roles: unknown role {role!r}" for role in host["roles"] if role not in ROLES]
    for address in host["addresses"]:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            problems.append(f"{name}: addresses: {address!r} is no IP address")
    for key, peers in (("inbound", "sources"), ("outbound", "destinations"), ("refused", None), ("internal", None)):
        rules = host.get(key, [])
        if not isinstance(rules, list):
            problems.append(f"{name}: {key} is no list")
            continue
        for number, rule in enumerate(rules, start=1):
            problems += [f"{name}: {key} rule {number}: {wrong}" for wrong in _rule_problems(rule, peers)]
    for item in host["dynamic"]:
        if isinstance(item, dict) and "discovered" in item:
            problems += [f"{name}: dynamic {item.get('id')}: {wrong}" for wrong in _discovered_problems(item)]


def _discovered_problems(item: dict[str, Any]) -> list[str]:
    problems = []
    try:
        parse_time(item.get("discovered_at"))
    except ValueError as error:
        problems.append(f"discovered_at: {error}")
    found = item["discovered"]
    if not isinstance(found, list):
        return [*problems, "discovered: expected a list"]
    for service in found:
        if not isinstance(service, dict) or service.get("protocol") not in ("tcp", "udp"):
            problems.append("discovered: expected mappings with service, protocol and port")
            continue
        try:
            parse_ports(service.get("port"))
        except ValueError as error:
            problems.append(f"discovered: {error}")
    return problems


def _rule_problems(rule: Any, peers: str | None) -> list[str]:
    """*peers*: the key of the rule's CIDRs, if it has any."""
    if not isinstance(rule, dict):
        return ["expected a mapping"]
    problems = []
    protocol = rule.get("protocol")
    if protocol not in PROTOCOLS or (protocol == "icmp" and peers is None):
        problems.append(f"protocol: {protocol!r} is not possible here")
    if protocol == "icmp":
        if "ports" in rule:
            problems.append("ports: ICMP has none")
    else:
        try:
            parse_ports(rule.get("ports"))
        except ValueError as error:
            problems.append(f"ports: {error}")
    why = rule.get("why")
    if not isinstance(why, list) or not why or not all(isinstance(item, str) for item in why):
        problems.append("why: expected a list of catalog ids")
    if peers is not None:
        cidrs = rule.get(peers)
        if not isinstance(cidrs, list) or not cidrs:
            problems.append(f"{peers}: expected a list of CIDRs; a rule without {peers} would accept nobody")
        else:
            for cidr in cidrs:
                try:
                    ipaddress.ip_network(cidr)
                except (ValueError, TypeError):
                    problems.append(f"{peers}: {cidr!r} is no CIDR")
    return problems


def rule_text(rule: Mapping[str, Any], verb: str) -> str:
    """A rule in one line, the same everywhere people read one."""
    ports = f" {rule['ports']}" if "ports" in rule else ""
    peers = f" from {', '.join(rule['sources'])}" if "sources" in rule else ""
    peers += f" to {', '.join(rule['destinations'])}" if "destinations" in rule else ""
    return f"{verb} {rule['protocol']}{ports}{peers}  # {', '.join(rule['why'])}"


def plan_differences(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What the inventory says today that the saved plan does not, and the other way round, in lines."""
    lines = []
    for name in sorted({*saved["hosts"], *current["hosts"]}):
        before, after = saved["hosts"].get(name), current["hosts"].get(name)
        if before is None:
            lines.append(f"+ {name}: in the inventory, not in the saved plan")
        elif after is None:
            lines.append(f"- {name}: in the saved plan, not in the inventory")
        else:
            old, new = _host_lines(before), _host_lines(after)
            lines += [f"- {name}: {line}" for line in old if line not in set(new)]
            lines += [f"+ {name}: {line}" for line in new if line not in set(old)]
    return lines


def stale_discoveries(saved: Mapping[str, Any], max_age: int, now: float) -> list[str]:
    """Hosts of a saved plan whose dynamic ports may be others by now."""
    lines = []
    for name, host in saved["hosts"].items():
        for item in host["dynamic"]:
            if "discovered" in item and now - parse_time(item["discovered_at"]) > max_age:
                lines.append(f"{name} ({item['id']}, found {item['discovered_at']})")
    return lines


def _host_lines(host: Mapping[str, Any]) -> list[str]:
    lines = [rule_text(rule, "accept") for rule in (*host["inbound"], *host.get("outbound", []))]
    if "outbound" in host:
        lines.append("refuse whatever else leaves the host")
    return lines + [rule_text(rule, "refuse") for rule in host["refused"]]
