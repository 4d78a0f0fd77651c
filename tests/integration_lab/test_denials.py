# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site's bans beside a plan that accepts logs from anyone: told by name, and left out where that is asked for.

``banned`` is whom the site denies, ``peer`` is anyone else.
"""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import NEEDS_SETS, System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost, with_rules

pytestmark = pytest.mark.systems

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
    peer: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"], lab_firewalld: false}
    banned: {ansible_host: 10.77.0.99, jsa_address: [10.77.0.99, "fd77::99"], lab_firewalld: false}
"""
V4, V6 = "10.77.0.11", "fd77::11"
ANYONE = ["0.0.0.0/0", "::/0"]
PLAN: dict[str, Any] = {
    "inbound": [
        {"protocol": "tcp", "ports": "514", "sources": ANYONE, "why": ["syslog"]},
        {"protocol": "tcp", "ports": "32006", "sources": ["10.77.0.0/24"], "why": ["ariel_query"]},
    ],
    "refused": [{"protocol": "tcp", "ports": "5432", "why": ["postgres"]}],
}
LISTENERS = [
    {"id": f"port_{port}", "protocol": "tcp", "ports": str(port), "bind": "network", "required": True}
    for port in (514, 32006)
]

REJECT_ON_A_PORT = 'rule family="ipv4" source address="10.77.0.99" port port="514" protocol="tcp" reject'
DROP_ALL = 'rule family="ipv4" source address="10.77.0.99" drop'
RICH = "firewall-cmd --permanent --zone=public --add-rich-rule='{}'"
BANS = """
firewall-cmd --permanent --new-ipset=bans --type=hash:net
firewall-cmd --permanent --ipset=bans --add-entry=10.77.0.99
"""
POLICY = """
firewall-cmd --permanent --new-policy=bans
firewall-cmd --permanent --policy=bans --add-ingress-zone=ANY
firewall-cmd --permanent --policy=bans --add-egress-zone=HOST
firewall-cmd --permanent --policy=bans --set-priority={}
firewall-cmd --permanent --policy=bans --add-rich-rule='{}'
"""

#: What the site does -> words of the warning, ports on which the banned host is denied.
#: The kind that speaks for all of them where there is little time.
ONE_KIND = "rich rule on all ports"
KINDS = {
    "rich rule on a port": (RICH.format(REJECT_ON_A_PORT), ["zone public", REJECT_ON_A_PORT], {514}),
    "rich rule on all ports": (RICH.format(DROP_ALL), ["zone public", DROP_ALL], {514, 32006}),
    "rich rule with a set": (
        BANS + RICH.format('rule source ipset="bans" drop'),
        ["zone public", 'rule source ipset="bans" drop'],
        {514, 32006},
    ),
    "source in the zone drop": (
        "firewall-cmd --permanent --zone=drop --add-source=10.77.0.99",
        ["zone drop", "target DROP"],
        {514, 32006},
    ),
    "set in the zone block": (
        BANS + "firewall-cmd --permanent --zone=block --add-source=ipset:bans",
        ["zone block", "target %%REJECT%%"],
        {514, 32006},
    ),
    "policy behind ours": (POLICY.format(-50, DROP_ALL), ["policy bans", DROP_ALL], {514, 32006}),
}


def denials(result: dict[str, Any]) -> list[str]:
    """The warnings of the site's denials, in any form that ansible-core gives warnings."""
    texts = [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", ())]
    return [text for text in texts if " denies " in text]


class Target(FirewalledHost):
    def told(self, **arguments: Any) -> list[str]:
        """What a run in check mode says of the site's denials."""
        return denials(self.module(check=True, **PLAN, **arguments))

    def gets_in(self, source: str, port: int, address: str = V4) -> bool:
        answer = self.lab.probe(source, address, port)
        if answer == "no_answer":
            # One ICMP error a second is all that a host sends to a peer.
            time.sleep(1.1)
            answer = self.lab.probe(source, address, port)
        return answer == "open"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="denials-test") as built:
        built.load_services({"version": 1, "hosts": {"target": {"listeners": LISTENERS}}})
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    target = Target(lab)
    target.run("rm -rf /run/kept; cp -a /etc/firewalld /run/kept")
    try:
        yield target
    finally:
        target.run("rm -rf /etc/firewalld/*; cp -a /run/kept/. /etc/firewalld/; firewall-cmd --reload")
        target.run("rm -rf /var/lib/jsa_ports")


