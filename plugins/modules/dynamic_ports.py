#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: dynamic_ports
short_description: Show and keep which ports the services of a JSA deployment have at present
version_added: 1.0.0
description:
  - Takes what M(jsa.ports.portmap) returned on the hosts of the play, registered as C(jsa_discovered), prints it,
    and keeps it in a file on the controller for later runs.
  - Hosts that are in the file and not in the play stay in it as they are.
  - Run it with C(run_once). With C(jsa_dynamic_ports) set to V(discovered), M(jsa.ports.plan) reads both what
    is registered and the file.
extends_documentation_fragment:
  - jsa.ports.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - The time of a look is part of the file, so that each new look changes it.
options:
  file:
    description: File on the controller, JSON. It is written whole or not at all. A damaged one is an error.
    type: path
  show:
    description: Whether to print the table.
    type: bool
    default: true
seealso:
  - module: jsa.ports.portmap
  - module: jsa.ports.plan
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Ask the port mappers
  jsa.ports.portmap:
  register: jsa_discovered

- name: Keep what they said
  jsa.ports.dynamic_ports:
    file: dynamic_ports.json
  run_once: true
"""

RETURN = r"""
hosts:
  description: The hosts of the play that were asked.
  returned: success
  type: list
  elements: str
  sample: [ep1, ec1]
"""
