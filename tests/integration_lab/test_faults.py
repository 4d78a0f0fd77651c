# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on real hosts, each with the verdict that it must lead to: which layer is blamed, and which never is.

Every fault is arranged, checked and taken back. Whoever adds a row says what an administrator has to read.
"""

from __future__ import annotations

import json
import os

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import NEEDS_SETS, System
from ansible_collections.jsa.ports.tests.integration_lab.faults import (
    HOSTS,
    NO_REDIRECTS,
    ROUTER,
    Arrangement,
    Changes,
    Deployment,
    arranged,
    bound,
    daemon_stopped,
    nft,
    planned,
    program,
    restarted,
    server,
    shell,
    stopped,
    sysctl,
    with_addresses,
)

ARIEL = "con1>ep1 tcp/32006"
CLOSED = "ec1!ep1 tcp/5432"
PING = "con2>con1 icmp"
SYSLOG = "ep1>con1 udp/514"

SILENT = """
import socket, time
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", 123))
print("ready", flush=True)
while True: time.sleep(9)
"""

EARLY = """
P='firewall-cmd -q --permanent --policy=early'
firewall-cmd -q --permanent --new-policy=early; $P --add-ingress-zone=ANY; $P --add-egress-zone=HOST
$P --set-priority=-200; $P RULE; firewall-cmd -q --reload
"""
NOT_EARLY = "firewall-cmd -q --permanent --delete-policy=early; firewall-cmd -q --reload"


#: Out of every set of addresses in which it stands, alone or beside its pair's.
LACKS_CONSOLE = """
for set in $(firewall-cmd --get-ipsets); do
  for entry in $(firewall-cmd --ipset=$set --get-entries | grep -E "^10[.]1[.]0[.]1[01](/|$)"); do
    firewall-cmd -q --ipset=$set --remove-entry=$entry
  done
done
"""


def early(host: str, rule: str) -> Arrangement:
    """A policy of the site's that decides before ours."""
    return shell(host, EARLY.replace("RULE", rule), NOT_EARLY)


@dataclass(frozen=True)
class Fault:
    name: str
    flow: str
    arrangements: tuple[Arrangement, ...]
    #: None: nothing to say.
    verdict: str | None
    #: Each of these is in the reason, or among the symptoms.
    says: tuple[str, ...] = ()
    inventory: Changes = ()
    unseen: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    #: Release -> what is said there instead.
    verdicts_on: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[pytest.MarkDecorator, ...] = ()


def fault(name: str, flow: str, *arrangements: Arrangement, verdict: str | None, says: Any = (), **more: Any) -> Fault:
    return Fault(name, flow, arrangements, verdict, (says,) if isinstance(says, str) else tuple(says), **more)


def on_the_way(rule: str, kind: str = "filter", hook: str = "forward", priority: int = 0) -> Arrangement:
    return nft(ROUTER, hook, rule, kind=kind, priority=priority)


TO_ARIEL = "ip daddr 10.2.0.31 tcp dport 32006"
BETWEEN = "a firewall between 10.1.0.0/24 and 10.2.0.0/24"

FINE = [
    fault("fine-tcp", ARIEL, verdict="ok"),
    fault("fine-ntp", "ep1>con1 udp/123", verdict="ok"),
    fault("fine-ping", PING, verdict="ok"),
    fault("fine-ssh-of-a-tunnel", "ec1>con1 tcp/22", verdict="ok"),
    fault("fine-ssh-of-a-tunnel-back", "con1>ec1 tcp/22", verdict="ok"),
    fault("fine-tunnel", "ec1", verdict=None),
    fault("fine-ntp-of-an-encrypted-host", "ec1>con1 tcp/12500", verdict="ok"),
    fault("fine-broker-restarted", "con1>ep1 tcp/7676", restarted("ep1", "tcp/7676"), verdict="ok"),
    fault("fine-closed", CLOSED, program("ep1", server(5432)), verdict=None),
    fault("fine-accepts-and-closes", ARIEL, stopped("ep1", "tcp/32006"), program("ep1", server(32006)), verdict="ok"),
    fault("fine-standby", "ep1>con2 tcp/443", stopped("con2", "tcp/443"), verdict=None, see=("con1",)),
    fault(
        "fine-drift-elsewhere",
        ARIEL,
        shell("ep1", "firewall-cmd --policy=jsa-in --add-port=6000/tcp", "firewall-cmd --reload"),
        verdict="ok",
    ),
    fault(
        "fine-zone-behind-ours",
        CLOSED,
        program("ep1", server(5432)),
        shell("ep1", "firewall-cmd --add-port=5432/tcp", "firewall-cmd --remove-port=5432/tcp"),
        verdict=None,
    ),
]

