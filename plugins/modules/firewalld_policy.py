#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.firewalld_policy: a thin shell over module_utils/_firewalld."""

DOCUMENTATION = r"""
module: firewalld_policy
short_description: Make a host's firewalld accept exactly what the plan says
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Keeps one policy object, V(jsa-in), and the address sets that it names (V(jsa-*)) in firewalld, and nothing else.
    The policy decides on packets to the host before any zone does. Zones, policies, sets and direct rules of the site
    are never touched.
  - With O(outbound) there is a second policy, V(jsa-out), which decides on what leaves the host.
  - Every inbound rule accepts from exactly its sources; everyone else is refused on its ports and on the refused ones,
    with an ICMP message (administratively prohibited), so that a probe can tell it from a service that is down. ICMP
    itself is never refused, established connections are never cut.
  - Works with firewalld's XML files, its interface on the system's message bus (or C(firewall-cmd), where there is no
    bus) and C(nft). Imports nothing from firewalld. Needs firewalld 0.9.0 or later.
  - A run that changes files ends with at most one C(firewall-cmd --reload); one that only adds or removes peers changes
    the entries of sets, without a reload; one that finds everything right writes and reloads nothing.
  - Every run that changes something ends with a look at the kernel's rules. Where they are not what was asked for, the
    earlier files are restored, loaded and proven again, and the module fails.
  - The rules of a run that changes something have to be confirmed (O(confirm_timeout)). They are loaded, but the
    permanent files stay what they were, and a timer is armed on the host. Then the controller opens a new SSH
    connection, for an established one proves nothing, and only when that succeeds are the rules written to stay.
    Otherwise the task fails and the host goes back to the rules that it had, by itself if need be, also when the
    module, the session, or firewalld ends, and at once when the host is restarted.
  - A firewall that was changed behind the files' back (rules removed at run time, files changed without a reload) is
    put right and counts as changed.
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
      - V(present) makes the host's rules what the other options say.
      - V(absent) removes every object of this collection from firewalld. A host without firewalld has none.
      - V(previous) goes back to the state that was committed before the current one, see O(steps). The host keeps the
        last five. Every use is a change of its own, so that the next one goes forth again. A host that never had
        rules of this collection is left alone.
    type: str
    choices: [present, absent, previous]
    default: present
  outbound:
    description:
      - What the host may contact, in the form of the plan's C(outbound). Everything else that leaves it is refused.
        Not set, nothing is said about what leaves the host.
      - Each item has C(protocol) (V(tcp), V(udp) or V(icmp)), C(ports) and C(destinations) (CIDRs), and may have C(why)
        and C(destination_classes).
      - Answers on established connections, loopback, ICMP, DHCP, whatever goes to the controllers by TCP, and questions
        to name servers (53) are always possible; an item for port 53 itself says which name servers.
      - What a container's bridge forwards does not leave the host in this sense.
    type: list
    elements: dict
  internal:
    description:
      - Ports that nobody outside of the deployment contacts, in the form of the plan's C(internal). Nothing is done
        about them; RV(openings) says where the site's own zones open one of them.
    type: list
    elements: dict
    default: []
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
  unlisted:
    description:
      - What becomes of packets that neither O(inbound) nor O(refused) names.
      - V(zone) leaves them to the site's zones.
      - V(reject) and V(drop) end them here, but for ICMP, answers to DHCP requests (68/udp, and 546/udp from link-local
        addresses), established connections and loopback.
    type: str
    choices: [zone, reject, drop]
    default: zone
  offline:
    description:
      - Allow writing the permanent files when firewalld does not run. They take effect when it starts.
    type: bool
    default: false
notes:
  - Refuses to do anything on a JSA appliance, except find that there is nothing to remove.
    M(jsa.ports.appliance_iptables) is for those.
  - Runs on a host wait for each other for up to two minutes.
seealso:
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Let the event processor query this host, and everyone send it syslog
  jsa.ports.firewalld_policy:
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

- name: Apply a host's part of a plan, and close everything else, if the console still gets to what it needs
  jsa.ports.firewalld_policy:
    confirm_probes:
      - {from: con1, port: 32006/tcp}
    inbound: "{{ planned.plan.hosts[inventory_hostname].inbound }}"
    refused: "{{ planned.plan.hosts[inventory_hostname].refused }}"
    unlisted: reject
    controllers: [192.0.2.10, 192.0.2.11]

- name: Leave no trace
  jsa.ports.firewalld_policy:
    state: absent

- name: Go back to the rules before the last change
  jsa.ports.firewalld_policy:
    state: previous
    confirm_timeout: 120
"""

