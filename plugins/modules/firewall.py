#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.firewall: a thin shell over module_utils/_backends."""

DOCUMENTATION = r"""
module: firewall
short_description: Make a host's firewall accept exactly what the plan says
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Every inbound rule accepts from exactly its sources. Everyone else is rejected on its ports and on the refused ones,
    with an ICMP message (administratively prohibited), so that a probe can tell it from a service that is down. ICMP
    itself is never rejected, and established connections are never cut.
  - With firewalld, keeps one policy object, V(jsa-in), and the address sets that it names (V(jsa-*)), and nothing else.
    The policy decides on packets to the host before any zone does. With outbound rules there is a second policy,
    V(jsa-out). Zones, policies, sets and direct rules of the site are never touched. Works with firewalld's XML files,
    its interface on the system's message bus (or C(firewall-cmd), where there is no bus) and C(nft). Needs firewalld
    0.9.0 or later.
  - On a JSA appliance, keeps one marked block in C(/opt/qradar/conf/iptables.pre), and one in C(iptables.post) where
    unlisted packets are rejected or dropped, and runs the product's own C(/opt/qradar/bin/iptables_update.pl). The
    block stands behind the lines that the site has in C(iptables.pre), so those decide first, and before all rules of
    the product. Every other byte of these files, and the product's own rules, stay what they were. IPv6 gets the same
    block in C(ip6tables.pre), where the product has such a file. Where it has none, and the host has IPv6 addresses,
    every run warns of what that means, see RV(ipv6).
  - What the host's firewall cannot express, such as outbound rules on an appliance, is an error before anything is
    written.
  - A run that changes files ends with at most one reload of firewalld, or one run of the appliance's update program.
    One that only adds or removes peers changes the entries of firewalld's sets, without a reload. One that finds
    everything right writes and loads nothing.
  - Every run that changes something ends with a look at the kernel's rules. Where they are not what was asked for, the
    earlier files are restored, loaded and verified again, and the module fails.
  - The rules of a run that changes something have to be confirmed (O(confirm_timeout)). They are loaded, but the
    permanent files stay what they were, and a timer is armed on the host. Then the controller opens a new SSH
    connection, for an established one proves nothing, and only when that succeeds are the rules written to stay.
    Otherwise the task fails and the host goes back to the rules that it had, by itself if need be, also when the
    module, the session, or the firewall ends, and at once when the host is restarted.
  - Rules that were changed behind the files' back (removed at run time, or files changed without a reload) are put
    right and count as changed.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.host_rules
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
      - V(present) makes the host's rules what O(rules) says.
      - V(absent) removes every trace of this collection from the firewall. A host without a firewall has none.
      - V(previous) goes back to the state that was committed before the current one, see O(steps). The host keeps the
        last five. Every use is a change of its own, so a second rollback undoes the first. A host that never had rules
        of this collection is left alone.
    type: str
    choices: [present, absent, previous]
    default: present
  rules:
    description: Required with O(state=present).
  steps:
    description: How many committed states O(state=previous) goes back.
    type: int
    default: 1
  reload:
    description:
      - Whether firewalld may be reloaded. A reload makes it forget what others changed at run time without making it
        permanent, such as the bans of fail2ban, and load what others wrote to its files (RV(reload_changes)).
      - V(needed) reloads where the rules need it, and says what that changes.
      - V(lossless) does so only where that changes nothing of the site's own. Otherwise the module fails, and nothing
        is written.
      - V(never) fails wherever a reload would be needed. Peers come and go without one.
      - Going back after a failure, or from rules that nobody confirmed, reloads whatever is said here.
    type: str
    choices: [needed, lossless, never]
    default: needed
  offline:
    description:
      - Allow writing the permanent files when firewalld does not run. They take effect when it starts.
    type: bool
    default: false
  update_timeout:
    description:
      - For how many seconds the update program of a JSA appliance may run. Then it is ended, and the earlier rules are
        restored. The timer, which goes back when nobody confirms, always gives it 120.
    type: int
    default: 120
  verify_identity:
    description:
      - Fail, and write nothing, when the host has none of the addresses in C(addresses) of O(rules), so that the
        rules are for another host.
      - Set it to V(false) for a host of which all addresses are translated on the way.
    type: bool
    default: true
  require_controller:
    description:
      - Fail, and write nothing, when the connection begins on the host itself, as through a port forward, and the
        rules' C(management_addresses) are empty. Loopback is always accepted, so such a connection proves nothing.
      - Fail, and write nothing, when the SSH connection that this run comes through cannot be found on the host.
      - Where Ansible's connection to the host is not SSH (local, a container's) it is V(false) unless it is set.
      - Set it to V(false) where the rules' C(management_addresses) name the controller.
    type: bool
    default: true
  confirm_timeout:
    description:
      - For how many seconds the loaded rules wait for the confirmation. Without it the host is back on the committed
        rules when they are over.
      - V(0) writes the rules to stay at once, with a warning.
      - Connections that are not SSH (local, a container's) confirm without a new connection.
    type: int
    default: 60
  confirm_probes:
    description:
      - Probes that have to succeed, with the new rules loaded, before these are confirmed. If one does not, the rules
        are rolled back at once.
      - Each item has C(from), the host of the inventory that sends the probe, and C(port), such as V(32006/tcp) or
        V(514/udp), on the host of the task. It may have C(address), where that is not the host's C(jsa_address) or
        C(ansible_host).
    type: list
    elements: dict
    default: []
  phase:
    description:
      - How the action plugin tells the part of the module that runs on the host whether somebody will confirm. It is
        set for you.
    type: str
    choices: [apply, stage]
    default: apply
  new_connection:
    description:
      - How the action plugin tells the module whether a new SSH connection will confirm, as it does where Ansible's
        connection is SSH. It is set for you.
    type: bool
    default: true
notes:
  - Runs on a host wait for each other for up to two minutes.
  - Nobody but the product's vendor can say whether changes to the files of an appliance are supported in your case.
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.firewall_info
"""