SERVICES = [
    fault(
        "stopped",
        ARIEL,
        stopped("ep1", "tcp/32006"),
        verdict="service_down",
        says="no service listens on this port on ep1",
    ),
    fault(
        "stopped-behind-a-firewall",
        ARIEL,
        stopped("ep1", "tcp/32006"),
        on_the_way(f"{TO_ARIEL} drop"),
        verdict="service_down",
        says="no service listens on this port on ep1",
    ),
    fault("loopback", ARIEL, bound("ep1", "tcp/32006", "loopback"), verdict="service_down", says="on loopback only"),
    fault(
        "wrong-bind", ARIEL, bound("ep1", "tcp/32006", "10.2.0.131"), verdict="service_down", says="on 10.2.0.131 only"
    ),
    fault("ipv6-only", ARIEL, bound("ep1", "tcp/32006", "fd02::31"), verdict="service_down", says="on fd02::31 only"),
    fault(
        "ipv4-only",
        ARIEL,
        bound("ep1", "tcp/32006", "network4"),
        verdict="service_down",
        says="on IPv4 only",
        inventory=(("10.2.0.31", ""),),
    ),
    fault(
        "queue-full",
        ARIEL,
        stopped("ep1", "tcp/32006"),
        program("ep1", server(32006, queue=0, full=True)),
        verdict="service_down",
        says="accepts no more connections: 1 wait in its queue of 0",
    ),
    fault(
        "udp-stopped",
        SYSLOG,
        stopped("con1", "udp/514"),
        verdict="service_down",
        says="no service listens on this port on con1",
    ),
    fault("broker-down", "con1>ep1 tcp/7676", stopped("ep1", "tcp/7676"), verdict="service_down", says="on ep1"),
    fault(
        "ntp-silent",
        "ep1>con1 udp/123",
        stopped("con1", "udp/123"),
        program("con1", SILENT),
        verdict="unverifiable",
        says="the service does not answer unknown clients",
    ),
    fault(
        "standby-and-active-down",
        "ep1>con2 tcp/443",
        stopped("con2", "tcp/443"),
        stopped("con1", "tcp/443"),
        verdict="service_down",
        says=("on con2", "deploy times out"),
        see=("con1",),
    ),
]