RETURN = r"""
actions:
  description: What was, or in check mode would be, changed.
  returned: success
  type: dict
  contains:
    created:
      description: Policies and sets that were not there before.
      type: list
      elements: str
      sample: [jsa-event_processor-4, jsa-in]
    changed:
      description: Policies and sets whose files were replaced.
      type: list
      elements: str
      sample: [jsa-in]
    removed:
      description: Policies and sets that are not needed any more.
      type: list
      elements: str
      sample: [jsa-data_node-4]
    entries:
      description: Addresses added to and removed from each set, in the files or in what runs.
      type: dict
      sample: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}
  sample: {created: [], changed: [jsa-event_processor-4], removed: [],
           entries: {jsa-event_processor-4: {added: [10.0.0.5/32], removed: []}}}
reloaded:
  description: Whether firewalld was, or in check mode would be, reloaded.
  returned: success
  type: bool
  sample: false
reload_reasons:
  description: What only a reload could put right.
  returned: success
  type: list
  elements: str
  sample: ["policy jsa-in is not loaded"]
drift:
  description: How what ran differed from files that were right. Empty unless somebody changed it at run time.
  returned: success
  type: list
  elements: str
  sample: ["accept tcp 22 from admin (10.9.0.0/16): is missing"]
reload_changes:
  description:
    - What the reload changes, or in check mode would change, of the site's own. V(none) where firewalld does not tell.
  returned: success
  type: list
  elements: str
  sample: ['zone public: rich rule family="ipv4" source address="192.0.2.66" reject, changed at run time only']
differences:
  description: What was not as wanted, object by object, in the files and in what ran.
  returned: success
  type: list
  elements: dict
  contains:
    object:
      description: The policy or set.
      type: str
      sample: policy jsa-in
    place:
      description: V(files) or V(runtime).
      type: str
      sample: runtime
    lacks:
      description: What was missing in it.
      type: list
      elements: str
      sample: ["accept tcp 32006 from event_processor (10.0.0.3/32)"]
    has:
      description: What was there and nobody had asked for.
      type: list
      elements: str
      sample: ["accept tcp 6000 from anyone"]
  sample: [{object: policy jsa-in, place: runtime, lacks: [], has: ["accept tcp 6000 from anyone"]}]
openings:
  description: Where a zone or policy of the site opens a port of O(internal). V(none) where firewalld does not tell.
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
version:
  description: Version of firewalld; V(none) where there was nothing to remove and it does not run.
  returned: success
  type: str
  sample: 1.3.3
appliance:
  description: The host is a JSA appliance, where firewalld must not run.
  returned: when the module refuses for that reason, or has nothing to remove on a host without firewalld
  type: bool
  sample: true
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
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import state_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import REFUSAL, appliance_mark
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import before_and_after, entry_actions
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.drift import differences
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    PermanentFiles,
    my_texts,
    ruleset_of_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import fitted
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.openings import site_openings
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.reloading import judge_reload
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import answers_always_leave
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    EMPTY,
    POLICY_OUT,
    PRIORITY,
    FirewalldError,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset, read_internal

NO_ACTIONS = {"created": [], "changed": [], "removed": [], "entries": {}}


class OnAppliance(FirewalldError):
    """The host is none for firewalld."""


def wanted_ruleset(params, connection):
    if params["state"] == "absent":
        return EMPTY
    return build_ruleset(
        params["inbound"], params["refused"], params["unlisted"], guard_of(params, connection), params["outbound"]
    )


def require_answers(wanted, situation, version):
    """Raises FirewalldError where a restriction of what leaves would also hold back the host's answers."""
    runtime = situation.runtime
    leave = runtime.answers_leave if runtime is not None and runtime.alive else answers_always_leave(version)
    if POLICY_OUT in wanted.policies and not leave:
        raise FirewalldError(
            "firewalld %s on this host refuses answers, too, where it restricts what leaves: every "
            "connection would be cut off, this one as well. Nothing was written. Unset "
            "jsa_firewall_restrict_outbound for this host, or use firewalld 1.0 or later" % version
        )


