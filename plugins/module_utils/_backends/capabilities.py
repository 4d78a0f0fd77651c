# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backend can express on a host, and what is said where that is less than what is asked. Runs on Python 3.6."""

import ipaddress

from typing import Dict, List, NamedTuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import POLICY_OUT, REFUSE, Ruleset


class Capabilities(NamedTuple):
    """What a backend can express."""

    #: Restrict what the host may contact.
    outbound: bool
    #: Refuse what no rule accepts, and not only accept.
    refusal: bool
    ipv6: bool
    #: Accept from networks, and not only from single addresses.
    networks: bool
    #: Load rules for a while, so that a new connection can confirm them.
    confirmation: bool
    #: Leave rules of the site's own beside ours.
    beside_site: bool
    #: Capability -> why it is missing here, as a clause.
    reasons: Dict[str, str] = {}

    def names(self):  # type: () -> Dict[str, bool]
        """Capability -> whether it is there."""
        return {name: value for name, value in self._asdict().items() if name != "reasons"}


class _Words(NamedTuple):
    #: What was asked for.
    asked: str
    remedy: str


_WORDS = {
    "outbound": _Words(
        "jsa_firewall_restrict_outbound restricts what this host may contact",
        "Unset jsa_firewall_restrict_outbound for this host",
    ),
    "refusal": _Words(
        "the rules reject ports", "Use jsa_firewall_backend: report for this host, and enter the rules by hand"
    ),
    "ipv6": _Words("the rules have IPv6 addresses", "Leave the IPv6 addresses out of this host's peers"),
    "networks": _Words(
        "the rules accept from networks", "List single addresses in jsa_networks and jsa_firewall_management_addresses"
    ),
    "confirmation": _Words("the rules must be confirmed", "Set jsa_firewall_confirm_timeout: 0"),
}  # type: Dict[str, _Words]


def missing_capabilities(backend, capabilities, rules, confirmed=False):
    # type: (str, Capabilities, Ruleset, bool) -> str
    """Of all that *rules* need, what the *backend*, by its name, does not have on this host. Empty where it has all."""
    problems = []  # type: List[str]
    for name, words in _WORDS.items():
        if not capabilities.names()[name] and _is_needed(name, rules, confirmed):
            reason = capabilities.reasons.get(name, "the backend %s does not support that" % backend)
            problems.append("%s, but %s. %s" % (words.asked, reason, words.remedy))
    return ". ".join(problems)


def require_capabilities(backend, capabilities, rules, confirmed=False):
    # type: (str, Capabilities, Ruleset, bool) -> None
    """Raises FirewallError where one is missing."""
    missing = missing_capabilities(backend, capabilities, rules, confirmed)
    if missing:
        raise FirewallError(missing + ". Nothing was written")


def _is_needed(name, rules, confirmed):  # type: (str, Ruleset, bool) -> bool
    if name == "outbound":
        return POLICY_OUT in rules.policies
    if name == "refusal":
        return any(rule.action == REFUSE for policy in rules.policies.values() for rule in policy.rules)
    if name == "ipv6":
        return any(one.family == IPV6 and one.entries for one in rules.sets.values())
    if name == "networks":
        entries = [entry for one in rules.sets.values() for entry in one.entries]
        return any(ipaddress.ip_network(entry).num_addresses > 1 for entry in entries)
    return confirmed