EP1 = "ep1's own firewall"
HOST_FIREWALLS = [
    fault(
        "host-drop",
        ARIEL,
        nft("ep1", "input", "tcp dport 32006 drop"),
        verdict="host_firewall",
        says=(EP1, "table inet site, chain input: tcp dport 32006 drop", "An IO error occurred on server(s)"),
    ),
    fault(
        "host-reject",
        ARIEL,
        nft("ep1", "input", "ip saddr 10.1.0.0/24 reject with icmpx type admin-prohibited"),
        verdict="host_firewall",
        says=(EP1, "chain input: ip saddr 10.1.0.0/24 reject"),
    ),
    fault(
        "host-port-unreachable",
        ARIEL,
        nft("ep1", "input", "tcp dport { 32000-32010 } reject"),
        verdict="host_firewall",
        says=(EP1, "32000-32010"),
    ),
    fault(
        "host-reset",
        ARIEL,
        nft("ep1", "input", "tcp dport 32006 reject with tcp reset"),
        verdict="host_firewall",
        says=(EP1, "reject with tcp reset"),
    ),
    fault(
        "host-prerouting",
        ARIEL,
        nft("ep1", "prerouting", "tcp dport 32006 drop", priority=-300),
        verdict="host_firewall",
        says=(EP1, "chain prerouting"),
    ),
    fault(
        "host-answer",
        ARIEL,
        nft("ep1", "output", "tcp sport 32006 drop"),
        verdict="host_firewall",
        says=(EP1, "blocks the answer"),
    ),
    fault(
        "host-policy-drop",
        ARIEL,
        early("ep1", "--add-rich-rule='rule port port=32006 protocol=tcp drop'"),
        verdict="host_firewall",
        says=(EP1, "early", "tcp dport 32006"),
    ),
    fault(
        "host-policy-reject",
        ARIEL,
        early("ep1", "--add-rich-rule='rule port port=32006 protocol=tcp reject'"),
        verdict="host_firewall",
        says=(EP1, "early", "tcp dport 32006"),
    ),
    fault(
        "host-direct-rule",
        ARIEL,
        shell(
            "ep1",
            "firewall-cmd --direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 32006 -j DROP",
            "firewall-cmd --direct --remove-rule ipv4 filter INPUT 0 -p tcp --dport 32006 -j DROP",
        ),
        verdict="host_firewall",
        # Its nft does not tell in JSON what a rule of iptables asks for. The rule is named all the same.
        verdicts_on={"bullseye": "unverifiable"},
        says=("ep1", "chain INPUT: ", "tcp dport 32006"),
    ),
    fault(
        "host-without-our-policy",
        ARIEL,
        shell(
            "ep1",
            "mv /etc/firewalld/policies/jsa-in.xml /root/; firewall-cmd --reload",
            "mv /root/jsa-in.xml /etc/firewalld/policies/; firewall-cmd --reload",
        ),
        verdict="host_firewall",
        says=(EP1, "lacks"),
    ),
    fault(
        "host-set-lacks-peer",
        ARIEL,
        shell("ep1", LACKS_CONSOLE, "firewall-cmd --reload"),
        verdict="host_firewall",
        says=(EP1, "lacks in the running rules"),
        marks=(NEEDS_SETS,),
    ),
    fault("host-without-firewalld", ARIEL, daemon_stopped("ep1", "firewalld"), verdict="ok"),
    fault(
        "initiator-drops",
        ARIEL,
        nft("con1", "output", "tcp dport 32006 drop"),
        verdict="host_firewall",
        says=("con1's own firewall blocks the outgoing packet", "chain output: tcp dport 32006 drop"),
    ),
    fault(
        "initiator-rejects",
        ARIEL,
        nft("con1", "output", "tcp dport 32006 reject"),
        verdict="host_firewall",
        says="con1's own firewall blocks the outgoing packet",
    ),
    fault(
        "initiator-drops-answers",
        ARIEL,
        nft("con1", "input", "tcp sport 32006 drop"),
        verdict="host_firewall",
        says="con1's own firewall blocks the answer",
    ),
    fault(
        "initiator-route-prohibits",
        ARIEL,
        shell("con1", "ip route add prohibit 10.2.0.31", "ip route del prohibit 10.2.0.31"),
        verdict="host_firewall",
        says="con1's own routes",
    ),
    fault(
        "host-drops-pings",
        PING,
        nft("con1", "input", "icmp type echo-request drop"),
        verdict="host_firewall",
        says="con1's own firewall",
    ),
    fault(
        "host-ignores-pings",
        PING,
        sysctl("con1", "net.ipv4.icmp_echo_ignore_all", 1),
        verdict="host_firewall",
        says="icmp_echo_ignore_all",
    ),
    fault(
        "host-drops-udp",
        SYSLOG,
        nft("con1", "input", "udp dport 514 drop"),
        verdict="host_firewall",
        says="udp dport 514 drop",
    ),
    fault(
        "host-rejects-udp",
        SYSLOG,
        nft("con1", "input", "udp dport 514 reject"),
        verdict="host_firewall",
        says="udp dport 514 reject",
    ),
    fault(
        "host-may-drop",
        ARIEL,
        nft("ep1", "input", "tcp dport 32006 meta mark != 7 drop"),
        verdict="unverifiable",
        says=("a rule on ep1 may reject it", "mark"),
    ),
    fault(
        "host-other-rule",
        ARIEL,
        nft("ep1", "input", "tcp dport 32007 drop", "ip saddr 10.9.0.0/16 drop"),
        on_the_way(f"{TO_ARIEL} drop"),
        verdict="network",
        says=BETWEEN,
    ),
    fault(
        "host-and-network",
        ARIEL,
        nft("ep1", "input", "tcp dport 32006 drop"),
        on_the_way(f"{TO_ARIEL} drop"),
        verdict="host_firewall",
        says=EP1,
    ),
]

