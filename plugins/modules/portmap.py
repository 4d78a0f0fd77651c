#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.portmap: the interface to module_utils/_observe/portmap."""

DOCUMENTATION = r"""
module: portmap
short_description: Read the current ports of services from a host's port mappers
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Queries the port mapper of the OpenMQ broker (IMQ) and rpcbind, from the host that it runs on. Changes nothing.
  - The broker selects new ports at each start. The result is valid until the next start. Use RV(imq.session) to detect
    a restart.
  - A port mapper that does not answer, or not correctly, is a result (RV(imq.state)), and not a failure.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  kinds:
    description: The port mappers to query.
    type: list
    elements: str
    choices: [imq, rpcbind]
    default: [imq, rpcbind]
  address:
    description: The IP address of the port mappers. Names are not looked up.
    type: str
    default: 127.0.0.1
  imq_port:
    description: Port of the broker's port mapper.
    type: int
    default: 7676
  rpcbind_port:
    description: Port of rpcbind, for TCP, and for UDP if TCP does not answer.
    type: int
    default: 111
  timeout:
    description: Maximum seconds for the complete answer of each port mapper. They are queried in parallel.
    type: float
    default: 5
  previous_session:
    description:
      - RV(imq.session) of an earlier query. RV(imq.restarted) is then whether the broker was restarted since, and the
        earlier ports are no longer valid.
    type: str
seealso:
  - module: jsa.ports.listeners
"""

EXAMPLES = r"""
- name: Read the current ports of the broker's services
  jsa.ports.portmap:
    kinds: [imq]
  register: first

- name: Read them again
  jsa.ports.portmap:
    kinds: [imq]
    previous_session: "{{ first.imq.session | default(omit, true) }}"
  register: second

- name: Report that the ports have changed
  ansible.builtin.debug:
    msg: The broker was restarted in the meantime
  when: second.imq.restarted | default(false, true)
"""

RETURN = r"""
services:
  description:
    - All services that have a port, sorted by kind, service, protocol and port. A service whose port is 0 has none, or
      does not publish it (RV(imq.without_port)).
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Its name in the port mapper. For rpcbind, the usual name of the program, or C(program NUMBER).
      type: str
      sample: cluster
    kind:
      description: The port mapper, V(imq) or V(rpcbind).
      type: str
      sample: imq
    protocol:
      description: The transport protocol, V(tcp) or V(udp).
      type: str
      sample: tcp
    port:
      description: The port.
      type: int
      sample: 36615
    details:
      description:
        - Other values from the port mapper. C(protocol) (such as V(tls)) and C(type) of a broker's service, C(program)
          and C(versions) of an RPC program.
      type: dict
      sample: {protocol: tcp, type: CLUSTER}
  sample:
    - service: cluster
      kind: imq
      protocol: tcp
      port: 36615
      details: {protocol: tcp, type: CLUSTER}
imq:
  description: The answer of the broker. V(none) if it was not queried.
  returned: success
  type: dict
  contains:
    state:
      description:
        - V(ok), the port mapper answered.
        - V(down), nothing listens. The broker is down, or it is starting.
        - V(silent), no answer. V(slow), the answer was not complete in time.
        - V(endless), the answer is longer than 64 KiB.
        - V(closed), the connection was closed without an answer.
        - V(garbage), the answer is not that of a port mapper of version 101.
        - V(unreachable), V(prohibited), as in M(jsa.ports.reachability).
        - V(unavailable), this host could not send the query.
      type: str
      sample: ok
    reason:
      description: The cause of the state. Empty if there is nothing to report.
      type: str
      sample: ""
    broker:
      description: Name of the broker's instance. This key and the following ones are present if RV(imq.state) is V(ok).
      type: str
      sample: imqbroker
    version:
      description: The version that the broker reports.
      type: str
      sample: 4.4 Update 1
    complete:
      description: Whether the answer ended with the final dot.
      type: bool
      sample: true
    session:
      description: A value that changes at each start of the broker. V(none) if it reports none.
      type: str
      sample: "1091423743631234048"
    restarted:
      description: Whether it was restarted since O(previous_session). V(none) if that is unknown.
      type: bool
      sample: false
    without_port:
      description: Services whose port is 0.
      type: list
      elements: str
      sample: [jmxrmi]
  sample:
    state: ok
    reason: ""
    broker: imqbroker
    version: 4.4 Update 1
    complete: true
    session: "1091423743631234048"
    restarted: false
    without_port: [jmxrmi]
rpcbind:
  description: The answer of rpcbind. V(none) if it was not queried.
  returned: success
  type: dict
  contains:
    state:
      description: See RV(imq.state).
      type: str
      sample: ok
    reason:
      description: The cause of the state. Empty if there is nothing to report.
      type: str
      sample: ""
    transport:
      description: The protocol of the answer, V(tcp) or V(udp). Present if RV(rpcbind.state) is V(ok).
      type: str
      sample: tcp
  sample:
    state: ok
    reason: ""
    transport: tcp
observed_at:
  description: Time of the queries in UTC, by the host's clock.
  returned: success
  type: str
  sample: "2026-11-25T05:10:00Z"
"""

import math
import time

from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.asking import ask_broker, ask_rpcbind
from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.model import IMQ, KINDS, RPCBIND, OptionError
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import parse_peer
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def check(params):
    """Checks the options. Raises OptionError with all problems."""
    problems = []
    try:
        parse_peer(params["address"])
    except ValueError as error:
        problems.append("address: %s" % error)
    for name in ("imq_port", "rpcbind_port"):
        if not 1 <= params[name] <= 65535:
            problems.append("%s: %d is not a port from 1 to 65535" % (name, params[name]))
    if not math.isfinite(params["timeout"]) or params["timeout"] <= 0:
        problems.append("timeout: %s is not a number above 0" % params["timeout"])
    if not params["kinds"]:
        problems.append("kinds: is empty")
    if problems:
        raise OptionError("; ".join(problems))


def describe(answer):
    """The result of one port mapper as a dict, without its services."""
    return dict({"state": answer.state, "reason": answer.reason}, **(answer.details or {}))


def run(params):
    """Queries the port mappers and returns the result of the module. Raises OptionError."""
    check(params)
    observed_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    address, timeout = params["address"], params["timeout"]
    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        asked = {}
        if IMQ in params["kinds"]:
            asked[IMQ] = pool.submit(ask_broker, address, params["imq_port"], timeout, params["previous_session"])
        if RPCBIND in params["kinds"]:
            asked[RPCBIND] = pool.submit(ask_rpcbind, address, params["rpcbind_port"], timeout)
        answers = {kind: future.result() for kind, future in asked.items()}
    services = [service for answer in answers.values() for service in answer.services]
    services.sort(key=lambda service: (service.kind, service.service, service.protocol, service.port))
    result = {"changed": False, "services": [service._asdict() for service in services], "observed_at": observed_at}
    for kind in KINDS:
        result[kind] = describe(answers[kind]) if kind in answers else None
    return result


def main():
    module = AnsibleModule(
        argument_spec={
            "kinds": {"type": "list", "elements": "str", "choices": list(KINDS), "default": list(KINDS)},
            "address": {"type": "str", "default": "127.0.0.1"},
            "imq_port": {"type": "int", "default": 7676},
            "rpcbind_port": {"type": "int", "default": 111},
            "timeout": {"type": "float", "default": 5},
            "previous_session": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params)
    except OptionError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()
