#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.reachability: a thin shell over module_utils/_observe/probe."""

DOCUMENTATION = r"""
module: reachability
short_description: Probe many ports of many peers at once, and tell a firewall from a service that is down
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Sends one probe to each port from the host that it runs on, all at once, and says what came back and who said it.
  - A TCP probe opens a connection and closes it. A UDP probe is an empty datagram, and to port 123 a question to a time
    server. An ICMP probe is an echo request.
  - Changes nothing. In check mode it probes all the same.
  - Linux sends about one ICMP error a second to each peer, so a burst of probes turns a firewall's refusals into
    silence. Probes that met silence are therefore repeated where the peer, or a router on the way, has refused others
    by ICMP, at a rate at which it can answer (RV(results[].rate_limited) marks those for which O(recheck_seconds) was
    too short).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  probes:
    description:
      - What to probe. Each item has C(address) (an IP address; names are not looked up), C(port) (absent for ICMP) and
        C(protocol) (V(tcp), which is the default, V(udp) or V(icmp)).
      - C(recheck), by default V(true), says whether silence that may be a suppressed ICMP error is worth asking again.
      - C(expect), the token of a run and the name of a host with a space between, says which temporary listener
        (M(jsa.ports.preflight)) has to answer. The probe then waits for what the other side says of itself
        (RV(results[].token)); over UDP it asks for that, in a datagram that nobody else understands.
      - Any other key, such as C(id), is returned with the result.
    type: list
    elements: dict
    required: true
  timeout:
    description:
      - Seconds to wait for each answer, from when its probe was sent. Less than two leave a peer that has just
        refused many others no time to refuse again, so that its silence would be believed.
    type: float
    default: 3
  rate:
    description: At most so many new probes a second; V(0) for no limit. The default does not look like an attack.
    type: float
    default: 200
  retries:
    description:
      - How often a UDP or ICMP probe without an answer is sent again within O(timeout). TCP repeats by itself.
    type: int
    default: 1
  recheck_seconds:
    description:
      - For how long to repeat probes whose silence may be a suppressed ICMP error, one a second to each IPv4 peer and
        about ten a second to each IPv6 peer. The last answer may take O(timeout) longer. V(0) repeats none.
    type: float
    default: 20
  source:
    description:
      - The address of this host to send from, at most one of each address family. The kernel chooses if not set.
    type: list
    elements: str
    default: []
notes:
  - An ICMP probe needs root, or a user whose group is in C(net.ipv4.ping_group_range). Everything else works for any
    user.
  - On kernels before 5.8, only root is told who refuses a TCP connection. Other users see a firewall's refusal with
    ICMP port unreachable as V(refused) there, without RV(results[].by).
seealso:
  - module: jsa.ports.listeners
  - module: jsa.ports.preflight
"""

EXAMPLES = r"""
- name: Does the console reach the event processor
  jsa.ports.reachability:
    probes:
      - {address: 10.0.0.3, port: 32006, id: ariel_query}
      - {address: 10.0.0.3, port: 514, protocol: udp, id: syslog}
      - {address: 10.0.0.3, protocol: icmp}
  register: reached

- name: Name what does not answer, and who refuses it
  ansible.builtin.debug:
    msg: "{{ item.address }} {{ item.port }}/{{ item.protocol }}: {{ item.result }} {{ item.by or '' }}"
  loop: "{{ reached.results | rejectattr('result', 'in', ['open', 'open_or_filtered']) }}"

- name: A quick look, without waiting for what a peer may not have had the time to refuse
  jsa.ports.reachability:
    probes: "{{ my_probes }}"
    timeout: 1
    rate: 0
    recheck_seconds: 0
"""

RETURN = r"""
results:
  description: One item per probe, in the order of O(probes), with everything that the probe was given.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: As given.
      type: str
      sample: 10.0.0.3
    port:
      description: The port; V(none) for ICMP.
      type: int
      sample: 32006
    protocol:
      description: V(tcp), V(udp) or V(icmp).
      type: str
      sample: tcp
    result:
      description:
        - V(open), it answers.
        - V(refused), the peer says that nothing is there; to UDP a firewall on the peer may say so, too.
        - V(prohibited), a firewall refuses it by ICMP, on the peer or on the way (RV(results[].by)). A closed TCP
          port is refused by TCP itself, so every ICMP error about TCP counts as that.
        - V(unreachable), there is no route, or no machine at that address.
        - V(no_answer), silence.
        - V(open_or_filtered), silence of UDP, which says less.
        - V(unavailable), this host could not send it (RV(results[].error)).
      type: str
      sample: prohibited
    by:
      description:
        - The address that sent the ICMP error. V(none) where there was none, or where the kernel does not tell.
      type: str
      sample: 10.0.0.3
    rate_limited:
      description:
        - V(true) where silence proves nothing, because others were refused by ICMP and O(recheck_seconds) was too
          short to ask this one at a rate that the peer can answer.
      type: bool
      sample: false
    elapsed_ms:
      description: Milliseconds until the answer, or until it was given up.
      type: float
      sample: 0.412
    error:
      description: What the ICMP error or the kernel said.
      type: str
      sample: "ICMP: administratively prohibited"
    token:
      description:
        - V(match), the expected listener answers.
        - V(mismatch), another one does (RV(results[].answered_by)).
        - V(none), nobody has said who answers. Where RV(results[].result) is V(open), something does that is no
          temporary listener.
      returned: where C(expect) is given
      type: str
      sample: match
    answered_by:
      description: The name of the host whose listener answers, as that has been told.
      returned: where C(expect) is given
      type: str
      sample: ep1
    same_run:
      description: Whether that listener is one of the expected run.
      returned: where C(expect) is given
      type: bool
      sample: true
    seen_as:
      description: The address that the listener sees this host come from.
      returned: where C(expect) is given
      type: str
      sample: 10.0.0.9
    sent_from:
      description: The address that the probe left this host from. Another RV(results[].seen_as) is NAT on the way.
      returned: where C(expect) is given
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
  description: How many probes had each result.
  returned: success
  type: dict
  sample: {open: 40, refused: 1, prohibited: 2, unreachable: 0, no_answer: 0, open_or_filtered: 3, unavailable: 0}
seconds:
  description: How long the probing took.
  returned: success
  type: float
  sample: 3.021
"""

import math
import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine, describe
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import ProbeError, read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import RESULTS

#: Option to whether zero means something.
NUMBERS = {"timeout": False, "rate": True, "retries": True, "recheck_seconds": True}


def check_numbers(params):
    """What is wrong with the options that are numbers, a sentence each."""
    problems = []
    for name in sorted(NUMBERS):
        value = params[name]
        if not math.isfinite(value) or value < 0 or (not value and not NUMBERS[name]):
            problems.append("%s: %s is no number %s 0" % (name, value, "from" if NUMBERS[name] else "above"))
    return problems


def run(params):
    """The module's answer. Raises ProbeError with every problem of the options."""
    probes = read_probes(params["probes"], params["source"], check_numbers(params))
    engine = Engine(params["timeout"], params["rate"], params["retries"], params["recheck_seconds"])
    start = time.monotonic()
    outcomes = engine.run(probes)
    seconds = time.monotonic() - start
    results = [describe(probe, outcomes[probe.index]) for probe in probes]
    summary = dict.fromkeys(RESULTS, 0)
    for result in results:
        summary[result["result"]] += 1
    return {"changed": False, "results": results, "summary": summary, "seconds": round(seconds, 3)}


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
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
