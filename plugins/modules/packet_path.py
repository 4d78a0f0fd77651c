#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.packet_path: the interface to module_utils/_observe/packets."""

DOCUMENTATION = r"""
module: packet_path
short_description: Evaluate a host's rules and routes for the packets of a flow
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Evaluates all rules of the kernel (firewalld's zones, policies and direct rules, and other tables) for the first
    packet of each flow and for its answer. Returns the rule that rejects or drops a packet.
  - Returns the addresses of the host, whether it has a route to the peer, whether a connection of that peer is half
    open because the answer was lost, and whether the queue of a service is full.
  - Changes nothing and sends nothing. Requires root and C(nft) to read the rules.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  flows:
    description:
      - The flows to evaluate. Each item has C(own) and C(peer) (addresses of this host and of the other host), C(role)
        (V(listener) or V(initiator), the role of this host), C(protocol) (V(tcp), V(udp) or V(icmp)) and C(port) (the
        port of the listener, absent for ICMP).
      - Any other key is returned with the result.
    type: list
    elements: dict
    default: []
notes:
  - The module assumes that packets arrive on the interface to which the host's routes send the answer.
  - Conditions that do not depend on the packet alone, such as a rate or a mark, cannot be evaluated. The decision is
    then V(unknown), unless both branches have the same result.
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.port_verdicts
"""

EXAMPLES = r"""
- name: Evaluate whether this host accepts queries of the console
  jsa.ports.packet_path:
    flows:
      - {role: listener, own: 10.0.0.3, peer: 10.0.0.1, protocol: tcp, port: 32006}
  register: path

- name: Show the rule that decides
  ansible.builtin.debug:
    msg: "{{ path.flows[0].question.decision }}: {{ path.flows[0].question.rule }}"
"""

RETURN = r"""
addresses:
  description: The host's own addresses, without loopback and link-local ones. V(none) if they cannot be read.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address.
      type: str
      sample: 10.0.0.3
    prefix:
      description: Prefix length of its network.
      type: int
      sample: 24
    interface:
      description: The interface that has it.
      type: str
      sample: eth0
  sample: [{address: 10.0.0.3, prefix: 24, interface: eth0}]
flows:
  description: One item per flow, in the order of O(flows), with all keys of the flow.
  returned: success
  type: list
  elements: dict
  contains:
    question:
      description:
        - What this host does with the initiator's first packet, and the rule that decides, if any. C(decision) is
          V(accept), V(drop), V(reject) or V(unknown). With V(unknown), C(rule) is the rule that may reject or drop
          the packet.
      type: dict
      sample: {decision: drop, rule: "table inet site, chain input: tcp dport 32006 drop"}
    answer:
      description: The same for the listener's answer.
      type: dict
      sample: {decision: accept, rule: null}
    route:
      description: Whether the host has a route to the peer.
      type: bool
      sample: true
    half_open:
      description:
        - For the listener of a TCP flow, whether a handshake of that peer is incomplete. Up to a minute after the peer
          has given up, this means that its packet arrived and the answer was lost.
      type: bool
      sample: false
    backlog:
      description: For the listener of a TCP flow, the full queue of a service that accepts no more connections.
      type: dict
      sample: {waiting: 129, limit: 128}
    ignored:
      description: For the listener of an ICMP flow, whether the kernel is configured not to answer.
      type: bool
      sample: false
  sample:
    - role: listener
      own: 10.0.0.3
      peer: 10.0.0.1
      protocol: tcp
      port: 32006
      question: {decision: drop, rule: "table inet site, chain input: tcp dport 32006 drop"}
      answer: {decision: accept, rule: null}
      route: true
      half_open: false
      backlog: null
      ignored: false
obstacle:
  description: Why the rules, or some of them, could not be read.
  returned: success
  type: str
  sample: "nft: the program is not there"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import FlowError, read_flows
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import Look
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def main():
    module = AnsibleModule(
        argument_spec={"flows": {"type": "list", "elements": "dict", "default": []}},
        supports_check_mode=True,
    )
    try:
        flows = read_flows(module.params["flows"])
    except FlowError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(changed=False, **plain(Look().result(flows)))


if __name__ == "__main__":
    main()
