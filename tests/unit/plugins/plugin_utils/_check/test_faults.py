# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what is one fault and what is not, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import _ADVICE, faults, named, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import fault_table


def host(*addresses: str) -> HostPlan:
    return HostPlan(roles=(), addresses=addresses, inbound=(), refused=(), dynamic=())


HOSTS = {
    "con1": host("10.1.0.1"),
    "con2": host("10.1.0.2"),
    "ep1": host("10.2.0.1", "fd00:2::1"),
    "ep1.x": host("10.2.0.2"),
    "dn1": host("10.3.0.1"),
}


def verdict(name: str, initiator: str, listener: str, port: int | None, reason: str, protocol: str = "tcp") -> Verdict:
    address = HOSTS[listener].addresses[0]
    return Verdict(
        ExpectedFlow(initiator, listener, address, protocol, port, ("id",), f"service {(port or 0) % 5}", True),
        name,
        reason,
    )


def blocked(initiator: str, listener: str, port: int) -> Verdict:
    reason = f"{listener} listens and accepts it, the probe got no answer: something on the way blocks it"
    return verdict("network", initiator, listener, port, reason)


def test_forty_ports_between_two_networks_are_one_fault() -> None:
    items = [
        blocked(one, two, port) for one in ("con1", "con2") for two in ("ep1", "ep1.x") for port in range(1000, 1040)
    ]
    (found,) = faults(items, HOSTS)
    assert found.lines() == [
        "network  10.1.0.0/24 (con1, con2) -> 10.2.0.0/24 (ep1, ep1.x)  tcp 1000-1039 "
        "(service 0, service 1 and 3 more)  [160 flows]",
        "    the listener listens and accepts it, the probe got no answer: something on the way blocks it",
    ]


def test_other_networks_and_the_way_back_are_other_faults() -> None:
    items = [blocked("con1", "ep1", 1), blocked("ep1", "con1", 1), blocked("con1", "dn1", 1)]
    assert len(faults(items, HOSTS)) == 3


def test_within_a_network_each_pair_is_a_fault() -> None:
    items = [blocked("con1", "con2", 1), blocked("con2", "con1", 1), blocked("con2", "con1", 2)]
    first, second = faults(items, HOSTS)
    assert (first.networks, first.place, first.port_text) == (None, "con2 -> con1", "tcp 1-2")
    assert first.reason.startswith("con1 listens") and second.place == "con1 -> con2"


def test_only_ports_that_fail_are_named() -> None:
    items = [blocked("con1", "ep1", port) for port in (5, 1, 2, 3, 7)]
    items.append(verdict("network", "con1", "ep1", 9, items[0].reason, "udp"))
    (found,) = faults(items, HOSTS)
    assert found.port_text == "tcp 1-3, 5, 7; udp 9"


def test_a_reason_that_names_its_port_is_the_same_for_all_ports() -> None:
    items = [
        verdict("network", "con1", "ep1", port, f"ep1 listens on tcp {port} and accepts it from con1, tcp 45 aside")
        for port in (4, 45, 5)
    ]
    one, other = faults(items, HOSTS)
    assert (one.port_text, one.reason) == (
        "tcp 4-5",
        "ep1 listens on these ports and accepts it from con1, tcp 45 aside",
    )
    assert other.port_text == "tcp 45"


def test_networks_are_those_that_hosts_told() -> None:
    (found,) = faults([blocked("con1", "ep1", 1)], HOSTS, {"10.1.0.1": 16, "10.3.0.1": 8})
    assert found.networks == ("10.1.0.0/16", "10.2.0.0/24")
    (found,) = faults([blocked("con1", "con2", 1)], HOSTS, {"10.1.0.1": 32, "10.1.0.2": 32})
    assert found.networks == ("10.1.0.1/32", "10.1.0.2/32")


def test_what_jsa_says_meanwhile() -> None:
    items = [replace(blocked("con1", "ep1", port), symptoms=(f"s{port % 2}", "t")) for port in (1, 2, 3)]
    (found,) = faults(items, HOSTS)
    assert found.lines()[-1] == "    JSA may report: s1; t; s0"


def test_a_fault_of_both_ends_is_at_the_listener() -> None:
    items = [verdict("host_firewall", "con1", one, 1, f"{one} refuses con1") for one in ("ep1", "dn1")]
    assert [found.at for found in faults(items, HOSTS)] == [("dn1",), ("ep1",)]


def test_hosts_that_fail_with_each_other_stand_on_both_sides() -> None:
    items = [verdict("unverifiable", one, two, 1, "UDP got no answer") for one, two in (("ep1", "dn1"), ("dn1", "ep1"))]
    assert [found.place for found in faults(items, HOSTS)] == ["dn1, ep1 -> dn1, ep1"]


