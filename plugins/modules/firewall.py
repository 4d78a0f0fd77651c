#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.firewall: a thin shell over module_utils/_backends."""

DOCUMENTATION = r"""
module: firewall
short_description: Apply the planned rules to a host's firewall
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Accepts connections to each inbound port only from the sources of its rule. Connections from other sources to these
    ports and to the refused ports are rejected with an ICMP message (administratively prohibited), so that a probe can
    distinguish a rejected port from a stopped service. ICMP is never rejected, and established connections are never
    interrupted.
  - With firewalld, manages the policy V(jsa-in) and the address sets that it uses (V(jsa-*)). With outbound rules, also
    manages the policy V(jsa-out). V(jsa-in) is evaluated before the zones. The site's own zones, policies, sets and
    direct rules are not changed. Uses firewalld's XML files, its D-Bus interface (or C(firewall-cmd) if D-Bus is not
    available) and C(nft). Requires firewalld 0.9.0 or later.
  - On a JSA appliance, manages one marked block in C(/opt/qradar/conf/iptables.pre), and one in C(iptables.post) if
    unlisted packets are rejected or dropped, and runs the product's program C(/opt/qradar/bin/iptables_update.pl). The
    block follows the site's own lines in C(iptables.pre) and precedes all rules of the product, so the site's lines
    are evaluated first. The rest of these files and the product's own rules are not changed. IPv6 rules are written to
    C(ip6tables.pre) if the product has this file. If it does not, and the host has IPv6 addresses, each run returns
    a warning, see RV(ipv6).
  - If the host's firewall does not support a rule, such as outbound rules on an appliance, the module fails before it
    writes anything.
  - Reloads firewalld, or runs the appliance's update program, at most once. If only peers are added or removed, the
    entries of firewalld's sets are changed without a reload. If everything is as requested, nothing is written or
    loaded.
  - Verifies the kernel's rules after each change. If they are not as requested, the earlier files are restored, loaded
    and verified, and the module fails.
  - Changed rules must be confirmed within O(confirm_timeout). The module loads them without changing the permanent
    files, and starts a timer on the host. The controller then opens a new SSH connection, because an established
    connection does not prove that the rules accept new ones. If it succeeds, the permanent files are written.
    Otherwise, the task fails and the rules are rolled back. The timer also rolls them back if the module, the session,
    or the firewall ends. After a restart, the host starts with the committed rules.
  - Corrects rules that were changed outside of this module, such as rules that were removed at run time and files that
    were changed without a reload, and reports this as a change.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.host_rules
  - jsa.ports.loading
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
      - V(present) applies O(rules).
      - V(absent) removes all rules of this collection from the firewall. A host without a firewall is not changed.
      - V(previous) restores the rules that were committed before the current ones, see O(steps). The host keeps the
        last five committed states. Each rollback is itself a change, so a second rollback undoes the first. A host that
        never had rules of this collection is not changed.
    type: str
    choices: [present, absent, previous]
    default: present
  rules:
    description: Required with O(state=present).
  steps:
    description: Number of committed states that O(state=previous) goes back.
    type: int
    default: 1
  confirm_timeout:
    description:
      - Number of seconds that the loaded rules wait for the confirmation. If they are not confirmed in time, the host
        rolls back to the committed rules.
      - V(0) makes the rules permanent without a confirmation, with a warning.
      - If the connection is not SSH (local, a container's), the rules are confirmed without a new connection.
    type: int
    default: 60
  confirm_probes:
    description:
      - Probes that must succeed with the new rules loaded before the rules are confirmed. If a probe fails, the rules
        are rolled back at once.
      - Each item has C(from), the inventory host that sends the probe, and C(port), such as V(32006/tcp) or
        V(514/udp), on the host of the task. C(address) overrides the address to probe, which is the C(jsa_address)
        or C(ansible_host) of the host, or its C(jsa_public_address) if C(from) is outside of its NAT group.
    type: list
    elements: dict
    default: []
  phase:
    description:
      - Whether the rules will be confirmed. Set by the action plugin, do not use it.
    type: str
    choices: [apply, stage]
    default: apply
  new_connection:
    description:
      - Whether a new SSH connection will confirm the rules. Set by the action plugin, do not use it.
    type: bool
    default: true
notes:
  - Concurrent runs on a host wait for each other for up to two minutes.
  - Ask the product's vendor whether it supports changes to the files of an appliance in your case.
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.firewall_info
"""