NETWORKS = [
    fault(
        "router-drop",
        ARIEL,
        on_the_way(f"{TO_ARIEL} drop"),
        verdict="network",
        says=("ep1 listens on tcp 32006 and accepts it from con1, the probe got no answer", f"{BETWEEN} drops it"),
    ),
    *(
        fault(
            f"router-{kind}",
            ARIEL,
            on_the_way(f"{TO_ARIEL} reject with icmpx type {kind}"),
            verdict="network",
            says="10.1.0.254",
        )
        for kind in ("admin-prohibited", "port-unreachable", "host-unreachable", "no-route")
    ),
    fault(
        "router-reset",
        ARIEL,
        on_the_way(f"{TO_ARIEL} reject with tcp reset"),
        verdict="network",
        says=f"{BETWEEN} rejects it",
    ),
    fault(
        "router-drift-elsewhere",
        ARIEL,
        on_the_way(f"{TO_ARIEL} drop"),
        shell("ep1", "firewall-cmd --policy=jsa-in --add-port=6000/tcp", "firewall-cmd --reload"),
        verdict="network",
        says=BETWEEN,
    ),
    fault(
        "router-snat",
        ARIEL,
        on_the_way(f"{TO_ARIEL} masquerade", "nat", "postrouting", 100),
        verdict="network",
        says="NAT on the path changes the source address",
    ),
    fault(
        "router-dnat-to-another-firewall",
        ARIEL,
        on_the_way(f"{TO_ARIEL} dnat ip to 10.2.0.32:5432", "nat", "prerouting", -100),
        verdict="network",
        says="sends the packets to another machine",
    ),
    fault(
        "router-dnat-to-nobody",
        ARIEL,
        on_the_way(f"{TO_ARIEL} dnat ip to 10.2.0.99", "nat", "prerouting", -100),
        verdict="network",
        says="rejects it",
    ),
    fault(
        "router-dnat-to-somebody",
        ARIEL,
        stopped("ep1", "tcp/32006"),
        program("out", server(32006)),
        on_the_way(f"{TO_ARIEL} dnat ip to 10.2.0.99", "nat", "prerouting", -100),
        verdict="network",
        says="no service listens on ep1, but 10.2.0.31 answers",
    ),
    fault(
        "answer-lost",
        ARIEL,
        on_the_way("ip saddr 10.2.0.31 tcp sport 32006 drop"),
        verdict="network",
        says=("ep1 receives the packets of con1 and answers", "lost between 10.1.0.0/24 and 10.2.0.0/24"),
    ),
    fault(
        "asymmetric-route",
        ARIEL,
        shell("ep1", "ip route replace 10.1.0.11 via 10.2.0.99", "ip route del 10.1.0.11"),
        verdict="network",
        says="ep1 receives the packets of con1 and answers",
    ),
    fault(
        "no-route-back",
        ARIEL,
        shell("ep1", "ip route add unreachable 10.1.0.11", "ip route del unreachable 10.1.0.11"),
        verdict="network",
        says="ep1 has no route back to 10.1.0.11",
    ),
    fault(
        "no-route",
        ARIEL,
        shell("con1", "ip route add unreachable 10.2.0.31", "ip route del unreachable 10.2.0.31"),
        verdict="network",
        says="cannot be reached",
    ),
    fault(
        "router-drops-udp",
        SYSLOG,
        on_the_way("udp dport 514 drop"),
        verdict="unverifiable",
        says=("UDP got no answer", "con1 listens on udp 514 and accepts it from ep1"),
    ),
    fault("router-rejects-udp", SYSLOG, on_the_way("udp dport 514 reject"), verdict="network", says="10.2.0.254"),
    fault("router-drops-pings", PING, on_the_way("icmp type echo-request drop"), verdict="network", says="drops it"),
    fault(
        "host-down",
        "ep1>dn1 tcp/32006",
        shell("dn1", "ip link set eth0 down", "ip link set eth0 up; ip route replace 10.1.0.0/24 via 10.2.0.254"),
        verdict="network",
        says="dn1 could not be observed either: it is down or disconnected",
        unseen=("dn1",),
    ),
    fault(
        "link-down",
        "ep1>dn1 tcp/32006",
        shell("dn1", "ip link set eth0 down", "ip link set eth0 up; ip route replace 10.1.0.0/24 via 10.2.0.254"),
        verdict="network",
    ),
]

