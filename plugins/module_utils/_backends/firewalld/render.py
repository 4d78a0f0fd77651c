# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies and sets as firewalld's XML files. Runs on Python 3.6.

Only what firewalld 0.9.0 knows is written, so that one form serves every version: 0.9.3, 1.3.3 and 2.3.1 read it to
the same rules. Sets as destinations came with 1.0.0: whoever builds a ruleset for an older one names addresses.
"""

from typing import Dict, List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    MARK,
    REFUSE,
    REJECT_TYPES,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
)

#: Folder of firewalld's configuration -> suffix is always .xml
POLICIES = "policies"
IPSETS = "ipsets"

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_NOTICE = "Written by the Ansible collection jsa.ports. Its next run undoes what is changed here."

#: Refusals stand behind every accept: firewalld puts positive priorities last. What denies somebody has none, as the
#: accepts, and firewalld puts denials of one priority first.
_REFUSE_PRIORITY = 100

#: firewalld's own default for sets in the kernel's ipset; only larger ones need the option.
_DEFAULT_MAXELEM = 65536


def render(ruleset):  # type: (Ruleset) -> Dict[str, str]
    """Path below firewalld's folder -> text of the file."""
    files = {}
    for address_set in ruleset.sets.values():
        files["%s/%s.xml" % (IPSETS, address_set.name)] = render_set(address_set)
    for policy in ruleset.policies.values():
        files["%s/%s.xml" % (POLICIES, policy.name)] = render_policy(policy)
    return files


def render_set(address_set):  # type: (AddressSet) -> str
    """The XML file of a set (firewalld.ipset(5))."""
    lines = [
        '<ipset type="hash:net">',
        "  <short>%s: %s</short>" % (MARK, _escape(address_set.label)),
        "  <description>%s</description>" % _NOTICE,
        '  <option name="family" value="%s"/>' % ("inet6" if address_set.family == IPV6 else "inet"),
    ]
    size = len(address_set.entries)
    if size > _DEFAULT_MAXELEM:
        lines.append('  <option name="maxelem" value="%d"/>' % (1 << (2 * size).bit_length()))
    lines += ["  <entry>%s</entry>" % entry for entry in address_set.entries]
    lines.append("</ipset>")
    return _HEAD + "\n".join(lines) + "\n"


def render_policy(policy):  # type: (Policy) -> str
    """The XML file of a policy (firewalld.policy(5))."""
    lines = [
        '<policy priority="%d" target="%s">' % (policy.priority, policy.target),
        "  <short>%s</short>" % MARK,
        "  <description>%s</description>" % _NOTICE,
        '  <ingress-zone name="%s"/>' % policy.ingress,
        '  <egress-zone name="%s"/>' % policy.egress,
    ]
    for rule in policy.rules:
        lines += _render_rule(rule, policy.why.get(rule, ()))
    lines.append("</policy>")
    return _HEAD + "\n".join(lines) + "\n"


def _render_rule(rule, why):  # type: (Rule, Tuple[str, ...]) -> List[str]
    attributes = ' family="%s"' % rule.family if rule.family else ""
    if rule.action == REFUSE:
        attributes += ' priority="%d"' % _REFUSE_PRIORITY
    lines = ["  <!-- %s -->" % ", ".join(why)] if why else []
    lines.append("  <rule%s>" % attributes)
    if rule.source is not None and rule.source.startswith("@"):
        lines.append('    <source ipset="%s"/>' % rule.source[1:])
    elif rule.source is not None:
        lines.append('    <source address="%s"/>' % rule.source)
    if rule.destination is not None and rule.destination.startswith("@"):
        lines.append('    <destination ipset="%s"/>' % rule.destination[1:])
    elif rule.destination is not None:
        lines.append('    <destination address="%s"/>' % rule.destination)
    if rule.ports is None:
        lines.append('    <protocol value="%s"/>' % rule.protocol)
    else:
        lines.append('    <port port="%s" protocol="%s"/>' % (format_ports(rule.ports), rule.protocol))
    if rule.action == ACCEPT:
        lines.append("    <accept/>")
    elif rule.action == DROP:
        lines.append("    <drop/>")
    else:
        lines.append('    <reject type="%s"/>' % REJECT_TYPES[str(rule.family)])
    lines.append("  </rule>")
    return lines


def _escape(text):  # type: (str) -> str
    # xml.sax.saxutils has this, and takes ten milliseconds to import.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
