#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: outward_report
short_description: Print which servers outside answer the console, and fail where one does not
version_added: 1.0.0
description:
  - Prints the results of M(jsa.ports.outward) as a table, failures first, each with its reason and remedy.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  consoles:
    description: Hosts that registered what M(jsa.ports.outward) returned as C(jsa_outward).
    type: list
    elements: str
    required: true
  left_out:
    description: The RV(jsa.ports.outward_targets#module:left_out) to print below.
    type: list
    elements: str
    default: []
seealso:
  - module: jsa.ports.outward
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Say what came of it
  jsa.ports.outward_report:
    consoles: [con1]
  run_once: true
"""

RETURN = r"""
targets:
  description: How many targets there were.
  returned: always
  type: int
  sample: 7
failures:
  description: How many of them failed. The task fails where it is not 0.
  returned: always
  type: int
  sample: 0
"""