NOBODY, STRANGER, DATA_NODE = (("10.2.0.31", f"10.2.0.{number}") for number in (77, 99, 32))
#: The console and the address of its pair are one entry of a set.
ELSEWHERE = (("10.1.0.11", "10.1.0.77"), ("10.1.0.10/31", "10.1.0.76/31"))
ADDRESSES = [
    fault(
        "wrong-address-of-nobody",
        ARIEL,
        verdict="network",
        says="the inventory assigns 10.2.0.77 to ep1",
        inventory=(NOBODY,),
    ),
    fault(
        "wrong-address-of-a-host",
        ARIEL,
        verdict="network",
        says="10.2.0.32 is an address of dn1, not of ep1",
        inventory=(("10.2.0.32", "10.2.0.132"), DATA_NODE),
        see=("dn1",),
    ),
    fault(
        "wrong-address-of-a-stranger",
        ARIEL,
        program("out", server(32006)),
        verdict="unverifiable",
        says="ep1 behind NAT, or another machine",
        inventory=(STRANGER,),
    ),
    fault(
        "wrong-address-of-a-closed-stranger",
        ARIEL,
        verdict="network",
        says="the inventory assigns 10.2.0.99 to ep1",
        inventory=(STRANGER,),
    ),
    fault(
        "wrong-address-of-the-initiator",
        ARIEL,
        planned("ep1", ELSEWHERE),
        verdict="network",
        says="ep1 accepts 10.1.0.77, which the inventory assigns to con1, but con1 does not have it",
        inventory=ELSEWHERE,
    ),
    fault(
        "proxy-arp",
        "dn1>ep1 tcp/32006",
        shell(ROUTER, "ip neigh add proxy 10.2.0.77 dev eth0", "ip neigh del proxy 10.2.0.77 dev eth0"),
        verdict="network",
        says="the inventory assigns 10.2.0.77 to ep1",
        inventory=(NOBODY,),
    ),
]

UNKNOWN = [
    fault("initiator-not-asked", ARIEL, verdict="unverifiable", says="returned no result", unseen=("con1",)),
    fault(
        "listener-not-asked",
        ARIEL,
        on_the_way(f"{TO_ARIEL} drop"),
        verdict="unverifiable",
        says="it is not known whether ep1 listens",
        unseen=("ep1",),
    ),
]

TUNNEL = "setuptunnel.host_NtunnelNAME has failed to start"
ENCRYPTED = [
    fault(
        "tunnel-down",
        "ec1",
        stopped("ec1", "tcp/20000"),
        verdict="service_down",
        says=("ec1 is encrypted", "its SSH tunnels are down", TUNNEL),
    ),
    fault(
        "tunnel-ssh-dropped-one-way",
        "ec1>ep1 tcp/22",
        on_the_way("ip saddr 10.1.0.21 tcp dport 22 drop"),
        verdict="network",
        says=(BETWEEN, TUNNEL),
    ),
    fault("tunnel-ssh-other-way", "ep1>ec1 tcp/22", on_the_way("ip saddr 10.1.0.21 tcp dport 22 drop"), verdict="ok"),
    fault(
        "tunnel-ssh-refused-by-host",
        "con1>ec1 tcp/22",
        nft("ec1", "input", "ip saddr 10.1.0.11 tcp dport 22 drop"),
        verdict="host_firewall",
        says=("ec1's own firewall", TUNNEL),
    ),
    fault(
        "encrypted-ntp-down",
        "ec1>con1 tcp/12500",
        stopped("con1", "tcp/12500"),
        verdict="service_down",
        says="no service listens on this port on con1",
    ),
    fault(
        "tunnelled-port-open",
        "dn1!ec1 tcp/7676",
        bound("ec1", "tcp/7676", "network"),
        early("ec1", "--add-port=7676/tcp"),
        verdict="unexpected_open",
        says=(
            "accepts a host that is not one of its sources",
            "policy early",
            "permitted traffic arrives through its tunnels",
        ),
    ),
]

OPEN = [
    fault(
        "open-without-firewalld",
        CLOSED,
        program("ep1", server(5432)),
        daemon_stopped("ep1", "firewalld"),
        verdict="unexpected_open",
        says="its firewall accepts everyone",
    ),
    fault(
        "open-by-an-early-policy",
        CLOSED,
        program("ep1", server(5432)),
        early("ep1", "--add-port=5432/tcp"),
        verdict="unexpected_open",
        says=("policy early opens tcp 5432", "it takes effect before the planned rules"),
    ),
    fault(
        "open-by-nat",
        "ec1!ep1 tcp/7676",
        on_the_way("ip saddr 10.1.0.21 tcp dport 7676 snat ip to 10.1.0.11", "nat", "postrouting", 100),
        verdict="unexpected_open",
        says="NAT on the path",
    ),
]

