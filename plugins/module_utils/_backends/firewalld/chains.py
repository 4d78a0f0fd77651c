# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of rules as one policy's rules, whichever program has listed them. Runs on Python 3.6.

A rule that is none of the few kinds that we write is kept as text, so that nothing in our chains goes unseen, and is
compared as text.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import DROP, ICMP, REFUSE, REJECT, Rule

#: Deeper than any policy of firewalld.
_DEEPEST = 5


class RunningPolicy(NamedTuple):
    #: CONTINUE, REJECT or DROP.
    target: str
    #: In the order of evaluation, each with one family.
    rules: Tuple[Rule, ...]
    #: Rules that are not of ours.
    other: Tuple[str, ...]
    #: Packets get to it: its chain can be reached from the kernel's hook.
    linked: bool


class Runtime(NamedTuple):
    #: "nftables" or "iptables"
    backend: str
    #: firewalld's own chains are there: not the empty ruleset of a failed reload.
    alive: bool
    families: Tuple[str, ...]
    policies: Dict[str, RunningPolicy]
    #: Name -> entries: CIDRs, or ranges "first-last" as the kernel may show neighbors.
    sets: Dict[str, Tuple[str, ...]]
    #: What belongs to an established connection leaves the host whatever a policy says of it.
    answers_leave: bool = True


class Jump(NamedTuple):
    chain: str

    def __str__(self):  # type: () -> str
        return "jump " + self.chain


class Goto(NamedTuple):
    """As Jump, but what comes behind it is not reached from there."""

    chain: str

    def __str__(self):  # type: () -> str
        return "goto " + self.chain


class Verdict(NamedTuple):
    """What happens to every packet that gets so far."""

    target: str

    def __str__(self):  # type: () -> str
        return self.target.lower()


class Chains(object):
    """The chains of one filter table, each a list of (rule, jump, verdict or text)."""

    def __init__(self):  # type: () -> None
        self.rules = {}  # type: Dict[str, List[Any]]

    def add(self, chain, step=None):  # type: (str, Any) -> None
        """Note the chain, and what is appended to it, if anything."""
        steps = self.rules.setdefault(chain, [])
        if step is not None:
            steps.append(step)

    def reachable(self, start):  # type: (str) -> Set[str]
        """The chains that a packet in *start* may come to."""
        seen = set()  # type: Set[str]
        waiting = [start]
        while waiting:
            chain = waiting.pop()
            if chain in seen or chain not in self.rules:
                continue
            seen.add(chain)
            waiting += [step.chain for step in self.rules[chain] if isinstance(step, (Jump, Goto))]
        return seen

    def policy(self, chain, linked):  # type: (str, bool) -> RunningPolicy
        """The policy that begins in *chain*."""
        flat = self._flatten(chain, set(), 0)
        target = "CONTINUE"
        if flat and isinstance(flat[-1], Verdict):
            target = flat.pop().target
        other = [str(step) for step in flat if not isinstance(step, Rule)]
        return RunningPolicy(target, tuple(step for step in flat if isinstance(step, Rule)), tuple(other), linked)

    def _flatten(self, chain, seen, depth):  # type: (str, Set[str], int) -> List[Any]
        """firewalld calls each chain of a policy once; whatever else leads somewhere is somebody else's."""
        seen.add(chain)
        flat = []  # type: List[Any]
        for step in self.rules.get(chain, ()):
            known = isinstance(step, Jump) and step.chain in self.rules and step.chain not in seen
            if known and depth < _DEEPEST:
                flat += self._flatten(step.chain, seen, depth + 1)
            else:
                flat.append(step)
        return flat


def rule_of(action, found):  # type: (str, Dict[str, Any]) -> Optional[Rule]
    """The rule that matches what was *found*; without a family it holds for both. None where it is not one of ours."""
    protocol = found.get("protocol")
    # We name one end of a packet's way, never both.
    if protocol is None or ("source" in found and "destination" in found):
        return None
    if action == REFUSE and "source" in found:
        action = REJECT
    if action == DROP and "source" not in found:
        return None
    for family in FAMILIES:
        if protocol == ICMP[family]:
            found.setdefault("family", family)
    return Rule(
        action, found.get("family"), protocol, found.get("ports"), found.get("source"), found.get("destination")
    )
