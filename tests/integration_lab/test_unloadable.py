# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that firewalld's own check accepts and a reload does not: found out before, and survived behind.

Real firewalld, nft and packets. ``peer`` may reach port 32006 of ``target``, ``stranger`` may not.
"""

from __future__ import annotations

import json

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab
from lab.api import module_environment

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System

pytestmark = pytest.mark.systems(complete=True)

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: 10.77.0.11, lab_sysctls: {net.ipv4.icmp_ratelimit: 0}}
    peer: {ansible_host: 10.77.0.12, jsa_address: 10.77.0.12, lab_firewalld: false}
    stranger: {ansible_host: 10.77.0.13, jsa_address: 10.77.0.13, lab_firewalld: false}
"""
LISTENERS = {
    "version": 1,
    "hosts": {
        "target": {
            "listeners": [{"id": "ariel", "protocol": "tcp", "ports": "32006", "bind": "network", "required": True}]
        }
    },
}
#: The site's own, of every kind that a ruleset shows: sets, logs, limits, helpers, translations, direct rules.
SITE = """
set -e
permanent() { firewall-cmd -q --permanent "$@"; }
permanent --new-ipset=site-peers --type=hash:net
permanent --ipset=site-peers --add-entry=10.77.0.12
permanent --new-ipset=site-ports --type=hash:ip,port
permanent --ipset=site-ports --add-entry=10.1.1.1,tcp:80
permanent --zone=public --add-rich-rule='rule family=ipv4 source ipset=site-peers port port=32006 protocol=tcp accept'
permanent --zone=public --add-rich-rule='rule service name=http log prefix="a b: " level=info limit value=3/m accept'
permanent --zone=public --add-rich-rule='rule priority=5 family=ipv4 source mac=00:11:22:33:44:55 drop'
permanent --zone=public --add-service=tftp
permanent --zone=public --add-forward-port=port=8080:proto=tcp:toport=80:toaddr=10.77.0.12
permanent --zone=public --add-icmp-block=timestamp-request
permanent --zone=drop --add-source=192.0.2.7
permanent --direct --add-rule ipv4 filter INPUT 0 -s 198.51.100.7 -m comment --comment "x y" -j DROP
firewall-cmd -q --set-log-denied=all
firewall-cmd -q --reload
"""
GEO = '<ipset type="hash:net"><entry>192.0.2.0/24</entry><entry>192.0.2.128/25</entry></ipset>'
PAIRS = '<ipset type="hash:ip,port"><entry>192.0.2.1,tcp:80</entry><entry>192.0.2.1,tcp:80-90</entry></ipset>'
POLICY = (
    '<policy target="CONTINUE" priority="-7"><ingress-zone name="ANY"/><egress-zone name="HOST"/>'
    '<rule family="ipv4"><source ipset="nobody"/><accept/></rule></policy>'
)
DIRECT = '<direct><rule priority="0" table="filter" ipv="ipv4" chain="INPUT">%s</rule></direct>'

#: Path below firewalld's folder -> text.
UNLOADABLE = {
    "overlapping networks": ("ipsets/geo.xml", GEO),
    "overlapping ports": ("ipsets/pairs.xml", PAIRS),
    "networks in a set of addresses": ("ipsets/geo.xml", GEO.replace("hash:net", "hash:ip")),
    "an unknown option": ("direct.xml", DIRECT % "--nosuch -j ACCEPT"),
    "an unknown target": ("direct.xml", DIRECT % "-j NOSUCH"),
    "a set of iptables that is not there": ("direct.xml", DIRECT % "-m set --match-set nosuch src -j DROP"),
}

_IMPORTS = """
import json, os, sys
os.makedirs("/var/lib/guard", exist_ok=True)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import snapshot
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import health
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.appearing import reload_changes
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.loadable import Loadable
client = Client()
def verdict(texts):
    one = Loadable(client, "/etc/firewalld", "/usr/lib/firewalld", "/var/lib/guard")
    one.begin([], texts)
    return one.verdict()
def reload():
    try:
        client.reload()
    except CommandError as error:
        return str(error)
"""


class Target:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def python(self, code: str, argument: object = None) -> Any:
        """The value of the last expression of *code*, on the host, where ``argument`` is another value."""
        *before, last = code.strip().splitlines()
        lines = [_IMPORTS, "argument = json.load(sys.stdin)", *before, f"print(json.dumps({last}))"]
        told = self.lab.run(
            "target",
            ["/usr/bin/python3", "-c", "\n".join(lines)],
            stdin=json.dumps(argument),
            environment=module_environment(),
        )
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    def run(self, command: str) -> str:
        return self.lab.run("target", ["sh", "-c", command]).stdout

    def write(self, path: str, text: str) -> None:
        code = "os.makedirs(os.path.dirname(argument[0]), exist_ok=True)\nopen(argument[0], 'w').write(argument[1])"
        self.python(code, [f"/etc/firewalld/{path}", text])

    def who_gets_in(self) -> list[str]:
        return [name for name in ("peer", "stranger") if self.lab.probe(name, "10.77.0.11", 32006) == "open"]

    def rules(self) -> str:
        return self.run("nft -s list ruleset")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="unloadable") as built:
        built.load_services(LISTENERS)
        built.run("target", ["sh", "-c", SITE], check=True)
        built.run("target", ["cp", "-a", "/etc/firewalld", "/root/site"], check=True)
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    target = Target(lab)
    assert target.who_gets_in() == ["peer"]
    yield target
    target.run("find /etc/firewalld -mindepth 1 -delete; cp -a /root/site/. /etc/firewalld; rm -rf /var/lib/guard")
    lab.daemon("target", "stop", "firewalld")
    target.run("nft flush ruleset; ipset destroy")
    lab.daemon("target", "start", "firewalld")


