# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of one server from read to confirmed, on the common interface of backends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Decision, Wanted
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import require_capabilities
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, POLICY_OUT, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._console.backend import (
    ChangedError,
    ConsoleBackend,
    Document,
    Situation,
    documents_of,
    texts_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.firewall_rules import key_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan


@dataclass(frozen=True)
class Prepared:
    """What a server has and is to have. Nothing was written."""

    situation: Situation
    wanted: Wanted
    decision: Decision


def rules_of(host: HostPlan) -> Ruleset:
    """The rules of a host as all backends get them. Raises FirewallError if one of its own settings cannot be had."""
    rules = read_host_rules(host.as_dict())
    if rules.unlisted != "zone":
        raise FirewallError(
            f"jsa_firewall_unlisted is {rules.unlisted}, but the console's API can only accept. Set it to zone for "
            "this host. Nothing was written"
        )
    found: Ruleset = build_ruleset(rules, guard_of(rules.management_addresses, None))
    return found


def prepare(backend: ConsoleBackend, wanted: Wanted) -> Prepared:
    """Reads, and writes nothing. Raises FirewallError, also if the host's outbound traffic is to be restricted."""
    backend.require()
    situation = backend.read()
    if wanted.rules is not None:
        # That a port cannot be closed, or a network not be accepted, is listed. This is what the user set for the host.
        asked = {name: policy for name, policy in wanted.rules.policies.items() if name == POLICY_OUT}
        require_capabilities(backend.name, backend.capabilities(situation), EMPTY._replace(policies=asked))
    return Prepared(situation, wanted, backend.permit(situation, wanted, backend.decide(situation, wanted)))


def carry_out(
    backend: ConsoleBackend,
    ours: list[Document],
    prepared: Prepared,
    remember: Callable[[list[Document], bool], None],
    confirm: Callable[[], str],
) -> None:
    """Writes, reads again, and confirms; or restores the earlier list, reads again, and raises FirewallError.

    *remember* gets what is ours, and whether that is final. *confirm* returns why it failed, or an empty text.
    """
    situation, after = prepared.situation, prepared.decision.own
    wanted = {key_of(one) for one in documents_of(prepared.wanted.texts)}
    new = [one for one in after.documents if key_of(one) not in situation.keys]
    # Before the write: a rule that is there and not remembered could never be removed again.
    remember([*ours, *new], False)
    try:
        backend.load(situation, prepared.wanted, prepared.decision)
        problem = confirm()
        if problem:
            back = backend.go_back(texts_of(situation.documents), texts_of(after.documents))
            raise FirewallError(f"The rules were not confirmed: {problem}. {back.words}")
    except ChangedError:
        # What is there now of the new rules was written by somebody else.
        remember(ours, False)
        raise
    except FirewallError:
        remember(_left_of(backend, [*ours, *new]), False)
        raise
    remember([*(one for one in ours if key_of(one) in wanted & after.keys), *new], True)


def _left_of(backend: ConsoleBackend, documents: list[Document]) -> list[Document]:
    """Those that the server has now; all of them if it does not answer."""
    try:
        keys = backend.read().keys
    except FirewallError:
        return documents
    return [one for one in documents if key_of(one) in keys]


def result_of(backend: ConsoleBackend, prepared: Prepared) -> dict[str, Any]:
    """What is returned of one host."""
    return {
        "changed": prepared.decision.changed,
        "actions": prepared.decision.actions,
        "left_out": backend.left_out(prepared.wanted),
    }
