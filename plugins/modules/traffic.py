#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.traffic: the interface to module_utils/_observe/traffic.

The action plugin of the same name adds the ports that the catalog lists for the roles of the host.
"""

DOCUMENTATION = r"""
module: traffic
short_description: Record who contacts a host, and whom it contacts
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Adds a table C(inet jsa_ports_learn) to nftables that records the peer, the protocol, and the port of each new TCP
    or UDP connection, IPv4 and IPv6, in both directions. The kernel keeps the record in sets of a limited size.
  - The table accepts every packet. It does not change what the other rules of the host do, and writes no log. It
    records before the firewall decides, so it also contains the peers that the firewall rejects.
  - Inbound, it records the ports that the catalog lists for the roles of the host or that O(rules) lists, and the ports
    on which a service listens. Packets to all other ports are not recorded, so a scan of all ports does not fill the
    sets. Outbound, it records all ports. Loopback is not recorded.
  - Of a range of more than 16 ports, such as V(32000-33999), it records only those ports on which a service listened
    when the module ran. Run it again after services have started. Ports are added, and never removed.
  - Reloading or restarting firewalld, and the product's own iptables rules, do not affect the table. If it was removed
    by others, for example with C(nft flush ruleset), or by a restart of the host, RV(traffic.gaps) contains the time of
    which there is no record.
  - On a host without nft, and with O(state=now), it returns the connections of the moment, and changes nothing.
extends_documentation_fragment:
  - jsa.ports.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) records, and returns what is recorded.
      - V(absent) removes the table, the unit of O(persistent), and everything that the module has saved.
      - V(read) returns what is recorded, and changes nothing.
      - V(now) returns the open connections and those that the kernel tracks, and changes nothing.
    type: str
    choices: [present, absent, read, now]
    default: present
  rules:
    description:
      - The rules of the host, as M(jsa.ports.plan) returns them in C(plan.hosts). Inbound, the ports of C(inbound),
        C(refused), and C(listeners) are recorded. All other keys are ignored.
      - Without it, the ports are those that the catalog lists for the roles of the host, which it has by its groups or
        C(jsa_roles). This requires no plan and no C(jsa_networks). A host without a role is skipped, unless
        O(state=absent).
    type: dict
  ports:
    description: Further inbound ports to record, such as V(8443/tcp) or V(60000-60010/udp).
    type: list
    elements: str
    default: []
  entries:
    description:
      - The maximum number of entries in each of the four sets, inbound and outbound, IPv4 and IPv6. An entry is a peer
        with a protocol and a port. An entry takes about 200 bytes of the kernel's memory.
      - Connections that do not fit are counted in RV(traffic.not_recorded).
      - If it changes, the recorded entries are kept.
    type: int
    default: 65535
  days:
    description: The number of days for which an entry is kept after its last connection.
    type: int
    default: 30
  persistent:
    description:
      - Whether the record continues after a restart of the host. This adds a systemd unit
        C(jsa-ports-learn.service), which saves the entries when the host stops.
      - Without it, or on a host without systemd, a restart ends the recording.
    type: bool
    default: false
notes:
  - Requires root.
  - While the table exists, the kernel tracks connections, as with every stateful firewall.
  - Traffic that the host forwards, such as that for published ports of containers, is not recorded.
  - Requires nftables 0.9.3 or later. If nft or the kernel cannot create the table, the module returns the connections
    of the moment, and RV(traffic.notes) contains the reason.
seealso:
  - module: jsa.ports.listeners
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Record who contacts this host
  jsa.ports.traffic:
  become: true

- name: Record for a week, also across restarts of the host
  jsa.ports.traffic:
    days: 7
    persistent: true
  become: true

- name: Record the ports of a plan, and two more
  jsa.ports.traffic:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    ports: [9100/tcp, 161/udp]
  become: true

- name: Read what is recorded
  jsa.ports.traffic:
    state: read
  become: true
  register: recorded

- name: Show who contacted port 514
  ansible.builtin.debug:
    msg: "{{ recorded.traffic.inbound | selectattr('port', 'eq', 514) | map(attribute='peer') | unique }}"

- name: Look at the connections of this moment, without any change
  jsa.ports.traffic:
    state: now
  become: true

- name: Stop recording, and remove the record
  jsa.ports.traffic:
    state: absent
  become: true