@pytest.mark.parametrize("name", UNLOADABLE)
def test_what_check_config_accepts_and_a_reload_refuses(target: Target, name: str) -> None:
    path, text = UNLOADABLE[name]
    assert target.python("verdict({})") == [[], ""]
    target.write(path, text)
    assert target.run("firewall-cmd --check-config").strip() == "success"
    rules, files = target.rules(), target.lab.snapshot("target", "/etc/firewalld")
    (problem,), untried = target.python("verdict({})")
    assert problem.startswith(f"/etc/firewalld/{path}: ")
    assert len(problem) < 500
    assert untried == ""
    # The trial has left no trace, neither in the kernel nor anywhere else.
    assert target.rules() == rules
    assert target.lab.snapshot("target", "/etc/firewalld") == files
    assert target.run("pgrep -fc [s]ystem-config; ls -d /run/jsa_ports_trial.*").split() == ["0"]
    # And it was right.
    assert target.python("reload()")


def test_a_zone_with_an_unknown_set(target: Target) -> None:
    target.write("zones/later.xml", '<zone><source ipset="nobody"/></zone>')
    assert target.run("firewall-cmd --check-config").strip() == "success"
    assert target.python("verdict({})") == [["/etc/firewalld/zones/later.xml: INVALID_IPSET: nobody"], ""]
    # 0.9 loads the zone without what the file says about the set.
    assert target.python("reload()") or target.run("firewall-cmd --zone=later --list-sources").strip() == ""


def test_a_host_without_firewallds_settings_is_no_problem(target: Target) -> None:
    target.run("rm /etc/firewalld/firewalld.conf")
    assert target.python("[verdict({}), reload()]") == [[[], ""], None]


def test_ours_are_tried_before_they_are_written(target: Target) -> None:
    texts = {"ipsets/jsa-x-4.xml": GEO}
    (problem,), _untried = target.python("verdict(argument)", texts)
    assert problem.startswith("/etc/firewalld/ipsets/jsa-x-4.xml: ")
    assert target.python("verdict(argument)", {"ipsets/jsa-x-4.xml": GEO.replace("128/25", "0/24")}) == [[], ""]


def test_a_host_is_not_left_open_by_a_reload_that_fails(target: Target) -> None:
    rules = target.rules()
    target.write("ipsets/geo.xml", GEO)
    taken, error = target.python("taken = snapshot.take(client)\n[taken, reload()]")
    assert error and len(error) < 600
    # This is what it is about.
    assert target.who_gets_in() == ["peer", "stranger"]
    assert target.python("health.state(client)") in ("failed", "init")
    assert target.python("reload()")
    done, words = target.python("snapshot.put_back(client, argument)", taken)
    assert done, words
    assert target.who_gets_in() == ["peer"]
    stands_in = target.python("snapshot.stands_in(client)")
    assert ("jsa_ports_snapshot" in words) == stands_in
    if not stands_in:
        assert target.python("snapshot.differences(argument, snapshot.take(client))", taken) == []
    assert target.python("health.alarms(client)")
    # Once somebody has repaired the file, firewalld takes over, and our table goes.
    target.run("rm /etc/firewalld/ipsets/geo.xml; firewall-cmd -q --reload || firewall-cmd -q --reload")
    target.python("snapshot.take_away(client)")
    assert target.python("health.alarms(client)") == []
    assert target.who_gets_in() == ["peer"]
    assert sorted(target.rules().split()) == sorted(rules.split())


def test_what_was_made_permanent_and_not_loaded_is_named(target: Target) -> None:
    assert target.python("reload_changes(client, '/etc/firewalld')") == []
    target.run("""
permanent() { firewall-cmd -q --permanent "$@"; }
permanent --new-policy=maint; permanent --policy=maint --set-target=ACCEPT; permanent --policy=maint --set-priority=-150
permanent --policy=maint --add-ingress-zone=ANY; permanent --policy=maint --add-egress-zone=HOST
permanent --new-zone=later; permanent --zone=later --add-source=10.77.0.13
permanent --new-ipset=later --type=hash:ip
permanent --service=ssh --add-port=7676/tcp
permanent --zone=public --add-port=99/tcp
firewall-cmd -q --zone=public --add-port=98/tcp
""")
    target.write("policies/hand.xml", POLICY.replace("nobody", "site-peers"))
    changes = target.python("reload_changes(client, '/etc/firewalld')")
    assert target.who_gets_in() == ["peer"]
    for words in (
        "zone public: port 98/tcp, changed at run time only",
        "zone public: port 99/tcp, in the files only",
        "policy maint: in the files only, a reload makes it active (target ACCEPT, priority -150, from ANY, to HOST)",
        "service ssh: port 7676/tcp, in the files only",
        "set later: in the files only, a reload makes it active",
    ):
        assert words in changes
    assert any(one.startswith("policy hand: ") and "-7" in one for one in changes)
    assert any(one.startswith("zone later: ") and "10.77.0.13" in one for one in changes)
    # It does what was said.
    target.run("firewall-cmd -q --reload")
    assert target.who_gets_in() == ["peer", "stranger"]
    assert target.python("reload_changes(client, '/etc/firewalld')") == []