def nothing_to_do(state, client, files, host):
    """Whether there is nothing of ours to remove or to go back to, as on the hosts beside a deployment."""
    if state == "present" or files.read():
        return False
    if state == "previous":
        return not appliance_mark() and not host.state.history() and host.state.pending() is None
    # Neither in files nor in the kernel: a host without firewalld is as it should be.
    return not client.status().running


def run(module, client, files):
    """Of *module*, params, check_mode, _diff and warn are used."""
    host = confirming.Host(FirewalldBackend(client, files), state_of(FirewalldBackend.name))
    connection = find_ssh_connection()
    previous = module.params["state"] == "previous"
    wanted = EMPTY if previous else wanted_ruleset(module.params, connection)
    internal = read_internal(module.params["internal"])
    if nothing_to_do(module.params["state"], client, files, host):
        return {
            "changed": False,
            "actions": dict(NO_ACTIONS),
            "reloaded": False,
            "reload_reasons": [],
            "drift": [],
            "reload_changes": [],
            "differences": [],
            "openings": [],
            "version": None,
            "controller": None,
            "appliance": bool(appliance_mark()),
        }
    mark = appliance_mark()
    if mark:
        raise OnAppliance(REFUSAL % mark)
    status = verbs.require_firewalld(client, module.params["offline"])
    shell.settle(module, host)
    rolled_back = shell.report_rollback(module, host)
    situation = verbs.read(client, files, status.running)
    if previous:
        commit = confirming.previous(host.state, my_texts(situation.found), module.params["steps"])
        wanted = ruleset_of_texts(commit.files)
    require_answers(wanted, situation, status.version)
    wanted = fitted(client, wanted)
    changes, lost = judge_reload(client, verbs.decide(files, situation, wanted), module.params["reload"])
    if lost:
        module.warn("The reload that is needed changes what is the site's own: %s" % "; ".join(lost))
    for name in files.earlier_policies(PRIORITY) if wanted.policies else ():
        module.warn(
            "The site's policy %s decides on packets to this host before jsa-in does: what it accepts is not "
            "refused, what it refuses is not accepted." % name
        )
    result = {
        "changed": changes.any(),
        "reload_reasons": list(changes.reload),
        "reload_changes": lost,
        "drift": list(changes.drift),
        "differences": differences(situation.files, situation.runtime, wanted),
        "openings": openings(client, situation, internal),
        "version": status.version,
        "controller": {"address": connection.address, "port": connection.port} if connection else None,
    }
    result.update(rolled_back)
    if module.check_mode:
        # Nothing about it is ours to change, so a run that changes things does not speak of it each time.
        for item in result["openings"] or ():
            module.warn(
                "%s opens %s %s by %s, which nobody outside of the deployment should reach (%s)"
                % (item["object"], item["protocol"], item["ports"], item["setting"], ", ".join(item["why"]))
            )
    reloaded = bool(changes.reload)
    if changes.any() and not module.check_mode:
        if module.params["phase"] == "stage" and situation.runtime is not None:
            candidate = host.backend.candidate(situation, wanted, changes)
            result["pending"], reloaded = shell.stage(module, host, client, candidate, connection)
        else:
            reloaded = verbs.apply(client, files, situation, wanted, changes)
            shell.remember(module, host, my_texts(situation.found), my_texts(files.read()), connection)
    actions = verbs.object_actions(changes)
    actions["entries"] = entry_actions(situation.files, wanted, changes.entries.items())
    result.update(actions=actions, reloaded=reloaded)
    if module._diff:
        result["diff"] = before_and_after(situation.files, situation.runtime, wanted)
    return result


def openings(client, situation, internal):
    if not internal or situation.runtime is None:
        return []
    try:
        return site_openings(client, internal)
    except (NotAsked, CommandError):
        return None


def main():
    module = AnsibleModule(
        argument_spec=dict(
            shell.OPTIONS,
            outbound={"type": "list", "elements": "dict"},
            internal={"type": "list", "elements": "dict", "default": []},
            reload={"type": "str", "choices": ["needed", "lossless", "never"], "default": "needed"},
            offline={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    client, files = Client(), PermanentFiles()
    try:
        result = shell.run_alone(module, FirewalldBackend.name, lambda: run(module, client, files))
    except OnAppliance as error:
        module.fail_json(msg=str(error), appliance=True)
    except FirewalldError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
