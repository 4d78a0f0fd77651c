#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: why
short_description: Explain why a packet is accepted or rejected
version_added: 1.0.0
description:
  - Returns whether a host or address may connect to a port of a host, with the catalog entries that allow it and the
    rows of the documents that they are based on, or the reasons why not.
  - For a packet to an address outside of the deployment, returns whether it may leave the host.
  - Uses the inventory on the controller and contacts no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  source:
    description: The initiator, a host of the inventory or an IP address.
    type: str
    required: true
  target:
    description: The listener, a host of the inventory or an IP address. One of the two must be in the deployment.
    type: str
    required: true
  port:
    description: The port and protocol, such as V(32006/tcp) or V(514/udp), or V(icmp). The default protocol is TCP.
    type: str
    required: true
  plan_file:
    description:
      - A saved plan that is used instead of computing one. Without an inventory, or with one that has problems, the
        reasons are only those of the plan and the catalog.
    type: path
  discovered:
    description: As in M(jsa.ports.plan).
    type: dict
  discovered_file:
    description: As in M(jsa.ports.plan). The file is not changed.
    type: path
seealso:
  - module: jsa.ports.plan
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Explain why the event processor may connect to port 32006 of the console
  jsa.ports.why:
    source: ep1
    target: con1
    port: 32006/tcp
  run_once: true
"""

RETURN = r"""
decision:
  description:
    - V(accepted), V(refused), or V(not_cataloged). With V(not_cataloged), the catalog does not list the port for this
      host, and RV(unlisted) decides.
  returned: success
  type: str
  sample: accepted
entries:
  description: The catalog entries that accept the packet, with the rows that they are based on.
  returned: success
  type: list
  elements: dict
  sample:
    - id: ariel_query
      service: Ariel queries
      confidence: high
      rests_on:
        - "Juniper Secure Analytics Administration Guide, JSA Port Usage, row 61: both ways"
not_by:
  description: The other catalog entries for this port, and why each does not accept the packet.
  returned: success
  type: list
  elements: dict
  sample:
    - id: data_range
      service: Data flow
      reason: jsa_data_ports is listed
rules:
  description: The rules of the plan that accept the packet.
  returned: success
  type: list
  elements: dict
  sample:
    - protocol: tcp
      ports: "32006"
      sources: [10.0.0.2/32]
      why: [ariel_query]
      source_classes: [event_processor]
management:
  description:
    - Whether the packet is accepted because it comes from one of C(jsa_firewall_management_addresses), which always
      reach the SSH port. The module assumes port 22.
  returned: success
  type: bool
  sample: false
unlisted:
  description:
    - What the host does with packets for ports that the catalog does not list, V(zone), V(reject) or V(drop). V(none)
      if O(target) is outside of the deployment.
  returned: success
  type: str
  sample: zone
leaving:
  description: Whether the packet may leave the source. V(none) if the source is outside of the deployment.
  returned: success
  type: dict
  contains:
    accepted:
      description: Whether it may.
      type: bool
      sample: true
    restricted:
      description: Whether outbound traffic of the source is restricted (C(jsa_firewall_restrict_outbound)).
      type: bool
      sample: false
    rules:
      description: The outbound rules of the plan that accept it.
      type: list
      elements: dict
      sample: []
    because:
      description: Why it is accepted without a rule, V(none) otherwise.
      type: str
      sample: every host needs it
  sample: {accepted: true, restricted: false, rules: [], because: null}
remarks:
  description:
    - Sentences about the addresses. They tell which nodes of an HA pair answer at a virtual address and whether their
      rules differ, and which addresses two hosts use for each other if there is NAT between them.
  returned: success
  type: list
  elements: str
  sample: ["the active node of con1 and con2 answers at 10.0.0.10"]
source:
  description: The value of the option, with the host or the address that it stands for.
  returned: success
  type: str
  sample: ep1
target:
  description: The value of the option, with the host or the address that it stands for.
  returned: success
  type: str
  sample: con1
protocol:
  description: V(tcp), V(udp) or V(icmp).
  returned: success
  type: str
  sample: tcp
port:
  description: The port, or null for ICMP.
  returned: success
  type: int
  sample: 32006
"""