def site(target: Target, commands: str) -> None:
    target.run(f"set -e\n{commands}\nfirewall-cmd --reload")


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.gate if kind == ONE_KIND else ()) for kind in KINDS]
)
def test_a_ban_is_told_and_left_out(target: Target, system: System, kind: str) -> None:
    commands, words, ports = KINDS[kind]
    if "bans --type" in commands and not system.sets:
        pytest.skip("firewalld cannot hold the site's set there")
    site(target, commands)
    for address in (514, 32006):
        assert not target.gets_in("banned", address), "nobody gets in before the plan"
    target.module(**PLAN)
    for port in (514, 32006):
        assert target.gets_in("banned", port), "our accepts come before the site's ban"
    (text,) = target.told()
    assert all(word in text for word in words), text
    assert text.endswith("To leave them out, set jsa_firewall_respect_denials: true.")
    result = target.module(**PLAN, respect_denials=True)
    assert result["changed"]
    assert denials(result) == []
    for port in (514, 32006):
        assert target.gets_in("banned", port) == (port not in ports)
        assert target.gets_in("peer", port)
    assert target.gets_in("banned", 514, V6)
    held = target.both()
    again = target.module(**PLAN, respect_denials=True)
    assert (again["changed"], again["differences"], again["drift"]) == (False, [], [])
    assert target.both() == held
    compared = target.lab.module("target", "firewall_info", with_rules({**PLAN, "respect_denials": True}))
    assert (compared["as_planned"], compared["differences"]) == (True, [])
    # What the check says of a host whose plan is to override them.
    compared = target.lab.module("target", "firewall_info", with_rules(PLAN))
    assert compared["as_planned"] is False
    assert any(words[0] in text for text in denials(compared))


@NEEDS_SETS
def test_another_banned_source_takes_no_reload(target: Target) -> None:
    site(target, "firewall-cmd --permanent --zone=drop --add-source=10.77.0.98")
    target.module(**PLAN, respect_denials=True)
    assert target.gets_in("banned", 514)
    target.run("firewall-cmd --permanent --zone=drop --add-source=10.77.0.99")
    result = target.module(**PLAN, respect_denials=True, reload="never")
    assert (result["changed"], result["reloaded"]) == (True, False)
    assert not target.gets_in("banned", 514)
    assert target.gets_in("peer", 514)


def test_a_ban_at_run_time_is_told_and_outlasts_nothing(target: Target) -> None:
    """As fail2ban's: a reload takes it away, so no rule of ours may keep it."""
    target.module(**PLAN, respect_denials=True)
    held = target.both()
    target.run(f"firewall-cmd --zone=public --add-rich-rule='{DROP_ALL}'")
    (text,) = target.told(respect_denials=True)
    assert DROP_ALL in text
    assert "it is not in firewalld's files" in text
    assert not target.module(**PLAN, respect_denials=True)["changed"]
    target.run(f"firewall-cmd --zone=public --remove-rich-rule='{DROP_ALL}'")
    assert target.files() == held[0]


def test_what_the_site_accepts_first_stays_accepted(target: Target) -> None:
    """A network is banned, and one of it is not."""
    network = 'rule family="ipv4" source address="10.77.0.0/24" port port="514" protocol="tcp" drop'
    one = 'rule priority="-1" family="ipv4" source address="10.77.0.12" port port="514" protocol="tcp" accept'
    site(target, f"{RICH.format(network)}\n{RICH.format(one)}")
    target.module(**PLAN, respect_denials=True)
    assert target.gets_in("peer", 514)
    assert not target.gets_in("banned", 514)
    assert target.gets_in("banned", 32006)


@pytest.mark.gate
def test_the_way_in_stays(target: Target, system: System) -> None:
    """The controller is banned, and the plan lets it in: the guard keeps its port open."""
    everyone = 'rule family="ipv4" source address="10.77.0.0/24" drop'
    site(target, RICH.format('rule priority="-1" family="ipv4" port port="22" protocol="tcp" accept'))
    target.run(RICH.format(everyone))
    plan = {"inbound": [{"protocol": "tcp", "ports": "22", "sources": ANYONE, "why": ["ssh"]}], "refused": []}
    target.module(**plan)
    told = target.over_ssh(**plan, respect_denials=True)
    # Only where sets can be held, the controller has a rule of its own: everyone is accepted anyway.
    assert told["changed"] == system.sets, told["told"]
    assert not told["changed"] or told["confirmation"]["by"] == "new connection"
    assert json.loads(target.run("firewall-cmd --permanent --policy=jsa-in --list-rich-rules | wc -l")) > 0


def test_removal_and_going_back(target: Target) -> None:
    site(target, RICH.format(DROP_ALL))
    before = target.both()
    target.module(**PLAN)
    without = target.files()
    target.module(**PLAN, respect_denials=True)
    assert not target.gets_in("banned", 514)
    target.module(state="previous")
    assert target.files() == without
    assert target.gets_in("banned", 514)
    target.module(state="absent")
    assert target.files() == before[0]