"""

RETURN = r"""
traffic:
  description: What is recorded, or the connections of the moment.
  returned: success
  type: dict
  contains:
    state:
      description:
        - V(recording), the table records.
        - V(now), these are the connections of the moment.
        - V(absent), nothing records. If others removed the table, the entries that were saved before are returned.
      type: str
      sample: recording
    since:
      description: Since when the record exists, in UTC, or V(none).
      type: str
      sample: "2026-11-25T05:10:00Z"
    gaps:
      description: The times of which there is no record.
      type: list
      elements: dict
      contains:
        from:
          description: When the gap began at the earliest, in UTC, or V(none).
          type: str
          sample: "2026-11-26T10:00:00Z"
        to:
          description: When it ended, in UTC.
          type: str
          sample: "2026-11-26T11:30:00Z"
        reason:
          description: The cause of the gap.
          type: str
          sample: The table was removed by others, for example by nft flush ruleset
      sample: []
    not_recorded:
      description: The number of connections that did not fit.
      type: int
      sample: 0
    capacity:
      description: The maximum number of entries in each set.
      type: int
      sample: 65535
    inbound:
      description: Who contacted this host, sorted by protocol, port, and address. Open connections are included.
      type: list
      elements: dict
      contains:
        peer:
          description: The address of the other host.
          type: str
          sample: 10.1.0.5
        protocol:
          description: V(tcp) or V(udp).
          type: str
          sample: tcp
        port:
          description: The port of this host, or of the other host in RV(traffic.outbound).
          type: int
          sample: 514
        connections:
          description:
            - The number of connections, or V(none) if it is not known. A rejected peer is counted at each attempt.
            - For UDP, the number of datagrams up to the first answer. Syslog gets none, so each datagram counts.
          type: int
          sample: 12
        last_seen:
          description: The time of the last new connection, or of the module's run if one is open. V(none) if unknown.
          type: str
          sample: "2026-11-30T17:02:11Z"
        process:
          description: The process that listens on the port, or that is connected. V(none) if it is not known.
          type: str
          sample: ecs-ec
      sample:
        - peer: 10.1.0.5
          protocol: tcp
          port: 514
          connections: 12
          last_seen: "2026-11-30T17:02:11Z"
          process: ecs-ec
    outbound:
      description: Whom this host contacted. The items are like those of RV(traffic.inbound).
      type: list
      elements: dict
      sample: []
    established:
      description: The peers that have an open connection to this host.
      type: list
      elements: dict
      sample: [{peer: 10.1.0.5, protocol: tcp, port: 22}]
    staged:
      description:
        - With O(jsa.ports.firewall#module:refuse=log), what the host accepted or sent that the rules would reject, by
          the table C(inet jsa_ports_staged). V(none) if the rules are enforced, and with O(state=now) and
          O(state=absent).
      type: dict
      contains:
        since:
          description: Since when the record exists, in UTC, or V(none) if it is not known.
          type: str
          sample: "2026-11-25T05:10:00Z"
        not_recorded:
          description: The number of connections that did not fit.
          type: int
          sample: 0
        inbound:
          description: The items are like those of RV(traffic.inbound).
          type: list
          elements: dict
          sample: []
        outbound:
          description: The items are like those of RV(traffic.inbound).
          type: list
          elements: dict
          sample: []
      sample: {since: "2026-11-25T05:10:00Z", not_recorded: 0, inbound: [], outbound: []}
    notes:
      description: What could not be recorded or read, and why.
      type: list
      elements: str
      sample: []
  sample:
    state: recording
    since: "2026-11-25T05:10:00Z"
    gaps: []
    not_recorded: 0
    capacity: 65535
    inbound:
      - peer: 10.1.0.5
        protocol: tcp
        port: 514
        connections: 12
        last_seen: "2026-11-30T17:02:11Z"
        process: ecs-ec
    outbound: []
    established: [{peer: 10.1.0.5, protocol: tcp, port: 22}]
    staged: null
    notes: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.root import require_root
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import run as states
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import (
    gathered,
    joined_ports,
    ports_of_rules,
    ports_of_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable

_STATES = {"present": states.present, "absent": states.absent, "read": states.read, "now": states.now}
_MOST_DAYS = 3650
_MOST_ENTRIES = 4194304


def order_of(params, check):
    """The options as one value. Raises FirewallError."""
    for name, most in (("entries", _MOST_ENTRIES), ("days", _MOST_DAYS)):
        if not 1 <= params[name] <= most:
            raise FirewallError("%s: %d is not from 1 to %d" % (name, params[name], most))
    rules = ports_of_rules(params["rules"]) if params["rules"] else gathered(())
    ports = joined_ports(rules, ports_of_texts(params["ports"]))
    return states.Order(ports, params["entries"], params["days"], params["persistent"], check)


def run(params, check, host):
    """The module's result. Raises FirewallError."""
    order = order_of(params, check)
    before = states.before_lines(host) if params["state"] in ("present", "absent") else []
    changed, traffic, after = _STATES[params["state"]](host, order)
    answer = {"changed": changed, "traffic": traffic}
    if params["state"] in ("present", "absent"):
        texts = ["".join(line + "\n" for line in lines) for lines in (before, after)]
        answer["diff"] = {"before": texts[0], "after": texts[1]}
    return answer


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent", "read", "now"], "default": "present"},
            "rules": {"type": "dict"},
            "ports": {"type": "list", "elements": "str", "default": []},
            "entries": {"type": "int", "default": 65535},
            "days": {"type": "int", "default": 30},
            "persistent": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        require_root()
        answer = run(module.params, module.check_mode, states.Host.this())
    except FirewallError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()
