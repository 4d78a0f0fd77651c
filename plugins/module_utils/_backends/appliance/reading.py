# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From our lines in the product's files back to the rules that they were made of. Runs on Python 3.6.

Reasons, and which addresses were one class, are not in the lines.
"""

from typing import Dict, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import Line, read_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import POST, PRE
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    CONTINUE,
    EMPTY,
    POLICY_IN,
    PRIORITY,
    REFUSE,
    Policy,
    Rule,
    Ruleset,
)


def ruleset_of_bodies(bodies):  # type: (Dict[str, str]) -> Ruleset
    """What our lines accept and refuse. Lines of others in our block are left out."""
    rules = []  # type: List[Rule]
    target, found = CONTINUE, False
    for family in FAMILIES:
        for names in (PRE, POST):
            for line in read_rules(bodies.get(names[family], "")):
                if not line.ours:
                    continue
                found = True
                if names is POST:
                    target = _action(line)
                else:
                    rules += _rules_of(line, family)
    if not found:
        return EMPTY
    return Ruleset({POLICY_IN: Policy(POLICY_IN, "ANY", "HOST", target, PRIORITY, tuple(rules), {})}, {})


def _action(line):  # type: (Line) -> str
    return (dict(line.form).get("-j") or ("",))[0]


def _rules_of(line, family):  # type: (Line, str) -> List[Rule]
    options = dict(line.form)
    if "-p" not in options:
        # Loopback and what is established, of which no policy has a rule.
        return []
    action = ACCEPT if _action(line) == "ACCEPT" else REFUSE
    source = options.get("-s", (None,))[0]  # type: Optional[str]
    texts = ",".join(options.get("--dport", ()) + options.get("--dports", ()))
    ports = [parse_ports(text.replace(":", "-")) for text in texts.split(",") if text] or [None]  # type: List[Optional[PortRange]]
    return [Rule(action, family, options["-p"][0], one, source) for one in ports]
