#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: what happens on the host is done by jsa.ports.firewall.

DOCUMENTATION = r"""
module: preflight_firewall
short_description: Opens a host's firewall for the length of a preflight, and never longer
version_added: 1.0.0
description:
  - Loads the rules of a plan into the running firewall as M(jsa.ports.firewall) does it while they wait for
    their confirmation. Nobody confirms them, so the permanent files stay what they are, to the byte, and the host goes
    back by itself when O(seconds) are over, also when the controller, the connection, or the host itself ends before.
  - A new SSH connection is tried once they are loaded. Where there is none, they are taken back at once.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  state:
    description: V(opened) loads the rules, V(closed) takes them back now.
    type: str
    choices: [opened, closed]
    default: opened
  rules:
    description: As in M(jsa.ports.firewall).
    type: dict
  seconds:
    description: How long the rules stay loaded if nobody takes them back.
    type: int
    default: 300
  pending:
    description:
      - What RV(pending) was when the rules were loaded, for O(state=closed). Without it there is nothing to do.
    type: dict
seealso:
  - module: jsa.ports.firewall
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Open the firewall for five minutes at the most
  jsa.ports.preflight_firewall:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
  register: opened

- name: Close it
  jsa.ports.preflight_firewall:
    state: closed
    pending: "{{ opened.pending | default(omit) }}"
"""

RETURN = r"""
pending:
  description: What to give back to close it; absent where the rules held already.
  returned: when something was changed
  type: dict
  sample:
    id: 0123456789abcdef
    seconds: 300
    ssh: true
    command: [/usr/bin/python3, -I, -S, /var/lib/jsa_ports/firewalld/timer.pyz]
msg:
  description: What the host has since.
  returned: when O(state=closed)
  type: str
  sample: The host is back on the committed rules
"""
