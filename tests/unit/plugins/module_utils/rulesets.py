# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rulesets out of the rows of a plan, for the tests of all backends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import parse_network
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard, guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset


def make_ruleset(
    inbound: Sequence[Any] = (),
    refused: Sequence[Any] = (),
    unlisted: str = "zone",
    guard: Guard | None = None,
    outbound: Sequence[Any] | None = None,
) -> Ruleset:
    rules = {"inbound": list(inbound), "refused": list(refused), "unlisted": unlisted, "outbound": outbound}
    ruleset: Ruleset = build_ruleset(read_host_rules(rules), guard)
    return ruleset


def make_guard(management: Sequence[str], address: str | None, port: int) -> Guard | None:
    """*address*: of the connection that a run comes through."""
    connection = None if address is None else SSHConnection(address, port)
    guard: Guard | None = guard_of([parse_network(text) for text in management], connection, port)
    return guard
