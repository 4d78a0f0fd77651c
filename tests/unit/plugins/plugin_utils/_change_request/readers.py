# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the files of a change request as the firewall or the person would. Knows no product code."""

from __future__ import annotations

import csv
import functools
import io
import ipaddress
import re
import shlex

from collections.abc import Iterable
from typing import Any, NamedTuple

import openpyxl

ANYONE = {"any-ipv4": "0.0.0.0/0", "any-ipv6": "::/0"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
#: How an ASA calls ports.
ASA_PORTS = {"ssh": 22, "https": 443, "cmd": 514, "syslog": 514, "ntp": 123}


class Packet(NamedTuple):
    """A first packet of a session; the port is 0 for ICMP."""

    source: str
    destination: str
    protocol: str
    port: int


class Permit(NamedTuple):
    """What one rule lets through."""

    sources: list[str]
    destinations: list[str]
    protocol: str
    #: None for ICMP.
    ports: tuple[int, int] | None
    #: From and to zone; empty where a rule asks for none.
    zones: tuple[str, str]

    def lets(self, packet: Packet) -> bool:
        return (
            self.protocol == packet.protocol
            and (self.ports is None or self.ports[0] <= packet.port <= self.ports[1])
            and within(packet.source, self.sources)
            and within(packet.destination, self.destinations)
        )


def within(address: str, cidrs: Iterable[str]) -> bool:
    return any(_is_in(address, cidr) for cidr in cidrs)


@functools.cache
def _is_in(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def _ports(text: str) -> tuple[int, int]:
    first, _dash, last = text.partition("-")
    return int(first), int(last or first)


# Tables.


def read_csv(text: str) -> list[dict[str, str]]:
    assert text.replace("\r\n", "").count("\r") == 0
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def read_xlsx(content: bytes) -> list[dict[str, str]]:
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    (sheet,) = workbook.worksheets
    heads, *rows = sheet.iter_rows()
    cells = [cell for row in rows for cell in row if cell.value is not None]
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in cells)
    return [{str(head.value): cell.value or "" for head, cell in zip(heads, row, strict=True)} for row in rows]


def permits_of_rows(rows: Iterable[dict[str, str]], change: str = "add") -> list[Permit]:
    return [
        Permit(
            row["source_ip"].split(", "),
            row["destination_ip"].split(", "),
            row["protocol"],
            _ports(row["port"]) if row["port"] else None,
            (row["source_zone"], row["destination_zone"]),
        )
        for row in rows
        if row["change"] == change
    ]


# Junos SRX.


class Device:
    """A firewall that lines are entered into."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def enter(self, text: str) -> None:
        for line in text.splitlines():
            verb, _space, rest = line.partition(" ")
            if verb == "delete":
                gone = [one for one in self.lines if one == rest or one.startswith(f"{rest} ")]
                assert gone, f"nothing to delete: {line}"
                for one in gone:
                    del self.lines[one]
                continue
            assert verb == "set", line
            path, description, _text = rest.partition(" description ")
            if description:
                for one in [one for one in self.lines if one.startswith(f"{path} description ")]:
                    del self.lines[one]
            self.lines[rest] = None

    def permits(self) -> list[Permit]:
        addresses: dict[str, list[str]] = {name: [cidr] for name, cidr in ANYONE.items()}
        sets: dict[str, list[str]] = {}
        applications: dict[str, dict[str, str]] = {}
        policies: dict[tuple[str, str, str], dict[str, list[str]]] = {}
        for line in self.lines:
            words = shlex.split(line)
            if words[:4] == ["security", "address-book", "global", "address"]:
                name, cidr = words[4:]
                assert NAME.fullmatch(name) and name not in addresses
                assert str(ipaddress.ip_network(cidr)) == cidr
                addresses[name] = [cidr]
            elif words[:4] == ["security", "address-book", "global", "address-set"]:
                name, kind, member = words[4:]
                assert NAME.fullmatch(name) and kind == "address"
                sets.setdefault(name, []).append(member)
            elif words[:2] == ["applications", "application"]:
                name, what, value = words[2:]
                assert NAME.fullmatch(name)
                assert what not in applications.setdefault(name, {})
                applications[name][what] = value
            else:
                assert words[:2] == ["security", "policies"], line
                zones = ("", "")
                rest = words[3:]
                if words[2] != "global":
                    assert (words[2], words[4]) == ("from-zone", "to-zone")
                    zones, rest = (words[3], words[5]), words[6:]
                assert rest[0] == "policy" and NAME.fullmatch(rest[1]), line
                policy = policies.setdefault((*zones, rest[1]), {})
                policy.setdefault(" ".join(rest[2:-1]), []).append(rest[-1])
        assert not set(sets) & set(addresses)
        assert all(len(members) <= 1023 for members in sets.values())
        found = []
        used: set[str] = set()
        for (from_zone, to_zone, _name), policy in policies.items():
            assert set(policy) == {
                "description", "match source-address", "match destination-address", "match application", "then",
                "then log",
            }  # fmt: skip
            assert (policy["then"], policy["then log"]) == (["permit"], ["session-init"])
            assert len(policy["description"]) == 1 and len(policy["description"][0]) <= 300
            assert len(policy["match source-address"]) <= 1024
            sides = []
            for side in ("match source-address", "match destination-address"):
                names = [one for name in policy[side] for one in sets.get(name, [name])]
                used |= {*policy[side], *names}
                sides.append([cidr for name in names for cidr in addresses[name]])
            for name in policy["match application"]:
                application = applications[name]
                used.add(name)
                protocol = application["protocol"].replace("icmp6", "icmp")
                ports = _ports(application["destination-port"]) if "destination-port" in application else None
                assert (ports is None) == (protocol == "icmp")
                found.append(Permit(*sides, protocol, ports, (from_zone, to_zone)))
        assert {*sets, *applications, *addresses} - used - set(ANYONE) == set(), "nothing is left unused"
        return found


def read_junos(text: str) -> list[Permit]:
    device = Device()
    device.enter(text)
    return device.permits()


# What aerleon writes.


def read_paloalto(text: str) -> list[Permit]:
    services: dict[str, tuple[str, list[str]]] = {}
    rules: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        words = shlex.split(line)
        if words[:2] == ["set", "service"]:
            name, kind, protocol, what, ports = words[2:]
            assert (kind, what) == ("protocol", "port") and len(name) <= 63
            services[name] = protocol, ports.split(",")
        else:
            assert words[:4] == ["set", "rulebase", "security", "rules"], line
            name, what, value = words[4:]
            assert len(name) <= 63
            rules.setdefault(name, {}).setdefault(what, []).append(value)
    found = []
    for rule in rules.values():
        assert rule["action"] == ["allow"]
        zones = tuple("" if rule[side] == ["any"] else rule[side][0] for side in ("from", "to"))
        for name in rule["service"]:
            if name == "application-default":
                assert rule["application"] in (["icmp"], ["ipv6-icmp"])
                found.append(Permit(rule["source"], rule["destination"], "icmp", None, (zones[0], zones[1])))
                continue
            protocol, ports = services[name]
            assert rule["application"] == ["any"]
            for part in ports:
                found.append(Permit(rule["source"], rule["destination"], protocol, _ports(part), (zones[0], zones[1])))
    return found


def read_ciscoasa(text: str) -> list[Permit]:
    found = []
    for line in text.splitlines():
        words = line.split()
        assert words[:2] == ["access-list", "jsa_ports"], line
        if words[2] == "remark":
            assert len(line) <= 200
            continue
        assert words[2:4] == ["extended", "permit"], line
        protocol, rest = words[4], words[5:]
        sides = []
        for _side in ("source", "destination"):
            first, second, *rest = rest
            cidr = f"{second}/32" if first == "host" else str(ipaddress.ip_network(f"{first}/{second}"))
            sides.append([cidr])
        ports = None
        if rest:
            numbers = [ASA_PORTS.get(word) or int(word) for word in rest[1:]]
            assert rest[0] == {1: "eq", 2: "range"}[len(numbers)]
            ports = numbers[0], numbers[-1]
        found.append(Permit(*sides, protocol, ports, ("", "")))
    return found


_NFT = re.compile(
    r"ip6? saddr (?P<source>\{[^}]+\}|\S+) ip6? daddr (?P<destination>\{[^}]+\}|\S+) "
    r"(?:(?P<protocol>tcp|udp) dport (?P<ports>\S+)|ip protocol icmp|meta l4proto icmpv6) ct state new accept"
)


def read_nftables(text: str) -> list[Permit]:
    first, second, *lines, last_but_one, last = text.splitlines()
    assert (first, second.strip()) == ("table inet filter {", "chain jsa_ports {")
    assert (last_but_one.strip(), last) == ("}", "}")
    found = []
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        match = _NFT.fullmatch(line.strip())
        assert match, line
        sides = [match[side].strip("{} ").split(", ") for side in ("source", "destination")]
        ports = _ports(match["ports"]) if match["ports"] else None
        found.append(Permit(*sides, match["protocol"] or "icmp", ports, ("", "")))
    return found


def read_juniper(text: str) -> list[Permit]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    tree, rest = _block(re.findall(r"[{};]|[^\s{};]+", text))
    assert not rest
    found = []
    for family, filters in tree["firewall"].items():
        assert family in ("family inet", "family inet6")
        (term_name,) = filters
        assert term_name == "filter jsa_ports"
        for name, term in filters[term_name].items():
            assert name.startswith("term ") and set(term) == {"from", "then accept"}
            said = {word.partition(" ")[0]: word.partition(" ")[2] for word, inner in term["from"].items() if not inner}
            protocol = re.sub("icmp6|icmpv6", "icmp", said.get("protocol") or said["next-header"])
            sides = [list(term["from"][side]) for side in ("source-address", "destination-address")]
            ports = _ports(said["destination-port"]) if "destination-port" in said else None
            found.append(Permit(*sides, protocol, ports, ("", "")))
    return found


def _block(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Statements up to the end of a block, as a tree, and what comes behind it."""
    tree: dict[str, Any] = {}
    statement: list[str] = []
    while words:
        word, words = words[0], words[1:]
        if word == "}":
            return tree, words
        if word == "{":
            tree[" ".join(statement)], words = _block(words)
            statement = []
        elif word == ";":
            tree[" ".join(statement)] = {}
            statement = []
        else:
            statement.append(word)
    return tree, words


#: For the formats whose files are rules, each file on its own.
RULES = {
    "junos": read_junos,
    "paloalto": read_paloalto,
    "ciscoasa": read_ciscoasa,
    "nftables": read_nftables,
    "juniper": read_juniper,
}
