# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""firewalld that needs the program ipset and does not have it: its own commands empty the ruleset, ours never do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import Lab, systems

from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost

pytestmark = pytest.mark.systems(only=True)

HOSTS = """
all:
  hosts:
    # firewalld 0.9, and a newer one that was told to use iptables.
    old: {{ansible_host: 10.77.0.11, lab_root: {old}, lab_without: [ipset]}}
    iptables: {{ansible_host: 10.77.0.12, lab_root: {new}, lab_without: [ipset]}}
"""

INBOUND = [{"protocol": "tcp", "ports": "32006", "sources": ["10.77.0.9/32"], "source_classes": ["ep"]}]

SET = '<ipset type="hash:net"><entry>192.0.2.1</entry></ipset>'
POLICY = """
<policy target="CONTINUE">
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
  <rule family="ipv4"><source ipset="site"/><port port="99" protocol="tcp"/><accept/></rule>
</policy>
"""
ADD_SET = f"echo '{SET}' >/etc/firewalld/ipsets/site.xml; echo '{POLICY}' >/etc/firewalld/policies/site.xml"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    old, new = systems.roots("bullseye", "bookworm")
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS.format(old=old, new=new))
    with Lab.up(inventory, name="without-ipset") as built:
        built.daemon("iptables", "stop", "firewalld")
        conf = "/etc/firewalld/firewalld.conf"
        built.run("iptables", ["sed", "-i", "s/^FirewallBackend=.*/FirewallBackend=iptables/", conf], check=True)
        built.daemon("iptables", "start", "firewalld")
        yield built


class Target(FirewalledHost):
    def rules(self) -> str:
        return self.run("nft -s list table inet firewalld 2>/dev/null || iptables-save -t filter | grep ^-A")


@pytest.fixture(params=["old", "iptables"])
def target(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Target]:
    target = Target(lab, request.param)
    yield target
    target.run("rm -f /etc/firewalld/*/site.xml /etc/firewalld/*/jsa-*; firewall-cmd --reload")


def test_the_trap_is_real(lab: Lab) -> None:
    """With firewalld's own commands, nothing of ours: the check finds nothing, and then every port is open."""
    target = Target(lab, "old")
    rules = target.rules()
    assert "filter_INPUT_ZONES" in rules
    target.run(ADD_SET)
    try:
        assert "success" in target.run("firewall-cmd --check-config")
        assert "INVALID_IPSET" in target.run("firewall-cmd --reload 2>&1 || true")
        assert "hook input" not in target.run("nft list ruleset")
    finally:
        target.run("rm /etc/firewalld/*/site.xml; firewall-cmd --reload")
    assert target.rules() == rules


def test_ours_refuses_before_it_loads(target: Target) -> None:
    before = target.files(), target.rules()
    for more in ({}, {"phase": "stage", "confirm_timeout": 5}, {"offline": True}):
        told = target.module(failed=True, inbound=INBOUND, **more)["msg"]
        assert "Install the package ipset" in told
        assert "policies/jsa-in.xml" in told
        assert "what runs was not touched" in told
        assert (target.files(), target.rules()) == before


def test_nor_does_it_load_a_trap_of_the_site_s(target: Target) -> None:
    """Rules without any set of ours, but the site's own files would empty the ruleset."""
    rules = target.rules()
    target.run(ADD_SET)
    before = target.files()
    refused = [{"protocol": "tcp", "ports": "5432"}]
    told = target.module(failed=True, refused=refused)["msg"]
    assert "policies/site.xml" in told
    assert "repair it first" in told
    assert (target.files(), target.rules()) == (before, rules)


def test_without_any_set_it_works(target: Target) -> None:
    assert target.module(refused=[{"protocol": "tcp", "ports": "5432"}])["reloaded"]
    assert "5432" in target.rules()
    target.run(ADD_SET)
    rules = target.rules()
    told = target.module(failed=True, state="absent")["msg"]
    assert "Install the package ipset" in told
    assert target.rules() == rules
    target.run("rm /etc/firewalld/*/site.xml")
    assert target.module(state="absent")["reloaded"]
    assert "5432" not in target.rules()