EXAMPLES = r"""
- name: Accept queries from the event processors, and syslog from everyone
  jsa.ports.firewall:
    rules:
      inbound:
        - protocol: tcp
          ports: "32006"
          sources: [10.0.0.3/32, 10.0.0.4/32]
          why: [ariel_query]
          source_classes: [event_processor]
        - protocol: udp
          ports: "514"
          sources: [0.0.0.0/0, "::/0"]
          why: [syslog]
      refused:
        - protocol: tcp
          ports: "5432"
          why: [postgres]

- name: Reject all connections except SSH from two administrators
  jsa.ports.firewall:
    rules:
      inbound: []
      refused: []
      unlisted: reject
      management_addresses: [192.0.2.10/32, 192.0.2.11/32]

- name: Compute the plan of the deployment
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Apply the rules of this host, and confirm them only if the console can still connect
  jsa.ports.firewall:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    confirm_probes:
      - {from: con1, port: 32006/tcp}

- name: Try the rules of this host without rejecting anything
  jsa.ports.firewall:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    refuse: log

- name: Restore the rules before the last change
  jsa.ports.firewall:
    state: previous
    confirm_timeout: 120

- name: Remove all rules of this collection
  jsa.ports.firewall:
    state: absent
"""

RETURN = r"""
backend:
  description: The firewall of the host, V(firewalld) or V(appliance).
  returned: success
  type: str
  sample: firewalld
version:
  description:
    - Version of firewalld, or of iptables on an appliance. V(none) if there was nothing to remove or to restore.
  returned: success
  type: str
  sample: 1.3.3
actions:
  description: What was changed, or would be changed in check mode.
  returned: success
  type: dict
  contains:
    created:
      description: Policies and sets that were created. On an appliance, files that got a block.
      type: list
      elements: str
      sample: [jsa-event_processor-4, jsa-in]
    changed:
      description: Policies and sets whose files were replaced. On an appliance, files whose block was replaced.
      type: list
      elements: str
      sample: [jsa-in]
    removed:
      description: Policies and sets that were removed. On an appliance, files whose block was removed.
      type: list
      elements: str
      sample: [jsa-data_node-4]
    entries:
      description: Addresses added to and removed from each set, in the files or at run time. Empty on an appliance.
      type: dict
      sample: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}
  sample: {created: [], changed: [jsa-event_processor-4], removed: [],
           entries: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}}
reloaded:
  description: Whether firewalld was reloaded or the update program was run, or would be in check mode.
  returned: success
  type: bool
  sample: false
reload_reasons:
  description: Why the rules had to be reloaded.
  returned: success
  type: list
  elements: str
  sample: ["policy jsa-in is not loaded"]
reload_changes:
  description:
    - What the reload changes, or would change in check mode, of the site's own. V(none) if it is not known.
  returned: success
  type: list
  elements: str
  sample: ['zone public: rich rule family="ipv4" source address="192.0.2.66" reject, changed at run time only']
drift:
  description: How the running rules differed from the files, if the files were as requested.
  returned: success
  type: list
  elements: str
  sample: ["accept tcp 22 from admin (10.9.0.0/16): is missing"]
differences:
  description: Differences between the requested rules and the host, by object, in the files and in the running rules.
  returned: success
  type: list
  elements: str
  sample: ["has in the running rules, policy jsa-in: accept tcp 6000 from anyone"]
openings:
  description:
    - Zones and policies of the site that open a port in C(internal) of O(rules). V(none) if it is not known.
  returned: success
  type: list
  elements: dict
  contains:
    object:
      description: The zone or policy.
      type: str
      sample: zone public
    setting:
      description: What opens the port.
      type: str
      sample: service postgresql
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    ports:
      description: The ports.
      type: str
      sample: "5432"
    why:
      description: IDs of the catalog entries for the ports.
      type: list
      elements: str
      sample: [postgres]
    effective:
      description:
        - Whether it is evaluated before V(jsa-in). If not, it accepts no packets while V(jsa-in) is loaded.
      type: bool
      sample: false
  sample: [{object: zone public, setting: service postgresql, protocol: tcp, ports: "5432", why: [postgres],
            effective: false}]
refused_peers:
  description:
    - Peers with an open connection whose new connections the changed rules reject (O(learned)). Empty if nothing
      changes.
  returned: success
  type: list
  elements: dict
  contains:
    peer:
      description: The address of the peer.
      type: str
      sample: 203.0.113.9
    protocol:
      description: V(tcp).
      type: str
      sample: tcp
    port:
      description: The port of this host.
      type: int
      sample: 443
  sample: [{peer: 203.0.113.9, protocol: tcp, port: 443}]
refused_recorded:
  description:
    - Recorded sources that the changed rules reject and the present rules do not (O(learned)), at most 1000. The items
      are like those of RV(jsa.ports.traffic#module:traffic.inbound), without C(process). Empty if nothing changes.
  returned: success
  type: list
  elements: dict
  sample: [{peer: 203.0.113.9, protocol: udp, port: 514, connections: 12, last_seen: "2026-11-30T17:02:11Z"}]
refuse:
  description:
    - Whether the rules of the host reject (V(enforce)) or not (V(log)), see O(refuse). V(none) if there are none.
  returned: success
  type: str
  sample: enforce
ipv6:
  description:
    - V(written), V(not in use) (no global address, or no IPv6 in the kernel), V(not filtered) (nothing filters IPv6 on
      this appliance), or V(left to the product) (IPv6 is filtered, but not by rules of the plan). V(none) if it was not
      examined.
  returned: success
  type: str
  sample: written
earlier_controllers:
  description:
    - Controller addresses of earlier runs that are still accepted on the SSH port, latest first (O(keep_controllers)).
  returned: success
  type: list
  elements: str
  sample: [10.0.0.251]
controller:
  description: Client address and server port of this run's SSH connection. V(none) if there is none.
  returned: success
  type: dict
  sample: {address: 10.0.0.250, port: 22}
confirmation:
  description: How the rules were confirmed.
  returned: when something was changed and O(confirm_timeout) is not V(0)
  type: dict
  contains:
    by:
      description: V(new connection), or V(same connection) if the connection is not SSH.
      type: str
      sample: new connection
    seconds:
      description: How long it took.
      type: float
      sample: 0.6
  sample: {by: new connection, seconds: 0.6}
rolled_back:
  description: Rules that were rolled back since the last run. Returned once.
  returned: when rules were rolled back since the last run
  type: dict
  contains:
    time:
      description: Time of the rollback, by the host's clock.
      type: str
      sample: "2026-01-31T12:00:00Z"
    controller:
      description: Address of the controller that loaded the rules.
      type: str
      sample: 10.0.0.250
    why:
      description: Why the rules were rolled back.
      type: str
      sample: it was not confirmed in time
    outcome:
      description: Rules of the host after the rollback.
      type: str
      sample: The host is back on the committed rules
  sample: {time: "2026-01-31T12:00:00Z", controller: 10.0.0.250, why: it was not confirmed in time,
           outcome: The host is back on the committed rules}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._backends.run import run
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.root import require_root
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def main():
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": ["auto", "firewalld", "appliance"], "default": "auto"},
            "state": {"type": "str", "choices": ["present", "absent", "previous"], "default": "present"},
            "rules": {"type": "dict"},
            "steps": {"type": "int", "default": 1},
            "reload": {"type": "str", "choices": ["needed", "lossless", "never"], "default": "needed"},
            "offline": {"type": "bool", "default": False},
            "update_timeout": {"type": "int", "default": 120},
            "require_controller": {"type": "bool", "default": True},
            "verify_identity": {"type": "bool", "default": True},
            "ssh_port": {"type": "int"},
            "keep_controllers": {"type": "int", "default": 3},
            "respect_denials": {"type": "bool", "default": False},
            "refuse": {"type": "str", "choices": ["enforce", "log"], "default": "enforce"},
            "learned": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
            "confirm_timeout": {"type": "int", "default": 60},
            "confirm_probes": {"type": "list", "elements": "dict", "default": []},
            "phase": {"type": "str", "choices": ["apply", "stage"], "default": "apply"},
            "new_connection": {"type": "bool", "default": True},
        },
        required_if=[("state", "present", ("rules",))],
        supports_check_mode=True,
    )
    try:
        require_root()
        result = run(module)
    except FirewallError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(result))


if __name__ == "__main__":
    main()
