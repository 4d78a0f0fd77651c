#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.reachability: the interface to module_utils/_observe/probe."""

DOCUMENTATION = r"""
module: reachability
short_description: Probe many ports of many peers, and distinguish a firewall from a service that is down
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Sends one probe to each port from the host that it runs on, in parallel, and returns each answer and its sender.
  - A TCP probe opens a connection and closes it. A UDP probe is an empty datagram, or an NTP request on port 123. An
    ICMP probe is an echo request.
  - Changes nothing. Check mode also sends the probes.
  - Linux sends about one ICMP error per second to each peer, so most rejected probes of a burst get no answer. If the
    peer, or a router on the path, rejected other probes by ICMP, the module repeats the unanswered ones at a rate that
    the peer can answer. RV(results[].rate_limited) marks those for which O(recheck_seconds) was too short.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  probes:
    description:
      - The probes. Each item has C(address) (an IP address; names are not looked up), C(port) (absent for ICMP) and
        C(protocol) (V(tcp), which is the default, V(udp) or V(icmp)).
      - C(recheck), by default V(true), is whether to repeat the probe if its ICMP error may have been suppressed.
      - C(expect) is the temporary listener (M(jsa.ports.preflight)) that should answer, as the token of a run, a space
        and the name of a host. The probe then waits for the identification of the listener (RV(results[].token)).
        Over UDP it requests it with a datagram that only these listeners answer.
      - Any other key, such as C(id), is returned with the result.
    type: list
    elements: dict
    required: true
  timeout:
    description:
      - Seconds to wait for the answer to each probe. With less than two seconds, a peer whose ICMP errors are
        rate limited may not have enough time to answer.
    type: float
    default: 3
  rate:
    description:
      - Maximum number of new probes per second. V(0) means no limit. The default is low, to not look like an attack.
    type: float
    default: 200
  retries:
    description:
      - How often a UDP or ICMP probe without an answer is sent again within O(timeout). TCP repeats by itself.
    type: int
    default: 1
  recheck_seconds:
    description:
      - Seconds during which to repeat probes whose ICMP error may have been suppressed, one per second to each IPv4
        peer and about ten per second to each IPv6 peer. The last answer may take O(timeout) longer. V(0) repeats none.
    type: float
    default: 20
  source:
    description:
      - The source addresses, at most one of each address family. By default, the kernel selects them.
    type: list
    elements: str
    default: []
notes:
  - An ICMP probe requires root, or a user whose group is in C(net.ipv4.ping_group_range). All other probes work for
    any user.
  - On kernels before 5.8, only root can read who rejects a TCP connection. For other users, the result of a firewall
    that rejects with ICMP port unreachable is V(refused), without RV(results[].by).
seealso:
  - module: jsa.ports.listeners
  - module: jsa.ports.preflight
"""

EXAMPLES = r"""
- name: Probe the event processor from the console
  jsa.ports.reachability:
    probes:
      - {address: 10.0.0.3, port: 32006, id: ariel_query}
      - {address: 10.0.0.3, port: 514, protocol: udp, id: syslog}
      - {address: 10.0.0.3, protocol: icmp}
  register: reached

- name: Show what does not answer, and who rejects it
  ansible.builtin.debug:
    msg: "{{ item.address }} {{ item.port }}/{{ item.protocol }}: {{ item.result }} {{ item.by or '' }}"
  loop: "{{ reached.results | rejectattr('result', 'in', ['open', 'open_or_filtered']) }}"

- name: Probe quickly, without repeating unanswered probes
  jsa.ports.reachability:
    probes: "{{ my_probes }}"
    timeout: 1
    rate: 0
    recheck_seconds: 0
"""

RETURN = r"""
results:
  description: One item per probe, in the order of O(probes), with all keys of the probe.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address of the probe.
      type: str
      sample: 10.0.0.3
    port:
      description: The port, or V(none) for ICMP.
      type: int
      sample: 32006
    protocol:
      description: V(tcp), V(udp) or V(icmp).
      type: str
      sample: tcp
    result:
      description:
        - V(open), the port answers.
        - V(refused), the peer answers that nothing listens. For UDP, a firewall on the peer can answer the same.
        - V(prohibited), a firewall on the peer or on the path rejects the probe by ICMP (RV(results[].by)). A closed
          TCP port answers with a TCP reset, so every ICMP error for TCP counts as V(prohibited).
        - V(unreachable), there is no route, or no host with that address.
        - V(no_answer), the TCP or ICMP probe was not answered.
        - V(open_or_filtered), the UDP probe was not answered. The port can be open, or a firewall drops the probe.
        - V(unavailable), this host could not send it (RV(results[].error)).
      type: str
      sample: prohibited
    by:
      description:
        - The address that sent the ICMP error. V(none) if there was none, or if the kernel does not report it.
      type: str
      sample: 10.0.0.3
    rate_limited:
      description:
        - Whether a missing answer proves nothing, because the peer rejected other probes by ICMP and O(recheck_seconds)
          was too short to repeat this probe at a rate that the peer can answer.
      type: bool
      sample: false
    elapsed_ms:
      description: Milliseconds until the answer or the timeout.
      type: float
      sample: 0.412
    error:
      description: The ICMP error, or the error of the kernel.
      type: str
      sample: "ICMP: administratively prohibited"
    token:
      description:
        - V(match), the expected listener answered.
        - V(mismatch), another listener answered (RV(results[].answered_by)).
        - V(none), no temporary listener identified itself. If RV(results[].result) is V(open), another service
          answered.
      returned: when C(expect) is set
      type: str
      sample: match
    answered_by:
      description: The name of the host whose listener answered, as set in M(jsa.ports.preflight).
      returned: when C(expect) is set
      type: str
      sample: ep1
    same_run:
      description: Whether that listener belongs to the expected run.
      returned: when C(expect) is set
      type: bool
      sample: true
    seen_as:
      description: The source address that the listener received.
      returned: when C(expect) is set
      type: str
      sample: 10.0.0.9
    sent_from:
      description: The source address that this host used. If RV(results[].seen_as) differs, there is NAT on the path.
      returned: when C(expect) is set
      type: str
      sample: 10.0.0.9
  sample:
    - address: 10.0.0.3
      port: 32006
      protocol: tcp
      id: ariel_query
      result: prohibited
      by: 10.0.0.3
      rate_limited: false
      elapsed_ms: 0.412
      error: "ICMP: administratively prohibited"
summary:
  description: Number of probes by result.
  returned: success
  type: dict
  sample: {open: 40, refused: 1, prohibited: 2, unreachable: 0, no_answer: 0, open_or_filtered: 3, unavailable: 0}
seconds:
  description: Duration in seconds.
  returned: success
  type: float
  sample: 3.021
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import ProbeError, read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.result import check_numbers, send
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable

#: Each numeric option, and whether it accepts zero.
NUMBERS = {"timeout": False, "rate": True, "retries": True, "recheck_seconds": True}


def run(params):
    """Sends the probes and returns the result of the module. Raises ProbeError with all problems of the options."""
    probes = read_probes(params["probes"], params["source"], check_numbers(params, NUMBERS))
    engine = Engine(params["timeout"], params["rate"], params["retries"], params["recheck_seconds"])
    return dict(send(engine, probes), changed=False)


def main():
    module = AnsibleModule(
        argument_spec={
            "probes": {"type": "list", "elements": "dict", "required": True},
            "timeout": {"type": "float", "default": 3},
            "rate": {"type": "float", "default": 200},
            "retries": {"type": "int", "default": 1},
            "recheck_seconds": {"type": "float", "default": 20},
            "source": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params)
    except ProbeError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()