EXAMPLES = r"""
- name: Let the event processor query this host, and everyone send it syslog
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

- name: Close everything else, for all but two administrators
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

- name: Apply this host's part of it, if the console still gets to what it needs
  jsa.ports.firewall:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    confirm_probes:
      - {from: con1, port: 32006/tcp}

- name: Go back to the rules before the last change
  jsa.ports.firewall:
    state: previous
    confirm_timeout: 120

- name: Leave no trace
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
    - Version of firewalld, on an appliance of iptables. V(none) where there was nothing to remove or to go back to.
  returned: success
  type: str
  sample: 1.3.3
actions:
  description: What was, or in check mode would be, changed.
  returned: success
  type: dict
  contains:
    created:
      description: Policies and sets, on an appliance files, that did not have rules of this collection before.
      type: list
      elements: str
      sample: [jsa-event_processor-4, jsa-in]
    changed:
      description: Policies and sets whose files were replaced, on an appliance files whose block was.
      type: list
      elements: str
      sample: [jsa-in]
    removed:
      description: Policies and sets that are not needed any more, on an appliance files whose block was removed.
      type: list
      elements: str
      sample: [jsa-data_node-4]
    entries:
      description: Addresses added to and removed from each set, in the files or in what runs. Empty on an appliance.
      type: dict
      sample: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}
  sample: {created: [], changed: [jsa-event_processor-4], removed: [],
           entries: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}}
reloaded:
  description: Whether firewalld was reloaded, or the update program was run, or in check mode would be.
  returned: success
  type: bool
  sample: false
reload_reasons:
  description: What only loading the rules anew could put right.
  returned: success
  type: list
  elements: str
  sample: ["policy jsa-in is not loaded"]
reload_changes:
  description:
    - What the reload changes, or in check mode would change, of the site's own. V(none) where firewalld does not tell.
  returned: success
  type: list
  elements: str
  sample: ['zone public: rich rule family="ipv4" source address="192.0.2.66" reject, changed at run time only']
drift:
  description: How what ran differed from files that were right. Empty unless somebody changed it at run time.
  returned: success
  type: list
  elements: str
  sample: ["accept tcp 22 from admin (10.9.0.0/16): is missing"]
differences:
  description: What was not as wanted, object by object, in the files and in what ran.
  returned: success
  type: list
  elements: str
  sample: ["has in what runs, policy jsa-in: accept tcp 6000 from anyone"]
openings:
  description:
    - Where a zone or policy of the site opens a port that the rules' C(internal) names. V(none) where firewalld does
      not tell.
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
      description: Names of the catalog's entries for them.
      type: list
      elements: str
      sample: [postgres]
    effective:
      description:
        - Whether it decides before V(jsa-in) does. Where it does not, it lets nobody in as long as that runs.
      type: bool
      sample: false
  sample: [{object: zone public, setting: service postgresql, protocol: tcp, ports: "5432", why: [postgres],
            effective: false}]
ipv6:
  description:
    - V(written), V(not in use) (no global address, or no IPv6 in the kernel), V(not filtered) (nothing filters IPv6 on
      this appliance), or V(left to the product) (rules run for IPv6, but none of the plan's). V(none) where nothing was
      looked at.
  returned: success
  type: str
  sample: written
earlier_controllers:
  description:
    - Addresses of earlier runs that are still accepted on the SSH port, the last one first. See O(keep_controllers).
  returned: success
  type: list
  elements: str
  sample: [10.0.0.251]
controller:
  description: Address of the SSH connection that this run came through, and the host's port; V(none) without one.
  returned: success
  type: dict
  sample: {address: 10.0.0.250, port: 22}
confirmation:
  description: How the rules were confirmed.
  returned: when something was changed and O(confirm_timeout) is not V(0)
  type: dict
  contains:
    by:
      description: V(new connection), or V(same connection) where the connection is not SSH.
      type: str
      sample: new connection
    seconds:
      description: How long it took.
      type: float
      sample: 0.6
  sample: {by: new connection, seconds: 0.6}
rolled_back:
  description: A candidate that was rolled back since the last run, told once.
  returned: when there is one
  type: dict
  contains:
    time:
      description: When, by the host's clock.
      type: str
      sample: "2026-01-31T12:00:00Z"
    controller:
      description: Who had loaded it.
      type: str
      sample: 10.0.0.250
    why:
      description: Why it was rolled back.
      type: str
      sample: it was not confirmed in time
    outcome:
      description: What the host has since.
      type: str
      sample: The host is back on the committed rules
  sample: {time: "2026-01-31T12:00:00Z", controller: 10.0.0.250, why: it was not confirmed in time,
           outcome: The host is back on the committed rules}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._backends.run import run
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError


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
            "confirm_timeout": {"type": "int", "default": 60},
            "confirm_probes": {"type": "list", "elements": "dict", "default": []},
            "phase": {"type": "str", "choices": ["apply", "stage"], "default": "apply"},
            "new_connection": {"type": "bool", "default": True},
        },
        required_if=[("state", "present", ("rules",))],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except FirewallError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
