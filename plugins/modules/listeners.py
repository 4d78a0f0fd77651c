#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.listeners: a thin shell over module_utils/_observe/sockets."""

DOCUMENTATION = r"""
module: listeners
short_description: Compare a host's listening sockets with what the plan expects, or say who uses which port
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Reads the host's TCP and UDP sockets once from C(/proc/net), and the processes behind them in one pass over
    C(/proc). Runs no program and changes nothing.
  - Sees the network namespace that it runs in. Containers with a network of their own are other hosts.
  - A UDP socket on an ephemeral port (C(net.ipv4.ip_local_port_range)) is taken for a client that waits for answers,
    unless O(expected) requires its port or names exactly it.
  - A socket on V(::) also serves IPv4, unless it says otherwise. C(/proc/net) does not show that, so the kernel is
    asked for it over netlink; where it does not answer, the socket is taken to serve both.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  expected:
    description:
      - What should listen, in the form of the plan's C(listeners).
      - Each item has C(id), C(protocol) (V(tcp) or V(udp)) and C(ports) (one port or a range such as V(32000-33999)).
      - C(service) is its name for people.
      - C(bind) says where the socket belongs, V(network), V(loopback) or V(any) (nobody says, neither is wrong),
        which is the default.
      - C(required), by default V(true), says whether its absence is a fault. What is not required is known and
        legitimate when it is there.
      - Where several items name one port, it may be reached as far as the widest of them. An item for a single port
        decides over a range that contains it. Other keys are ignored.
    type: list
    elements: dict
    default: []
  unlisted:
    description: Whether to report what listens on the network without being in O(expected).
    type: bool
    default: true
  ignore:
    description:
      - Ports that the site knows, such as V(8443/tcp) or V(60000-60010/udp). They are never reported as unlisted.
    type: list
    elements: str
    default: []
  return_sockets:
    description: Whether to return all listening sockets as they are, too.
    type: bool
    default: false
  connections:
    description:
      - Whether to return the sockets that are in use, too, in whatever state, with the processes that hold them, as
        far as O(port), O(process) and O(state) ask for them.
    type: bool
    default: false
  port:
    description:
      - Of O(connections), only those with one of these ports at either end, such as V(199), V(514/udp) or
        V(32000-33999/tcp). Without a protocol it is both.
    type: list
    elements: str
    default: []
  process:
    description:
      - Of O(connections), only those that a process with one of these names or process ids holds. A name is the whole
        one, as the kernel keeps it (at most 15 characters).
    type: list
    elements: str
    default: []
  state:
    description:
      - Of O(connections), only those in one of these states, see RV(connections[].state).
    type: list
    elements: str
    default: []
notes:
  - Processes of other users are seen by root only, those of containers in a process namespace of their own from the
    host only. What cannot be seen is V(none), never a guess.
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Is everything there that the plan expects of this host
  jsa.ports.listeners:
    expected: "{{ planned.plan.hosts[inventory_hostname].listeners }}"
    ignore: [9100/tcp]
  register: observed

- name: Name what is missing, or open to the network although it belongs on loopback
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

- name: Who uses port 199
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
      description: What O(expected) calls it. Several where one port serves several purposes, none where it is unlisted.
      type: list
      elements: str
      sample: [ariel_query]
    services:
      description: The names for people that belong to RV(results[].ids).
      type: list
      elements: str
      sample: [Ariel query server]
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    ports:
      description: The port. A range only where O(expected) requires one in which nothing listens.
      type: str
      sample: "32006"
    status:
      description:
        - V(listening), as expected.
        - V(not_listening), nothing is there, or it is for the network but bound to loopback only (RV(results[].bind)).
        - V(exposed), it belongs on loopback and is bound to the network.
        - V(unlisted), it listens on the network and O(expected) does not know it.
      type: str
      sample: listening
    required:
      description: Whether its absence is a fault.
      type: bool
      sample: true
    bind:
      description: Where it listens, V(network), V(loopback), or V(none) where nothing does.
      type: str
      sample: network
    addresses:
      description: The addresses that it is bound to. V(::ffff:127.0.0.1) is V(127.0.0.1) here.
      type: list
      elements: str
      sample: ["::"]
    families:
      description: The address families in which it is reached, V(ipv4), V(ipv6) or both.
      type: list
      elements: str
      sample: [ipv4, ipv6]
    processes:
      description: Who holds the sockets. V(none) where that cannot be seen, empty where nothing listens.
      type: list
      elements: dict
      contains:
        pid:
          description: Process id.
          type: int
          sample: 4711
        name:
          description: Name as the kernel keeps it, of at most 15 characters.
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
summary:
  description: How many results have each status.
  returned: success
  type: dict
  sample: {listening: 21, not_listening: 1, exposed: 0, unlisted: 2}
sockets:
  description: All listening sockets as they are, those on loopback and UDP clients included.
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
      description: Of a socket on V(::), whether it keeps to IPv6. V(none) where that does not apply or is not known.
      type: bool
      sample: false
    uid:
      description: User id of the socket's owner.
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
    - The sockets in use, sorted by protocol and port. One that several processes hold has an item for each.
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
      description: The address at the other end; V(none) where there is none.
      type: str
      sample: 10.0.0.1
    remote_port:
      description: The port at the other end; V(none) where there is none.
      type: int
      sample: 41022
    state:
      description:
        - V(listening); of UDP, which does not listen, a socket that takes datagrams from everybody.
        - V(waiting), such a UDP socket on a port that the kernel chose, so one that waits for answers.
        - V(established); of UDP, a socket with one peer.
        - V(syn_sent), V(syn_received), V(fin_wait1), V(fin_wait2), V(time_wait), V(close), V(close_wait), V(last_ack)
          or V(closing), as TCP calls them.
        - V(other), what this module does not know.
      type: str
      sample: established
    pid:
      description: Process id. V(none) where nobody holds it (V(time_wait)), or where that cannot be seen.
      type: int
      sample: 4711
    process:
      description: Its name, of at most 15 characters.
      type: str
      sample: java
    uid:
      description: User id of the socket's owner.
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

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.compare import compare, summarize
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import read_filter
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError, read_options
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.observe import read_connections, read_listeners
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import TableError


def run(params):
    expected, known = read_options(params["expected"], params["ignore"])
    chosen = read_filter(params["port"], params["process"], params["state"])
    if not params["connections"] and any(chosen):
        raise ExpectationError("port, process and state choose among connections: set connections: true")
    listeners = read_listeners()
    results = compare(listeners, expected, known, params["unlisted"])
    answer = {"changed": False, "results": results, "summary": summarize(results)}
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
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
