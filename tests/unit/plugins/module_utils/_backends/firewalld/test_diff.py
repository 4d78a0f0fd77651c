# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read: rules before and after."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    EntryChange,
    before_and_after,
    describe,
    entry_actions,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import parse_nft
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, Policy, Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

DESCRIBED = """\
policy jsa-in: from ANY to HOST, priority -100, what is not listed is rejected
  accept icmp from anyone  # essential
  accept icmp from event_processor (10.0.0.3/32, 10.0.0.4/32, fd00::3/128)  # ha_ping
  accept tcp 22 from admin (10.9.0.0/16)  # ssh
  accept tcp 32006 from event_processor (10.0.0.3/32, 10.0.0.4/32, fd00::3/128)  # ariel_query
  accept udp 68 from anyone (IPv4)  # essential
  accept udp 514 from anyone  # syslog
  accept udp 546 from fe80::/10  # essential
  refuse tcp 22 from everyone else  # ssh
  refuse tcp 5432 from everyone else  # postgres
  refuse tcp 7777 from everyone else  # jmx
  refuse tcp 32006 from everyone else  # ariel_query
"""


@pytest.fixture
def runtime(data: Path) -> Runtime:
    return parse_nft(json.loads((data / "nft-1.3.3.json").read_text())["nftables"])


def test_rules_as_people_read_them(ruleset: Ruleset) -> None:
    assert describe(ruleset) == DESCRIBED
    assert describe(EMPTY) == ""


def test_many_addresses_stand_one_to_a_line() -> None:
    sources = [f"10.0.0.{number}/32" for number in range(1, 10)]
    row = {"protocol": "tcp", "ports": "22", "sources": sources, "source_classes": ["admin"]}
    lines = describe(make_ruleset([row], [], "zone", None)).splitlines()
    assert lines[1] == "  accept tcp 22 from admin (9 addresses, below)"
    assert lines[-10:] == ["addresses of admin:"] + [f"  {source}" for source in sources]


def test_a_controller_that_the_plan_lets_in_is_nobody_else() -> None:
    row = {"protocol": "tcp", "ports": "22", "sources": ["10.0.0.0/8"], "source_classes": ["admin"]}
    found = describe(make_ruleset([row], [], "zone", make_guard([], "10.0.0.250", 22)))
    assert "  accept tcp 22 from management addresses (none yet: each run that applies the rules adds" in found
    assert "nobody" not in found


def test_what_others_have_added_is_shown(ruleset: Ruleset) -> None:
    policy = ruleset.policies["jsa-in"]._replace(other=('<service name="http">',))
    assert '  other: <service name="http">\n' in describe(ruleset._replace(policies={"jsa-in": policy}))


def entries(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["before_header"], one["before"], one["after"]) for one in found]


PERMANENT = "firewalld, permanent configuration"
RUNNING = "firewalld, running configuration"


def test_nothing_to_show(ruleset: Ruleset, runtime: Runtime) -> None:
    assert entries(before_and_after(ruleset, runtime, ruleset)) == [(PERMANENT, DESCRIBED, DESCRIBED)]


def test_first_run(ruleset: Ruleset) -> None:
    runtime = Runtime("nftables", True, ("ipv4", "ipv6"), {}, {})
    assert entries(before_and_after(EMPTY, runtime, ruleset)) == [(PERMANENT, "", DESCRIBED)]


def test_removal(ruleset: Ruleset, runtime: Runtime) -> None:
    assert entries(before_and_after(ruleset, runtime, EMPTY)) == [(PERMANENT, DESCRIBED, "")]


def test_drift_shows_what_ran(ruleset: Ruleset, runtime: Runtime) -> None:
    runtime.sets["jsa-admin-4"] = ("10.9.0.0/16", "192.0.2.1/32")
    ((header, before, after),) = entries(before_and_after(ruleset, runtime, ruleset))
    assert (header, after) == (RUNNING, DESCRIBED)
    assert before == DESCRIBED.replace("10.9.0.0/16", "10.9.0.0/16, 192.0.2.1/32")


def test_files_and_runtime_that_differ_are_both_shown(ruleset: Ruleset, runtime: Runtime) -> None:
    runtime.sets["jsa-admin-4"] = ()
    found = entries(before_and_after(EMPTY, runtime, ruleset))
    assert [one[0] for one in found] == [PERMANENT, RUNNING]


def test_the_site_s_sets_are_not_shown(ruleset: Ruleset, runtime: Runtime) -> None:
    runtime.sets["jsa-of-the-site"] = tuple(f"192.0.2.{number}/32" for number in range(20))
    assert entries(before_and_after(ruleset, runtime, ruleset)) == [(PERMANENT, DESCRIBED, DESCRIBED)]


def test_offline_only_files_are_shown(ruleset: Ruleset) -> None:
    assert entries(before_and_after(EMPTY, None, ruleset)) == [(PERMANENT, "", DESCRIBED)]


def test_entry_actions(ruleset: Ruleset) -> None:
    admin = ruleset.sets["jsa-admin-4"]
    files = ruleset._replace(sets={"jsa-admin-4": admin._replace(entries=("10.9.0.0/16", "10.8.0.0/16"))})
    drift = {
        "jsa-admin-4": EntryChange(("10.7.0.0/16",), ()),
        "jsa-event_processor-4": EntryChange((), ("192.0.2.1/32",)),
    }
    wanted = ruleset._replace(sets={"jsa-admin-4": admin})
    assert entry_actions(files, wanted, drift.items()) == {
        "jsa-admin-4": {"added": [], "removed": ["10.8.0.0/16"]},
        "jsa-event_processor-4": {"added": [], "removed": ["192.0.2.1/32"]},
    }


def test_a_policy_without_rules() -> None:
    bare = Ruleset({"jsa-in": Policy("jsa-in", "ANY", "HOST", "CONTINUE", -100, (), {})}, {})
    assert describe(bare).count("\n") == 1
