# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A firewalld that keeps what runs through a reload (FlushAllOnReload=no, as openSUSE and SLES ship it).

``peer`` may reach port 32006 of ``target`` before and after; ``other`` may at first, and no longer.
"""

from __future__ import annotations

import time

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost

pytestmark = pytest.mark.systems(complete=True)

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: 10.77.0.11, lab_sysctls: {net.ipv4.icmp_ratelimit: 0}}
    peer: {ansible_host: 10.77.0.12, lab_firewalld: false}
    other: {ansible_host: 10.77.0.13, lab_firewalld: false}
"""
PEER, OTHER, WHOLE, PART = "10.77.0.12/32", "10.77.0.13/32", "10.77.0.12/30", "10.77.0.12/32"
LISTENERS = {
    "version": 1,
    "hosts": {
        "target": {
            "listeners": [
                {"id": f"p{port}", "protocol": "tcp", "ports": port, "bind": "network", "required": True}
                for port in ("32006", "32011")
            ]
        }
    },
}


def rules(*sources: str, ports: tuple[str, ...] = ("32006",), **more: Any) -> dict[str, Any]:
    rows = [{"protocol": "tcp", "ports": one, "sources": [*sources], "source_classes": ["ep"]} for one in ports]
    return {"inbound": rows, "unlisted": "drop", "management_addresses": ["10.77.0.0/24"], **more}


class Target(FirewalledHost):
    def who_gets_in(self, port: int = 32006) -> list[str]:
        return [name for name in ("peer", "other") if self.lab.probe(name, "10.77.0.11", port) == "open"]

    def drops_all(self) -> bool:
        return "table inet firewalld_policy_drop" in self.rules()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="kept-entries") as built:
        built.load_services(LISTENERS)
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    target = Target(lab)
    target.run("sed -i s/^FlushAllOnReload=.*/FlushAllOnReload=no/ /etc/firewalld/firewalld.conf")
    target.run("firewall-cmd -q --reload")
    yield target
    target.run(f"rm -rf /etc/firewalld/*/jsa-* /etc/firewalld/ipsets/geo.xml {target.STATE}")
    lab.daemon("target", "stop", "firewalld")
    target.run("nft flush ruleset")
    lab.daemon("target", "start", "firewalld")


@pytest.mark.gate
@pytest.mark.parametrize(("before", "after"), [((PEER, OTHER), (PEER,)), ((WHOLE,), (PART,))])
def test_a_peer_that_goes_with_a_reload(target: Target, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    target.module(**rules(*before))
    assert target.who_gets_in() == ["peer", "other"]
    result = target.module(**rules(*after, ports=("32006", "32011")))
    assert result["reloaded"]
    assert not target.drops_all()
    assert target.who_gets_in() == ["peer"]
    assert target.who_gets_in(32011) == ["peer"]
    assert not target.module(**rules(*after, ports=("32006", "32011")))["changed"]


@pytest.mark.gate
@pytest.mark.parametrize(("before", "candidate"), [((PART,), (WHOLE,)), ((PEER,), (PEER, OTHER))])
def test_a_candidate_that_nobody_confirms(target: Target, before: tuple[str, ...], candidate: tuple[str, ...]) -> None:
    target.module(**rules(*before))
    target.module(phase="stage", confirm_timeout=4, **rules(*candidate, ports=("32006", "32011")))
    assert target.who_gets_in(32011) == ["peer", "other"]
    deadline = time.monotonic() + 40
    while target.who_gets_in() != ["peer"] or target.timers():
        assert time.monotonic() < deadline, target.state("last_result")
        time.sleep(0.5)
    assert target.who_gets_in(32011) == []
    assert not target.drops_all()
    assert "back on the committed rules" in target.state("last_result")["outcome"]


def test_removal_ends(target: Target) -> None:
    target.module(**rules(PEER))
    target.module(state="absent")
    assert not target.drops_all()
    assert not target.module(state="absent")["changed"]
    # And a set that comes back has no entry of the time before.
    target.module(**rules(OTHER))
    assert target.who_gets_in() == ["other"]


@pytest.mark.gate
def test_a_set_of_the_site_that_would_end_the_reload(target: Target) -> None:
    """https://github.com/firewalld/firewalld/issues/1318: the host is locked out."""
    target.module(**rules(PEER))
    target.run("firewall-cmd -q --permanent --new-ipset=geo --type=hash:net --option=family=inet6")
    target.run("firewall-cmd -q --reload")
    target.run("sed -i 's!</ipset>!<entry>fd00:1:2:0::/64</entry></ipset>!' /etc/firewalld/ipsets/geo.xml")
    target.run("firewall-cmd -q --reload")
    before = target.both()
    told = target.module(failed=True, **rules(PEER, ports=("32006", "32011")))["msg"]
    assert "set geo: fd00:1:2::/64 runs, and overlaps fd00:1:2:0::/64 in the file" in told
    assert target.both() == before
    assert target.who_gets_in() == ["peer"]