@pytest.mark.parametrize(("names", "text"), [("abc", "a, b, c"), ("abcd", "a, b and 2 more")])
def test_names_of_many(names: str, text: str) -> None:
    assert named(tuple(names)) == text


def test_tunnels_are_at_one_host() -> None:
    flow = ExpectedFlow("ep1", "ep1", "127.0.0.1", "tcp", None, ("ssh_tunnel_local",), "Ends of SSH tunnels", True)
    (found,) = faults([Verdict(flow, "service_down", "ep1 is encrypted, its tunnels are down")], HOSTS)
    assert found.lines()[0] == "service_down  ep1  tcp (Ends of SSH tunnels)"
    assert "No service listens (1 flow): ep1." in list(plain_words([found], 0))[1]


def test_other_reasons_are_other_faults() -> None:
    items = [
        verdict("host_firewall", "con1", "ep1", 1, "ep1's own firewall rejects it"),
        verdict("host_firewall", "con2", "ep1", 2, "ep1's own firewall rejects it"),
        verdict("host_firewall", "con2", "ep1", 3, "the connection was refused, and ep1's firewall is not as planned"),
        verdict("host_firewall", "con1", "ep1", 4, "con1's own firewall rejects the packets that it sends"),
        verdict("host_firewall", "con1", "dn1", 4, "con1's own firewall rejects the packets that it sends"),
    ]
    assert {(one.place, one.port_text) for one in faults(items, HOSTS)} == {
        ("con1, con2 -> ep1", "tcp 1-2"),
        ("con2 -> ep1", "tcp 3"),
        ("con1 -> dn1, ep1", "tcp 4"),
    }


def test_a_name_within_a_name_is_not_taken_for_it() -> None:
    item = verdict("network", "con1", "ep1", 1, "ep1.x, ep1-a and 10.2.0.10 are others, ep1. (10.2.0.1) is not")
    other = verdict("network", "con1", "ep1.x", 1, "ep1.x, ep1-a and 10.2.0.10 are others, ep1. (10.2.0.1) is not")
    assert len(faults([item, other], HOSTS)) == 2


def test_worst_first_and_ok_not_at_all() -> None:
    items = [
        verdict("ok", "con1", "ep1", 22, ""),
        verdict("unverifiable", "con1", "ep1", 514, "UDP got no answer", "udp"),
        verdict("unverifiable", "con1", "dn1", 123, "UDP got no answer", "udp"),
        blocked("con1", "ep1", 9),
        verdict("service_down", "con1", "ep1", 9, "no service listens on this port on ep1"),
        verdict("network", "con1", "ep1", None, "10.2.0.1 cannot be reached: no route", "icmp"),
    ]
    found = faults(items, HOSTS)
    assert [one.verdict for one in found] == ["service_down", "network", "network", "unverifiable"]
    assert found[-1].listeners == ("dn1", "ep1")
    assert "icmp" in [one.port_text for one in found]
    assert "tcp 22" not in fault_table(found)


def test_the_table_counts_what_it_leaves_out() -> None:
    hosts = {f"h{n}": host(f"10.{n}.0.1") for n in range(40)}
    items = [
        Verdict(ExpectedFlow("h0", f"h{n}", f"10.{n}.0.1", "tcp", 1, ("id",), "s", True), "network", "blocked")
        for n in range(1, 40)
    ]
    assert fault_table(faults(items, hosts)).splitlines()[-1] == "... and 14 more faults of network, 14 flows"


class TestPlainWords:
    def test_every_verdict_has_somebody(self) -> None:
        assert set(_ADVICE) == set(VERDICTS) - {"ok"}

    def test_what_works_and_whose_the_rest_is(self) -> None:
        items = [
            blocked("con1", "ep1", 9),
            verdict("service_down", "con1", "ep1", 8, "no service listens on this port on ep1"),
            verdict("unverifiable", "con1", "ep1", 514, "UDP got no answer", "udp"),
        ]
        first, service, network, unknown = plain_words(faults(items, HOSTS), 4)
        assert first == "Summary: 4 of 7 flows verified."
        assert "No service listens (1 flow): ep1." in service and "start the service" in service
        assert "10.1.0.0/24 to 10.2.0.0/24" in network and "administrators of the network" in network
        reason = "con1's own firewall rejects the packets that it sends"
        (own,) = faults([verdict("host_firewall", "con1", "ep1", 4, reason)], HOSTS)
        assert "firewall of a host (1 flow): con1." in list(plain_words([own], 0))[1]
        assert "Could not be verified (1 flow)" in unknown

    def test_nothing_is_not_called_sound(self) -> None:
        assert list(plain_words([], 0)) == ["Nothing was checked: no flow between these hosts was observed."]
        assert list(plain_words([], 3)) == ["Summary: 3 of 3 flows verified."]
