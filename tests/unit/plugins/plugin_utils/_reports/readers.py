# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a report as the one who enters it would: what each format's text does with a packet. Knows no product code."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex

from collections.abc import Callable
from typing import Any, NamedTuple

#: "accept", "refuse", or "undecided" where the text leaves a packet to what else is on the host.
Verdict = str


class Packet(NamedTuple):
    """A first packet of a session. *peer* is the other side's address."""

    #: "in" or "out".
    direction: str
    #: tcp, udp or icmp; for ICMPv6 too.
    protocol: str
    port: int
    peer: str


class Line(NamedTuple):
    """One rule of a text: None stands for "whatever"."""

    direction: str
    verdict: Verdict
    protocol: str | None
    ports: list[tuple[int, int]] | None
    #: CIDRs of the other side.
    peers: list[str] | None
    version: int | None

    def matches(self, packet: Packet) -> bool:
        address = ipaddress.ip_address(packet.peer)
        return (
            self.direction == packet.direction
            and self.version in (None, address.version)
            and self.protocol in (None, packet.protocol)
            and (self.ports is None or any(first <= packet.port <= last for first, last in self.ports))
            and (self.peers is None or any(address in ipaddress.ip_network(peer) for peer in self.peers))
        )


def judge(lines: list[Line], packet: Packet) -> Verdict:
    """Of the first line that matches."""
    return next((line.verdict for line in lines if line.matches(packet)), "undecided")


_ICMP = ("icmp", "icmpv6", "ipv6-icmp")


def _protocol(text: str) -> str:
    return "icmp" if text in _ICMP else text


def _ports(text: str, dash: str) -> list[tuple[int, int]]:
    pairs = [part.partition(dash) for part in text.split(",")]
    return [(int(first), int(last or first)) for first, _dash, last in pairs]


def read_iptables(text: str) -> list[Line]:
    lines: list[Line] = []
    version = 0
    for line in text.splitlines():
        if line.startswith("#"):
            version = 6 if "/ip6tables." in line else 4
            continue
        words = shlex.split(line)
        assert words[:2] == ["-A", "INPUT"], line
        options = dict(zip(words[2::2], words[3::2], strict=False))
        if options.get("-i") == "lo" or "--ctstate" in options:
            continue
        ports = options.get("--dport") or options.get("--dports")
        verdict = "accept" if options["-j"] == "ACCEPT" else "refuse"
        source = [options["-s"]] if "-s" in options else None
        protocol = _protocol(options["-p"]) if "-p" in options else None
        lines.append(Line("in", verdict, protocol, _ports(ports, ":") if ports else None, source, version))
    return lines


_DIRECTIONS = {("ANY", "HOST"): "in", ("HOST", "ANY"): "out"}
_TARGETS = {"CONTINUE": None, "REJECT": "refuse", "DROP": "refuse"}


def read_firewall_cmd(text: str) -> list[Line]:
    sets: dict[str, list[str]] = {}
    policies: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        command, *words = shlex.split(line)
        assert command == "firewall-cmd"
        options = dict(word.removeprefix("--").partition("=")[::2] for word in words)
        if "new-ipset" in options:
            sets[options["new-ipset"]] = []
        elif "ipset" in options:
            sets[options["ipset"]].append(options["add-entry"])
        elif "new-policy" in options:
            policies[options["new-policy"]] = {"rules": []}
        elif "policy" in options:
            policy = policies[options["policy"]]
            if "add-rich-rule" in options:
                policy["rules"].append(options["add-rich-rule"])
            else:
                policy.update(options)
    lines: list[Line] = []
    for policy in policies.values():
        direction = _DIRECTIONS[policy["add-ingress-zone"], policy["add-egress-zone"]]
        rules = [_rich_rule(rule, direction, sets) for rule in policy["rules"]]
        # firewalld evaluates by priority.
        lines += [line for _priority, line in sorted(rules, key=lambda item: item[0])]
        target = _TARGETS[policy["set-target"]]
        if target:
            lines.append(Line(direction, target, None, None, None, None))
    return lines


def _rich_rule(rule: str, direction: str, sets: dict[str, list[str]]) -> tuple[int, Line]:
    def value(pattern: str) -> str | None:
        match = re.search(pattern, rule)
        return match[1] if match else None

    end = "source" if direction == "in" else "destination"
    other = "destination" if direction == "in" else "source"
    assert f"{other} " not in rule
    named, address = value(rf'{end} ipset="([^"]+)"'), value(rf'{end} address="([^"]+)"')
    peers = sets[named] if named else [address] if address else None
    port = value(r'port port="([^"]+)"')
    protocol = value(r'protocol="([^"]+)"') or value(r'protocol value="([^"]+)"')
    assert protocol
    family = value(r'family="([^"]+)"')
    version = {"ipv4": 4, "ipv6": 6, None: None}[family]
    verdict = "accept" if rule.endswith(" accept") else "refuse"
    ports = _ports(port, "-") if port else None
    return int(value(r'priority="([^"]+)"') or 0), Line(direction, verdict, _protocol(protocol), ports, peers, version)


def read_console_rest(text: str) -> list[Line]:
    lines = []
    for record in json.loads(text):
        assert list(record) == ["is_any_source_ip", "source_ip", "port_type", "single_port", "port_range", "protocol"]
        source = record["source_ip"]
        if source is not None:
            ipaddress.IPv4Address(source)
        assert record["is_any_source_ip"] == (source is None)
        single = record["port_type"] == "SINGLE"
        text, unused = (record["single_port"], record["port_range"])[:: 1 if single else -1]
        assert unused is None
        peers = None if source is None else [source]
        lines.append(Line("in", "accept", record["protocol"].lower(), _ports(text, "-"), peers, 4))
    return lines


#: By the format's name: every registered one has a reader.
READERS: dict[str, Callable[[str], list[Line]]] = {
    "iptables": read_iptables,
    "firewall_cmd": read_firewall_cmd,
    "console_rest": read_console_rest,
}

_NOTE = re.compile(r"^left out because [^:]+: (accept|contact) (\w+)(?: (\S+))? (?:from|on) (.+)$")
_REFUSAL = re.compile(r"^left out because [^:]+: refuse (tcp|udp) ([0-9, -]+)$")


def noted_rules(notes: tuple[str, ...]) -> set[tuple[str, str, str | None, str]]:
    """(accept or contact, protocol, ports, CIDR) of all that the notes say is left out."""
    found = set()
    for note in notes:
        match = _NOTE.match(note)
        if match:
            found |= {(match[1], match[2], match[3], cidr) for cidr in match[4].split(", ")}
    return found


def noted_refusals(notes: tuple[str, ...]) -> set[tuple[str, str]]:
    """(protocol, ports) of all refusals that the notes say are left out."""
    matches = [match for match in map(_REFUSAL.match, notes) if match]
    return {(match[1], ports) for match in matches for ports in match[2].split(", ")}
