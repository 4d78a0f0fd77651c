#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.appliance_iptables: a thin shell over module_utils/_appliance."""

DOCUMENTATION = r"""
module: appliance_iptables
short_description: Make a JSA appliance accept exactly what the plan says, through the product's own files
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Keeps one marked block in C(/opt/qradar/conf/iptables.pre), and one in C(iptables.post) where O(unlisted) asks for
    it, runs the product's own C(/opt/qradar/bin/iptables_update.pl), and proves in the kernel that the rules hold, in
    their order. Every other byte of these files stays what it was, and so do the product's own rules.
  - The block stands behind the lines that the site has in C(iptables.pre), so those decide first, and before all rules
    of the product. It accepts loopback and established connections, then what O(inbound) says, and refuses its ports
    and those of O(refused) to everyone else (administratively prohibited). What it does not name is left to the
    product.
  - IPv6 gets the same block in C(ip6tables.pre), where the product has such a file. Where it has none, and the host has
    IPv6 addresses, every run warns of what that means, see RV(ipv6).
  - The update program runs once at the most, and not at all where everything is right.
  - Rules that are changed have to be confirmed through a new SSH connection, as with M(jsa.ports.firewalld_policy).
    Until then the files are the committed ones, also C(/etc/sysconfig/iptables), which the machine loads when it
    starts.
  - Where the update program fails or does not end, the earlier files are restored, and the earlier rules, if need be
    in the kernel alone.
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
      - V(present) makes the appliance's rules what the other options say.
      - V(absent) removes the blocks. The files are then what they were before the first run.
      - V(previous) goes back to the state that was committed before the current one, see O(steps). The host keeps the
        last five.
    type: str
    choices: [present, absent, previous]
    default: present
  unlisted:
    description:
      - What becomes of packets that neither O(inbound) nor O(refused) names.
      - V(zone) leaves them to the product's own rules.
      - V(reject) and V(drop) end in C(iptables.post) what the product's own rules have not accepted.
    type: str
    choices: [zone, reject, drop]
    default: zone
  update_timeout:
    description:
      - For how many seconds the update program may run. Then it is ended, and the earlier rules are restored.
    type: int
    default: 120
notes:
  - Runs on a host wait for each other for up to two minutes.
  - Nobody but the product's vendor can say whether changes to these files are supported in your case.
seealso:
  - module: jsa.ports.firewalld_policy
  - module: jsa.ports.facts
"""

EXAMPLES = r"""
- name: Apply an appliance's part of a plan
  jsa.ports.appliance_iptables:
    inbound: "{{ planned.plan.hosts[inventory_hostname].inbound }}"
    refused: "{{ planned.plan.hosts[inventory_hostname].refused }}"

- name: Leave no trace
  jsa.ports.appliance_iptables:
    state: absent
"""

RETURN = r"""
actions:
  description: What was, or in check mode would be, changed. C(entries) is always empty, as there are no address sets.
  returned: success
  type: dict
  sample: {created: [iptables.pre], changed: [], removed: [], entries: {}}
reloaded:
  description: Whether the product's update program was, or in check mode would be, run.
  returned: success
  type: bool
  sample: true
reload_reasons:
  description: How what runs, or is loaded at the next start, differs from what is wanted.
  returned: success
  type: list
  elements: str
  sample: ['IPv4: -A INPUT -p tcp --dport 5432 -j REJECT: is missing']
drift:
  description: The same, where the files are right.
  returned: success
  type: list
  elements: str
  sample: []
ipv6:
  description:
    - V(written), V(not in use) (no global address), V(not filtered) (nothing filters IPv6 on this host), or
      V(left to the product) (rules run for IPv6, but none of the plan's).
  returned: success
  type: str
  sample: written
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

from ansible_collections.jsa.ports.plugins.module_utils._backends import run as shell
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.backend import GENERATED, ApplianceBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import UPDATE_SECONDS, Product
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import state_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import QRADAR, appliance_mark
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset


def require_appliance():
    """Raises FirewallError where this is none."""
    if not appliance_mark():
        raise FirewallError(
            "this host is no JSA appliance: it has neither %s/bin/iptables_update.pl nor %s/bin/myver. "
            "Nothing was written" % (QRADAR, QRADAR)
        )


def require_update_program(target, changes):
    """Raises FirewallError where rules have to change and the product cannot load them."""
    program = target.product.update_program
    if changes.any() and target.product.program(program) is None:
        places = ", ".join(target.files.path(name) for name in changes.change + changes.delete)
        left = " Rules of ours are there: in %s." % places if places else ""
        raise FirewallError(
            "the product's program %s is not there, or cannot be run, so no rules can be loaded.%s "
            "Nothing was written. Put the program back and run this again" % (program, left)
        )


def wanted_bodies(params, ruleset, host):
    return {} if params["state"] == "absent" else render(ruleset, host.families)


def warn_of(module, host):
    """What a user must know although nothing is wrong with our own rules."""
    word, warning = verbs.without_ipv6(host)
    if warning:
        module.warn(warning)
    if Client().status().running:
        module.warn(
            "firewalld runs on this appliance. Its unit and iptables.service exclude each other, so the "
            "product's rules may be gone at any time, and what firewalld loads decides as well. Stop it and "
            "load the product's rules anew: systemctl disable --now firewalld && systemctl restart iptables"
        )
    for family in host.families:
        for line in verbs.ahead(host, family):
            module.warn(
                "A rule of the site's own in %s decides before the plan does: %s"
                % (host.files.path(verbs.PRE[family]), line)
            )
    return word


def run(module, product, files):
    """Of *module*, params, check_mode, _diff and warn are used."""
    params = module.params
    connection = find_ssh_connection()
    ruleset = None
    if params["state"] == "present":
        ruleset = build_ruleset(params["inbound"], params["refused"], params["unlisted"], guard_of(params, connection))
    require_appliance()
    target = verbs.Host(product, files)
    host = confirming.Host(ApplianceBackend(target), state_of(ApplianceBackend.name))
    shell.settle(module, host)
    rolled_back = shell.report_rollback(module, host)
    situation = verbs.read(target)
    if params["state"] == "previous":
        wanted = confirming.previous(host.state, situation.bodies, params["steps"]).files
    else:
        wanted = wanted_bodies(params, ruleset, target)
    changes = verbs.decide(target, situation, wanted)
    require_update_program(target, changes)
    result = {
        "changed": changes.any(),
        "actions": verbs.object_actions(changes),
        "reloaded": changes.any(),
        "reload_reasons": changes.reasons,
        "drift": [] if changes.files() else changes.reasons,
        "ipv6": warn_of(module, target),
        "controller": {"address": connection.address, "port": connection.port} if connection else None,
    }
    result.update(rolled_back)
    if module._diff:
        result["diff"] = verbs.before_and_after(target, situation, wanted)
    if changes.any() and not module.check_mode:
        if params["phase"] == "stage":
            candidate = host.backend.candidate(situation, wanted)
            result["pending"] = shell.stage(module, host, product, candidate, connection)[0]
        else:
            verbs.load(target, situation, wanted)
            shell.remember(module, host, situation.bodies, wanted, connection)
    return result


def main():
    module = AnsibleModule(
        argument_spec=dict(shell.OPTIONS, update_timeout={"type": "int", "default": UPDATE_SECONDS}),
        supports_check_mode=True,
    )
    product, files = Product(seconds=module.params["update_timeout"]), Files(QRADAR + "/conf", GENERATED)
    try:
        result = shell.run_alone(module, ApplianceBackend.name, lambda: run(module, product, files))
    except FirewallError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
