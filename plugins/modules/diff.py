#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: diff
short_description: Compare two plans flow by flow
version_added: 1.0.0
description:
  - Compares a saved plan with another one, or with the plan of the current inventory. Returns which flows were added
    and removed, by the names of hosts and networks, and what else changed.
  - Rules that are only written in another way are no difference, such as other CIDRs for the same addresses, or a range
    instead of its ports.
  - The flows of a host that only one of the plans contains are differences, too.
  - Contacts no host. Run it with C(run_once). Needs the Python library netaddr on the controller.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  old:
    description: The file of the earlier plan.
    type: path
    required: true
  new:
    description: The file of the later plan. If it is not set, the plan of the current inventory is computed.
    type: path
  dest:
    description: File on the controller that the differences are written to, as JSON, in the form of RV(changes).
    type: path
  show:
    description: Whether to print the differences, grouped by host.
    type: bool
    default: false
  discovered:
    description: As in M(jsa.ports.plan). Not used if O(new) is set.
    type: dict
  discovered_file:
    description: As in M(jsa.ports.plan). The file is not changed. Not used if O(new) is set.
    type: path
seealso:
  - module: jsa.ports.plan
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Write the plan
  jsa.ports.plan:
    dest: before.json
  run_once: true

- name: Compare the saved plan with the current inventory
  jsa.ports.diff:
    old: before.json
    dest: differences.json
    show: true
  run_once: true
"""

RETURN = r"""
differences:
  description: The differences as text, one each. C(-) is only in O(old), C(+) only in O(new).
  returned: success
  type: list
  elements: str
  sample:
    - "+ fc3 (10.20.3.3) → con1: tcp 443 Apache HTTPS"
    - "- con1: all ports that the catalog does not list: zone"
changes:
  description: The differences as values.
  returned: success
  type: dict
  contains:
    hosts_removed:
      description: Hosts that are only in O(old).
      type: list
      elements: str
      sample: []
    hosts_added:
      description: Hosts that are only in O(new).
      type: list
      elements: str
      sample: [fc3]
    removed:
      description: Flows that are only in O(old), in the form of RV(changes.added).
      type: list
      elements: dict
      sample: []
    added:
      description:
        - Flows that are only in O(new). C(source.kind) is V(host), V(network), or V(anyone). C(source.cidrs) are the
          addresses that are new for this port. C(ports) is absent for ICMP. C(ids) are entries of the catalog.
      type: list
      elements: dict
      sample:
        - listener: con1
          source:
            kind: host
            name: fc3
            cidrs: [10.20.3.3/32]
          protocol: tcp
          ports: "443"
          service: Apache HTTPS
          ids: [https]
    others:
      description:
        - What else changed, by host and key of the plan, such as C(unlisted), C(outbound), or C(refused). Changes of
          the whole deployment have no host.
      type: list
      elements: dict
      sample:
        - host: con1
          what: unlisted
          removed: [zone]
          added: [reject]
  sample: {hosts_removed: [], hosts_added: [], removed: [], added: [], others: []}
written:
  description: Whether O(dest) was written with new content, or would be in check mode.
  returned: success
  type: bool
  sample: true
"""
