#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.listeners: the interface to module_utils/_observe/sockets."""

DOCUMENTATION = r"""
module: listeners
short_description: Compare a host's listening sockets with the plan, or list the processes that use a port
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Reads the host's TCP and UDP sockets once from C(/proc/net), and their processes in one pass over C(/proc). Runs no
    program and changes nothing.
  - Reads the network namespace that it runs in. A container with its own network counts as another host.
  - A UDP socket on an ephemeral port (C(net.ipv4.ip_local_port_range)) counts as a client that waits for answers,
    unless O(expected) requires its port or names exactly this port.
  - A socket on V(::) also serves IPv4, unless it is restricted to IPv6. C(/proc/net) does not show that, so the module
    asks the kernel over netlink. If the kernel does not answer, the socket counts as serving both.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  expected:
    description:
      - What should listen, in the form of the plan's C(listeners).
      - Each item has C(id), C(protocol) (V(tcp) or V(udp)) and C(ports) (one port or a range such as V(32000-33999)).
      - C(service) is its display name.
      - C(bind) is where the socket should listen, V(network), V(loopback) or V(any) (both are correct). The default is
        V(any).
      - C(required), by default V(true), is whether a missing listener is a fault. A listener that is not required is
        allowed to listen.
      - If several items name the same port, the widest C(bind) applies. An item for a single port takes precedence over
        a range that contains it. Other keys are ignored.
    type: list
    elements: dict
    default: []
  unlisted:
    description: Whether to report ports that listen on the network and are not in O(expected).
    type: bool
    default: true
  ignore:
    description:
      - Ports that the site uses for other purposes, such as V(8443/tcp) or V(60000-60010/udp). They are never reported
        as unlisted.
    type: list
    elements: str
    default: []
  return_sockets:
    description: Whether to also return all listening sockets.
    type: bool
    default: false
  connections:
    description:
      - Whether to also return the sockets that are in use, in any state, with their processes. O(port), O(process) and
        O(state) filter them.
    type: bool
    default: false
  port:
    description:
      - Returns only those O(connections) with one of these ports at either end, such as V(199), V(514/udp) or
        V(32000-33999/tcp). A port without a protocol matches both protocols.
    type: list
    elements: str
    default: []
  process:
    description:
      - Returns only those O(connections) of a process with one of these names or process IDs. A name must match the
        whole name that the kernel has (at most 15 characters).
    type: list
    elements: str
    default: []
  state:
    description:
      - Returns only those O(connections) in one of these states, see RV(connections[].state).
    type: list
    elements: str
    default: []
notes:
  - Only root can read the processes of other users, and only the host can read those of containers with their own
    process namespace. Values that cannot be read are V(none).
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Compare the listening sockets of this host with the plan
  jsa.ports.listeners:
    expected: "{{ planned.plan.hosts[inventory_hostname].listeners }}"
    ignore: [9100/tcp]
  register: observed

- name: Show what is missing, and what listens on the network instead of loopback
  ansible.builtin.debug:
    msg: "{{ observed.results | selectattr('status', 'in', ['not_listening', 'exposed']) }}"

- name: Check two services without a plan
  jsa.ports.listeners:
    expected:
      - id: ariel_query
        protocol: tcp
        ports: "32006"
        bind: network
      - id: postgres
        protocol: tcp
        ports: "5432"
        bind: loopback
    unlisted: false
  become: true

- name: List the processes that use port 199
  jsa.ports.listeners:
    unlisted: false
    connections: true
    port: [199]
  become: true
"""

