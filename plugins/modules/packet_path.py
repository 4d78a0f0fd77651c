#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.packet_path: a thin shell over module_utils/_observe/packets."""

DOCUMENTATION = r"""
module: packet_path
short_description: Say what a host's own rules and kernel do with the packets of a flow
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Follows the first packet of each flow, and its answer, through every rule that the kernel has, whoever made it
    (firewalld's zones, policies and direct rules, tables of the site's own), and names the rule that refuses it.
  - Says which addresses the host has, whether it knows a way back to the peer, whether a connection of that peer stands
    half open because the answer was lost, and whether a service takes no more connections.
  - Changes nothing and sends nothing. Needs root and C(nft) for the rules.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  flows:
    description:
      - What to look at. Each item has C(own) and C(peer) (addresses of this host and of the other one), C(role)
        (V(listener) or V(initiator), what this host is in it), C(protocol) (V(tcp), V(udp) or V(icmp)) and C(port), the
        listener's, absent for ICMP.
      - Any other key is returned with the result.
    type: list
    elements: dict
    default: []
notes:
  - Packets are taken to come in where the host's routes send the answer.
  - What a rule asks and a packet does not tell beforehand, such as a rate or a mark, is not known; the decision is then
    V(unknown), unless both ways end the same.
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.port_verdicts
"""

EXAMPLES = r"""
- name: Would this host let the console query it
  jsa.ports.packet_path:
    flows:
      - {role: listener, own: 10.0.0.3, peer: 10.0.0.1, protocol: tcp, port: 32006}
  register: path

- name: Name the rule that does not
  ansible.builtin.debug:
    msg: "{{ path.flows[0].question.decision }}: {{ path.flows[0].question.rule }}"
"""

RETURN = r"""
addresses:
  description: The host's own addresses, without loopback and link-local ones. V(none) where the kernel does not tell.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address.
      type: str
      sample: 10.0.0.3
    prefix:
      description: Length of its network's prefix.
      type: int
      sample: 24
    interface:
      description: The interface that has it.
      type: str
      sample: eth0
  sample: [{address: 10.0.0.3, prefix: 24, interface: eth0}]
flows:
  description: One item per flow, in the order of O(flows), with everything that the flow was given.
  returned: success
  type: list
  elements: dict
  contains:
    question:
      description:
        - What becomes of the initiator's first packet on this host, and the rule that says so, if one does.
          C(decision) is V(accept), V(drop), V(reject) or V(unknown); with V(unknown), C(rule) is the one that may
          refuse.
      type: dict
      sample: {decision: drop, rule: "table inet site, chain input: tcp dport 32006 drop"}
    answer:
      description: The same of the listener's answer.
      type: dict
      sample: {decision: accept, rule: null}
    route:
      description: Whether the host has a route to the peer.
      type: bool
      sample: true
    half_open:
      description:
        - Of the listener of a TCP flow, whether a connection of that peer waits for the end of its handshake. A minute
          long after the peer has given up, that means that its packet arrived and the answer did not.
      type: bool
      sample: false
    backlog:
      description: Of the listener of a TCP flow, the queue of a service that takes no more connections.
      type: dict
      sample: {waiting: 129, limit: 128}
    ignored:
      description: Of the listener of an ICMP flow, whether the kernel was told not to answer.
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
  description: Why the rules are not known, or not all of them.
  returned: success
  type: str
  sample: "nft: the program is not there"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import FlowError, Look, read_flows


def main():
    module = AnsibleModule(
        argument_spec={"flows": {"type": "list", "elements": "dict", "default": []}},
        supports_check_mode=True,
    )
    try:
        flows = read_flows(module.params["flows"])
    except FlowError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **Look().result(flows))


if __name__ == "__main__":
    main()