FAULTS = [*FINE, *SERVICES, *HOST_FIREWALLS, *NETWORKS, *ADDRESSES, *UNKNOWN, *ENCRYPTED, *OPEN]


@pytest.fixture(scope="module", name="deployment")
def fixture_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("faults")
    inventory, plan = folder / "hosts.yml", folder / "plan.json"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name=f"faults-{os.getpid()}") as lab:
        lab.run(ROUTER, ["sh", "-c", NO_REDIRECTS], check=True)
        lab.ansible(["ansible-playbook", "jsa.ports.plan", "-e", f"jsa_plan_dest={plan}"], check=True)
        lab.ansible(["ansible-playbook", "jsa.ports.firewall"], check=True)
        content = json.loads(plan.read_text())
        lab.load_services(content)
        yield Deployment(lab, content)


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name, marks=one.marks) for one in FAULTS])
def test_fault(deployment: Deployment, system: System, one: Fault) -> None:
    plan = with_addresses(deployment.plan, one.inventory) if one.inventory else None
    with arranged(deployment, one.arrangements):
        verdicts = deployment.check(one.flow, plan, one.unseen, one.see)
    if one.verdict is None:
        assert verdicts == []
        return
    assert [found.verdict for found in verdicts] == [one.verdicts_on.get(system.release, one.verdict)], verdicts
    for fragment in one.says:
        assert fragment in "\n".join([verdicts[0].reason, *verdicts[0].symptoms]), verdicts[0]


@pytest.mark.parametrize("host", ["con1", "ep1", "ec1"])
def test_every_fault_was_taken_back(deployment: Deployment, host: str) -> None:
    told = deployment.compared(host, deployment.plan)
    assert told["as_planned"] is True and told["differences"] == [], told
    assert "site" not in deployment.lab.ruleset(host)


def test_the_table_is_whole() -> None:
    names = [one.name for one in FAULTS]
    assert len(names) == len(set(names))
    assert len([one for one in FAULTS if one not in FINE]) >= 40


@pytest.mark.gate
def test_through_the_playbook(deployment: Deployment, tmp_path: Path) -> None:
    """Several at once, as administrators meet them."""
    names = ("host-drop", "router-drops-pings", "tunnel-ssh-dropped-one-way", "tunnel-down")
    faults = {one.name: one for one in FAULTS}
    arrangements = [
        *faults["host-drop"].arrangements,
        *faults["tunnel-down"].arrangements,
        nft(ROUTER, "forward", "icmp type echo-request drop", "ip saddr 10.1.0.21 tcp dport 22 drop"),
    ]
    with arranged(deployment, arrangements):
        told = deployment.lab.ansible(["ansible-playbook", "jsa.ports.check", "-e", f"jsa_port_check_dest={tmp_path}"])
    assert told.returncode != 0
    result = json.loads((tmp_path / "port_check.json").read_text())
    found = [item for item in result["verdicts"] if item["verdict"] not in ("ok", "unverifiable")]
    for name in names:
        assert any(
            item["verdict"] == faults[name].verdict
            and all(part in "\n".join([item["reason"], *item.get("symptoms", [])]) for part in faults[name].says)
            for item in found
        ), (name, found)
    # Nothing else is wrong.
    assert {(item["to"], item.get("port")) for item in found} == {
        ("ep1", 32006),
        ("con1", None),
        ("con2", None),
        ("ep1", 22),
        ("con2", 22),
        ("ec1", None),
    }, found


def test_through_the_playbook_all_is_well(deployment: Deployment, tmp_path: Path) -> None:
    deployment.lab.ansible(["ansible-playbook", "jsa.ports.check", "-e", f"jsa_port_check_dest={tmp_path}"], check=True)
    result = json.loads((tmp_path / "port_check.json").read_text())
    assert {item["verdict"] for item in result["verdicts"]} <= {"ok", "unverifiable"}
    assert {item["protocol"] for item in result["verdicts"] if item["verdict"] == "unverifiable"} <= {"udp"}
