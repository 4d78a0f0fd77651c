# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last line of defense: whatever others do to the host while a candidate waits, nobody confirms it and it is gone.

Others write rules that no reader knows, stop firewalld in its tracks, remove what the timer remembers, or kill it.
"""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import Lab, module_environment

from ansible_collections.jsa.ports.tests.integration_lab import test_appliance as appliances
from ansible_collections.jsa.ports.tests.integration_lab.conftest import OWN_TABLE, System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import killing, with_rules
from ansible_collections.jsa.ports.tests.integration_lab.test_appliance import Box, as_it_was
from ansible_collections.jsa.ports.tests.integration_lab.test_confirm import (
    COMMITTED,
    LOCKOUT,
    MODULE,
    STATE,
    Target,
    committed,
    wait_for,
)

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
"""
APPLIANCES = """
all:
  hosts:
    box: {ansible_host: 10.77.0.21, lab_appliance: true}
"""
ALLOW = "inet firewalld filter_IN_policy_jsa-in_allow"
#: What nft has and no rule of ours is.
ODD_RULES = f"""
add counter inet firewalld x
add set inet firewalld site-seen {{ type ipv4_addr; flags dynamic,timeout; timeout 1m; }}
add rule {ALLOW} tcp dport {{ 80, 443 }} accept
add rule {ALLOW} ip saddr & 255.0.255.0 == 10.0.1.0 accept comment "--- maintenance ---"
add rule {ALLOW} ip saddr . tcp dport {{ 10.77.0.99 . 514, 10.77.0.98 . 515 }} accept
add rule {ALLOW} tcp dport vmap {{ 7000-7010 : accept, 7011 : drop }}
add rule {ALLOW} ct state new limit rate 5/minute burst 5 packets accept
add rule {ALLOW} tcp dport 7012 add @site-seen {{ ip saddr limit rate 1/second }} accept
add rule {ALLOW} tcp dport 7013 meta mark set 0x1
add rule {ALLOW} tcp dport 7014 log prefix "-s ! " counter name "x" accept
add rule {ALLOW} @th,16,16 7015 counter accept
add rule {ALLOW} meta iifname "-s" tcp dport != 1-65535 reject with tcp reset
add rule {ALLOW} fib saddr type local goto filter_IN_policy_jsa-in_post
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="last-line-test") as built:
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    with committed(lab, "target") as target:
        yield target


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(APPLIANCES)
    with Lab.up(inventory, name="last-line-box") as built:
        built.run("box", ["sh", "-c", appliances.PROGRAM], check=True)
        yield built


@pytest.fixture
def box(appliance: Lab) -> Iterator[Box]:
    with as_it_was(appliance, "box") as box:
        yield box


@contextmanager
def in_its_tracks(target: Target) -> Iterator[None]:
    """firewalld is there, has its name on the bus, and does nothing."""
    target.run("kill -STOP $(pgrep -f '[f]irewalld --nofork')")
    try:
        yield
    finally:
        target.run("kill -CONT $(pgrep -f '[f]irewalld --nofork')")


class TestOddRules:
    @OWN_TABLE
    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_of_nft(self, target: Target) -> None:
        before = target.both()
        target.stage(4)
        target.lab.run("target", ["nft", "-f", "-"], stdin=ODD_RULES, check=True)
        assert "maintenance" in target.rules()
        target.settled()
        assert target.both() == before
        assert target.state("last_result")["outcome"] == "The host is back on the committed rules"
        assert target.state("pending") is None

    @OWN_TABLE
    def test_every_one_is_named(self, target: Target) -> None:
        """A run that compares tells each of them, and the next one takes them away."""
        rules = target.rules()
        odd = [line for line in ODD_RULES.splitlines() if line.startswith("add rule")]
        target.lab.run("target", ["nft", "-f", "-"], stdin=ODD_RULES, check=True)
        drift = target.module(check=True, **COMMITTED)["drift"]
        assert len(drift) >= len(odd), drift
        assert target.module(**COMMITTED)["changed"]
        assert target.rules() == rules

    @pytest.mark.gate
    def test_of_iptables(self, box: Box) -> None:
        """A comment is printed without quotes where it has none of the letters that need some."""
        box.module(**appliances.COMMITTED)
        before = box.both()
        box.stage(4, **appliances.LOCKOUT)
        for comment in ("--- maintenance ---", "-s", "!", 'say "x"'):
            box.lab.run("box", ["iptables", "-I", "INPUT", "2", "-m", "comment", "--comment", comment], check=True)
        box.run("iptables -I INPUT 3 -s 10.0.1.0/255.0.255.0 -p tcp -j ACCEPT")
        box.run("iptables -I INPUT 3 -m comment --comment 'a\n-A INPUT -j ACCEPT' -j DROP -s 10.99.0.1")
        assert box.probe(None, 22) == "prohibited"
        box.settled()
        assert box.files() == before[0]
        assert box.rules() == before[1]
        assert box.probe(None, 22) == "open"


class TestFirewalldHangs:
    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_while_it_waits(self, target: Target) -> None:
        """It is not taken for stopped: there are rules, and the host goes back as soon as firewalld goes on."""
        before = target.both()
        target.stage(2, **LOCKOUT)
        with in_its_tracks(target):
            wait_for(lambda: "does not answer" in (target.state("last_result") or {"outcome": ""})["outcome"], 60)
            # firewalld 0.9 would have to say whether it can load sets: then the same rules, with addresses in them.
            files = target.files()["policies/jsa-in.xml"]
            assert b"32006" in files and b"32011" not in files, "a start of the host is safe"
            assert "32006" in target.rules(), "nobody has emptied our chains"
            assert target.timers()
            assert target.state("pending")
        target.settled(60)
        assert target.both() == before
        assert target.reaches()
        assert target.state("last_result")["outcome"] == "The host is back on the committed rules"

    def test_before(self, target: Target) -> None:
        before = target.both()
        with in_its_tracks(target):
            assert "does not answer" in target.stage(5, failed=True)["msg"]
            assert target.state("pending") is None
        assert target.both() == before


class TestForgotten:
    @pytest.mark.parametrize("how", ["rm {}", "echo garbage >{}", ": >{}", "truncate -s 100 {}", "echo '{{}}' >{}"])
    @pytest.mark.gate
    def test_what_the_timer_remembers_is_removed_or_damaged(self, target: Target, how: str) -> None:
        """Long before the deadline: lost state means going back."""
        before = target.both()
        target.stage(100, **LOCKOUT)
        assert not target.reaches()
        target.run(how.format(f"{STATE}/pending.json"))
        target.settled(30)
        assert target.both() == before
        assert target.reaches()
        assert "removed or damaged" in target.state("last_result")["why"]


class TestKilledTimers:
    @pytest.mark.gate
    def test_one_of_two(self, target: Target) -> None:
        before = target.both()
        target.stage(3, **LOCKOUT)
        wait_for(lambda: len(target.timers()) == 2, 10)
        target.run(f"kill -9 {min(target.timers(), key=int)}")
        target.settled(40)
        assert target.both() == before
        assert target.reaches()

    def test_both_the_next_run_goes_back(self, target: Target) -> None:
        before = target.both()
        target.stage(2)
        wait_for(lambda: len(target.timers()) == 2, 10)
        target.run(f"kill -9 {' '.join(target.timers())}")
        time.sleep(3)
        assert target.both() != before
        assert target.module(**COMMITTED)["rolled_back"]
        assert target.both() == before

    def test_a_run_that_is_stopped_in_the_middle(self, target: Target) -> None:
        """It holds the lock, and has written the candidate's files to load them. The timer ends it."""
        before = target.both()
        request = {**with_rules(LOCKOUT), "require_controller": False, "phase": "stage", "confirm_timeout": 2}
        # nsenter would stop with a child of its own.
        told = target.lab.run(
            "target",
            ["sh", "-c", 'exec 3<&0; "$@" <&3 & wait $!', "sh", "/usr/bin/python3"]
            + [*killing("prove=kill -STOP $PPID"), str(MODULE)],
            stdin=json.dumps({"ANSIBLE_MODULE_ARGS": request}),
            environment=module_environment(),
        )
        assert told.returncode == 137, told.stderr
        target.settled(60)
        assert target.both() == before
        assert target.reaches()


@pytest.mark.gate
def test_a_umask_that_lets_everybody_write(target: Target) -> None:
    """Programs that root runs lie in these folders."""
    target.run(f"rm -rf {STATE.rpartition('/')[0]} /run/jsa_ports*")
    request = '{"ANSIBLE_MODULE_ARGS": {"rules": {"inbound": [], "refused": []}, "require_controller": false, '
    request += '"phase": "stage", "confirm_timeout": 30}}'
    environment = module_environment()
    told = target.lab.run(
        "target",
        ["sh", "-c", f"umask 000; exec /usr/bin/python3 {MODULE}"],
        stdin=request,
        environment=environment,
        check=True,
    )
    assert '"pending"' in told.stdout
    found = target.run("find /var/lib/jsa_ports /run/jsa_ports* -perm /077")
    assert found == ""
    target.program("abort", target.state("pending")["id"], "the test is over")
