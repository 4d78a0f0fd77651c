#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of jsa.ports.page; its action plugin does the work on the controller."""

DOCUMENTATION = r"""
module: page
short_description: Write the plan, and what is known about it, as a page for a browser
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Writes one self-contained C(index.html) with all flows of the plan, their reasons, and a picture of the topology.
    With the result of a check, it also has the verdicts.
  - The page needs no server and no network, and can be read without scripts.
  - Uses the inventory on the controller and contacts no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  dest:
    description: Folder on the controller for C(index.html).
    type: path
    required: true
  title:
    description: The title of the page.
    type: str
    default: Ports of the JSA deployment
  plan_file:
    description: A saved plan that is shown instead of the plan of the inventory.
    type: path
  check:
    description: The result of a check, a C(port_check.json).
    type: path
  baseline:
    description: The result of an earlier check. The page shows what has changed since. Requires O(check).
    type: path
  since:
    description: An earlier plan, as saved by M(jsa.ports.plan). The page shows what has changed since.
    type: path
  learned:
    description: Recorded traffic, a C(learned.json).
    type: path
  zones:
    description:
      - Name of each zone to its CIDRs, for the picture. If zones overlap, the most specific one is used.
      - Without zones, the picture has the networks of the hosts, C(/24) for IPv4 and C(/64) for IPv6.
    type: dict
    default: {}
  discovered:
    description: As in M(jsa.ports.plan).
    type: dict
  discovered_file:
    description: As in M(jsa.ports.plan). The file is not changed.
    type: path
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.report
"""

EXAMPLES = r"""
- name: Write a page with the plan and the verdicts of the last check
  jsa.ports.page:
    dest: report
    check: results/port_check.json
  run_once: true
"""

RETURN = r"""
path:
  description: The path of the page.
  returned: success
  type: str
  sample: report/index.html
flows:
  description: The number of flows on the page. A flow is one peer on one range of ports of one host.
  returned: success
  type: int
  sample: 184
"""
