# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people are told of an appliance: differences, diffs, and what becomes of IPv6. Runs on Python 3.6."""

from typing import Any, Dict, List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import (
    Bodies,
    Host,
    Situation,
    compare_live,
    written,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import policy_of, running_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import POST, PRE
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV6, LABELS


def differences(host, situation, wanted):  # type: (Host, Situation, Bodies) -> List[Difference]
    """Line by line, in each of the product's files and in the running rules."""
    found = []
    for name in host.names:
        before, after = situation.bodies.get(name, "").split("\n"), wanted.get(name, "").split("\n")
        if before != after:
            found.append(_difference(host.files.path(name), FILES, before, after))
    for family in host.families:
        words = compare_live(wanted, family, situation.live[family])
        if not words:
            continue
        rules = running_rules(situation.live[family])
        needed = written(wanted, family)
        # By their forms: the kernel writes the same rule in other words.
        have, need = {line.form for line in rules if line.ours}, {line.form for line in needed}
        lacks = [line.text for line in needed if line.form not in have]
        has = [line.text for line in rules if line.ours and line.form not in need]
        # Without either it is their order, or a rule in between.
        found.append(Difference("rules for %s" % LABELS[family], RUNTIME, lacks, has if lacks or has else words))
    return found


def _difference(name, place, before, after):  # type: (str, str, List[str], List[str]) -> Difference
    lacks = [line for line in after if line not in set(before)]
    has = [line for line in before if line not in set(after)]
    return Difference(name, place, lacks, has if lacks or has else ["the lines in another order"])


def without_ipv6(host, addresses="/proc/net/if_inet6"):  # type: (Host, str) -> Tuple[str, str]
    """What becomes of IPv6 where no rule can be written for it: a word, and a warning or nothing."""
    if IPV6 in host.families:
        return "written", ""
    if not _has_global_address(addresses):
        return "not in use", ""
    why = (
        "this host has IPv6 addresses, but the product has no file %s, so no rule for IPv6 can be written through it"
        % host.files.path(PRE[IPV6])
    )
    text = host.live(IPV6)
    if text is None or (not running_rules(text) and policy_of(text) == "ACCEPT"):
        words = (
            "IPv6 IS NOT FILTERED: %s. The IPv6 chain INPUT has no rules, so every port of the host is reachable "
            "over IPv6. Remove the addresses, or filter IPv6 in the network" % why
        )
        return "not filtered", words
    words = "IPv6 is not as planned: %s. The running IPv6 rules are those of the product or the site" % why
    return "left to the product", words


def _has_global_address(path):  # type: (str) -> bool
    try:
        with open(path) as stream:
            # The fourth column is the scope; 00 is global.
            return any(line.split()[3] == "00" for line in stream if len(line.split()) > 4)
    except (IOError, OSError):
        return False


def before_and_after(host, situation, wanted):  # type: (Host, Situation, Bodies) -> List[Dict[str, Any]]
    """Ansible's diff: of each file, and of what runs where that was something else."""
    found = []
    for name in host.names:
        before, after = situation.bodies.get(name, ""), wanted.get(name, "")
        if before != after:
            found.append(_entry("block in %s" % name, before, after))
    for family in host.families:
        if compare_live(wanted, family, situation.live[family]):
            running = "".join(line.text + "\n" for line in running_rules(situation.live[family]) if line.ours)
            after = "".join(wanted.get(names[family], "") for names in (PRE, POST))
            if not any(entry["before"] == running or entry["after"] == after for entry in found):
                found.append(_entry("running rules, %s" % LABELS[family], running, after))
    return found


def _entry(title, before, after):  # type: (str, str, str) -> Dict[str, Any]
    return {
        "before_header": "appliance, %s" % title,
        "after_header": "appliance, %s, wanted" % title,
        "before": before,
        "after": after,
    }
