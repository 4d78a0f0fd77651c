# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that are not enforced differ from the enforced ones in what they refuse, and in nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.reading import ruleset_of_bodies
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render as appliance_render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import ruleset_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render as firewalld_render
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import CONTINUE, EMPTY, REFUSE, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.refusals import Refusals
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import (
    refuse_of,
    refuses_anyone,
    without_refusals,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._rules.test_refusals import (
    GUARDS,
    PEERS,
    PORTS,
    REFUSED,
    ROWS,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

UNLISTED = st.sampled_from(["zone", "reject", "drop"])
OUTBOUND = st.sampled_from([None, []])


def ruleset_of(inbound: Any, refused: Any, unlisted: str, guard: Guard | None, outbound: Any = None) -> Ruleset:
    rules = {"inbound": inbound, "refused": refused, "unlisted": unlisted, "outbound": outbound}
    found: Ruleset = build_ruleset(read_host_rules(rules), guard)
    return found


@given(ROWS, REFUSED, UNLISTED, GUARDS, OUTBOUND)
def test_only_what_refuses_is_gone(inbound: Any, refused: Any, unlisted: str, guard: Guard | None, out: Any) -> None:
    enforced = ruleset_of(inbound, refused, unlisted, guard, out)
    staged = without_refusals(enforced)
    assert staged.sets == enforced.sets and set(staged.policies) == set(enforced.policies)
    for name, policy in staged.policies.items():
        before = enforced.policies[name]
        assert policy.rules == tuple(rule for rule in before.rules if rule.action != REFUSE)
        assert policy._replace(rules=(), why={}, target="") == before._replace(rules=(), why={}, target="")
        assert (policy.target, set(policy.why)) == (CONTINUE, set(policy.rules))
    assert not refuses_anyone(staged) and without_refusals(staged) == staged
    refusals = Refusals(staged)
    assert not any(
        refusals.refuses(peer, protocol, port) for peer in PEERS for protocol in ("tcp", "udp") for port in PORTS
    )


@given(ROWS, REFUSED, UNLISTED, GUARDS)
def test_the_files_say_what_they_refuse(inbound: Any, refused: Any, unlisted: str, guard: Guard | None) -> None:
    """Of both backends, enforced or not."""
    enforced = ruleset_of(inbound, refused, unlisted, guard)
    for ruleset in (enforced, without_refusals(enforced)):
        read = [
            ruleset_of_texts(firewalld_render(ruleset)),
            ruleset_of_bodies(appliance_render(ruleset, FAMILIES)),
        ]
        for found in read:
            assert refuse_of(found) == refuse_of(ruleset)
            said, meant = Refusals(found), Refusals(ruleset)
            for peer in PEERS:
                for packet in ((peer, "tcp", 22), (peer, "udp", 514), (peer, "udp", 68), (peer, "tcp", 32000)):
                    assert said.refuses(*packet) == meant.refuses(*packet), packet


@pytest.mark.parametrize("read", [ruleset_of_texts, ruleset_of_bodies])
def test_without_rules(read: Any) -> None:
    assert read({}) == EMPTY
    assert refuse_of(EMPTY) is None


def test_a_line_of_somebody_else_in_our_block_is_not_ours() -> None:
    bodies = appliance_render(make_ruleset(), FAMILIES)
    bodies = {name: text + "-A INPUT -p tcp --dport 1 -j REJECT\n" for name, text in bodies.items()}
    assert refuse_of(ruleset_of_bodies(bodies)) == "log"