RETURN = r"""
results:
  description: One item per port, sorted by protocol and port.
  returned: success
  type: list
  elements: dict
  contains:
    ids:
      description: The IDs in O(expected). Several if one port serves several purposes, empty if the port is unlisted.
      type: list
      elements: str
      sample: [ariel_query]
    services:
      description: The display names of RV(results[].ids).
      type: list
      elements: str
      sample: [Ariel query server]
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    ports:
      description: The port, or a range if O(expected) requires a range in which nothing listens.
      type: str
      sample: "32006"
    status:
      description:
        - V(listening), the port listens as expected.
        - V(not_listening), nothing listens, or only on loopback instead of the network (RV(results[].bind)).
        - V(exposed), the port listens on the network instead of loopback.
        - V(unlisted), the port listens on the network and is not in O(expected).
      type: str
      sample: listening
    required:
      description: Whether a missing listener is a fault.
      type: bool
      sample: true
    bind:
      description: Where it listens, V(network), V(loopback), or V(none) if nothing listens.
      type: str
      sample: network
    addresses:
      description: The addresses that it is bound to. V(::ffff:127.0.0.1) is V(127.0.0.1) here.
      type: list
      elements: str
      sample: ["::"]
    families:
      description: The address families in which it can be reached, V(ipv4), V(ipv6) or both.
      type: list
      elements: str
      sample: [ipv4, ipv6]
    processes:
      description: The processes that have the sockets. V(none) if they cannot be read, empty if nothing listens.
      type: list
      elements: dict
      contains:
        pid:
          description: Process ID.
          type: int
          sample: 4711
        name:
          description: Name in the kernel, at most 15 characters.
          type: str
          sample: java
      sample: [{pid: 4711, name: java}]
  sample:
    - ids: [ariel_query]
      services: [Ariel query server]
      protocol: tcp
      ports: "32006"
      status: listening
      required: true
      bind: network
      addresses: ["::"]
      families: [ipv4, ipv6]
      processes: [{pid: 4711, name: java}]
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
summary:
  description: Number of results by status.
  returned: success
  type: dict
  sample: {listening: 21, not_listening: 1, exposed: 0, unlisted: 2}
sockets:
  description: All listening sockets, including those on loopback and UDP clients.
  returned: when O(return_sockets) is V(true)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    address:
      description: The address that it is bound to.
      type: str
      sample: "::"
    port:
      description: The port.
      type: int
      sample: 32006
    v6only:
      description: Whether a socket on V(::) is restricted to IPv6. V(none) if that does not apply or is unknown.
      type: bool
      sample: false
    uid:
      description: User ID of the socket's owner.
      type: int
      sample: 0
    processes:
      description: As in RV(results[].processes).
      type: list
      elements: dict
      sample: [{pid: 4711, name: java}]
  sample:
    - protocol: tcp
      address: "::"
      port: 32006
      v6only: false
      uid: 0
      processes: [{pid: 4711, name: java}]
connections:
  description:
    - The sockets in use, sorted by protocol and port. A socket of several processes has one item for each.
  returned: when O(connections) is V(true)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    local_address:
      description: The address at this end.
      type: str
      sample: 10.0.0.3
    local_port:
      description: The port at this end.
      type: int
      sample: 32006
    remote_address:
      description: The address at the other end, or V(none).
      type: str
      sample: 10.0.0.1
    remote_port:
      description: The port at the other end, or V(none).
      type: int
      sample: 41022
    state:
      description:
        - V(listening), a TCP socket that listens, or a UDP socket that accepts datagrams from all peers.
        - V(waiting), such a UDP socket on an ephemeral port, which waits for answers.
        - V(established), a TCP connection, or a UDP socket with one peer.
        - V(syn_sent), V(syn_received), V(fin_wait1), V(fin_wait2), V(time_wait), V(close), V(close_wait), V(last_ack)
          or V(closing), the states of TCP.
        - V(other), any other state.
      type: str
      sample: established
    pid:
      description: Process ID. V(none) if no process has the socket (V(time_wait)), or if it cannot be read.
      type: int
      sample: 4711
    process:
      description: Name of the process, at most 15 characters.
      type: str
      sample: java
    uid:
      description: User ID of the socket's owner.
      type: int
      sample: 0
  sample:
    - protocol: tcp
      local_address: 10.0.0.3
      local_port: 32006
      remote_address: 10.0.0.1
      remote_port: 41022
      state: established
      pid: 4711
      process: java
      uid: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import read_filter
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError, read_options
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.observe import (
    compared,
    read_connections,
    read_listeners,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import TableError
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def run(params):
    """Reads the sockets and returns the result of the module. Raises ExpectationError and TableError."""
    expected, known = read_options(params["expected"], params["ignore"])
    chosen = read_filter(params["port"], params["process"], params["state"])
    if not params["connections"] and any(chosen):
        raise ExpectationError("port, process and state require connections: true")
    listeners = read_listeners()
    answer = dict(compared(listeners, expected, known, params["unlisted"]), changed=False)
    if params["return_sockets"]:
        answer["sockets"] = listeners.table()
    if params["connections"]:
        answer["connections"] = read_connections(chosen)
    return answer


def main():
    module = AnsibleModule(
        argument_spec={
            "expected": {"type": "list", "elements": "dict", "default": []},
            "unlisted": {"type": "bool", "default": True},
            "ignore": {"type": "list", "elements": "str", "default": []},
            "return_sockets": {"type": "bool", "default": False},
            "connections": {"type": "bool", "default": False},
            "port": {"type": "list", "elements": "str", "default": []},
            "process": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params)
    except (ExpectationError, TableError) as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()
