# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets in is who one of the rows names, however many rows there are for a port: judged packet by packet."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

NETWORKS = ["10.98.0.12/32", "10.98.0.13/32", "192.168.0.0/24", "10.98.0.0/16", "0.0.0.0/0", "::/0", "fd00::/64"]
ADDRESSES = ["10.98.0.12", "10.98.0.13", "10.98.7.1", "192.168.0.9", "172.16.0.1", "fd00::1", "2001:db8::1"]
PORTS = [("22", (22, 22)), ("22-30", (22, 30)), ("8443", (8443, 8443))]


def contains(cidrs: Any, address: str) -> bool:
    one = ipaddress.ip_address(address)
    return any(network.version == one.version and one in network for network in map(ipaddress.ip_network, cidrs))


def accepted(ruleset: Ruleset, policy: str, protocol: str, port: int, address: str) -> bool:
    """What the policy makes of a packet, rule by rule."""
    family = "ipv6" if ":" in address else "ipv4"
    for rule in ruleset.policies[policy].rules:
        if rule.action != ACCEPT or rule.protocol != protocol or rule.family not in (None, family):
            continue
        if rule.ports is None or not rule.ports[0] <= port <= rule.ports[1]:
            continue
        peer = rule.source or rule.destination
        if peer is None or contains(ruleset.sets[peer[1:]].entries if peer[0] == "@" else [peer], address):
            return True
    return False


def wanted(rows: list[dict[str, Any]], peers: str, protocol: str, port: int, address: str) -> bool:
    ranges = {row["ports"]: tuple(int(part) for part in row["ports"].split("-")) for row in rows}
    return any(
        row["protocol"] == protocol
        and ranges[row["ports"]][0] <= port <= ranges[row["ports"]][-1]
        and contains(row[peers], address)
        for row in rows
    )


def test_two_rows_for_one_port_accept_the_peers_of_both() -> None:
    rows = [
        {"protocol": "tcp", "ports": "8443", "sources": ["10.98.0.12/32"]},
        {"protocol": "tcp", "ports": "8443", "sources": ["192.168.0.0/24"]},
    ]
    ruleset = make_ruleset(rows)
    assert [one.entries for one in ruleset.sets.values() if "tcp_8443" in one.name] == [
        ("10.98.0.12/32", "192.168.0.0/24")
    ]
    assert accepted(ruleset, "jsa-in", "tcp", 8443, "10.98.0.12")
    assert accepted(ruleset, "jsa-in", "tcp", 8443, "192.168.0.9")
    assert not accepted(ruleset, "jsa-in", "tcp", 8443, "10.98.0.13")


def test_what_may_leave_lets_nobody_in() -> None:
    """Both rows have the same port, reason and class, and would share a name."""
    same = {"protocol": "tcp", "ports": "8443", "why": ["x"]}
    inbound = [{**same, "sources": ["10.98.0.12/32"], "source_classes": ["a"]}]
    outbound = [{**same, "destinations": ["192.168.0.0/24"], "destination_classes": ["a"]}]
    ruleset = make_ruleset(inbound, outbound=outbound)
    assert not accepted(ruleset, "jsa-in", "tcp", 8443, "192.168.0.9")
    assert not accepted(ruleset, "jsa-out", "tcp", 8443, "10.98.0.12")
    assert accepted(ruleset, "jsa-out", "tcp", 8443, "192.168.0.9")


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "protocol": st.sampled_from(["tcp", "udp"]),
            "ports": st.sampled_from([text for text, _ports in PORTS]),
            "sources": st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3, unique=True),
        },
        optional={
            "why": st.lists(st.sampled_from(["x", "y"]), min_size=1, max_size=2, unique=True),
            "source_classes": st.lists(st.sampled_from(["a", "b c"]), min_size=1, max_size=2, unique=True),
        },
    ),
    max_size=6,
)


@pytest.mark.parametrize("outward", [False, True], ids=["inbound", "outbound"])
@given(ROWS)
def test_every_packet_that_a_row_names_and_no_other(outward: bool, rows: list[dict[str, Any]]) -> None:
    peers = "destinations" if outward else "sources"
    if outward:
        names = {"sources": "destinations", "source_classes": "destination_classes"}
        rows = [{names.get(key, key): value for key, value in row.items()} for row in rows]
    ruleset = make_ruleset([], outbound=rows) if outward else make_ruleset(rows)
    for protocol in ("tcp", "udp"):
        for port in (22, 25, 31, 8443):
            for address in ADDRESSES:
                assert accepted(ruleset, "jsa-out" if outward else "jsa-in", protocol, port, address) == wanted(
                    rows, peers, protocol, port, address
                ), (protocol, port, address)
