#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: port_scope
short_description: Chooses which flows of a JSA deployment a check looks at
version_added: 1.0.0
description:
  - Says which flows between the hosts of the play will be looked at, and how many are left out, before any host is
    touched. A full mesh of n hosts has n² pairs.
  - Refuses a baseline that M(jsa.ports.port_verdicts) could not compare with. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  scope:
    description:
      - V(console) is each host with the console, both ways; V(attached) adds the processor that a host reports to and
        its HA peer; V(full) is every pair; V(sample) draws some flows of each listener out of all of them.
      - Without it, V(full) for up to 50 hosts of the play, V(console) for more.
    type: str
    choices: [console, attached, full, sample]
  sample:
    description: Of V(sample), so many flows per listener.
    type: int
    default: 20
  seed:
    description: Of V(sample), what decides on which. The same seed draws the same flows.
    type: int
    default: 0
  baseline:
    description:
      - An earlier C(port_check.json) that will be compared with. A damaged one, or one of another version, fails.
    type: path
  fail_on_new:
    description: Whether M(jsa.ports.port_verdicts) will fail for new verdicts only; that needs O(baseline).
    type: bool
    default: false
seealso:
  - module: jsa.ports.port_probes
  - module: jsa.ports.port_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Look at each host with the console and with its processor only
  jsa.ports.port_scope:
    plan: "{{ planned.plan }}"
    scope: attached
  run_once: true
  register: scoped
"""

RETURN = r"""
scope:
  description: For the other steps of the check.
  returned: success
  type: dict
  sample: {name: sample, sample: 20, seed: 0}
flows:
  description: How many flows will be looked at.
  returned: success
  type: int
  sample: 1200
left_out:
  description: How many flows between the hosts of the play will not.
  returned: success
  type: int
  sample: 43800
"""
