#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.portmap: a thin shell over module_utils/_observe/portmap."""

DOCUMENTATION = r"""
module: portmap
short_description: Ask a host's port mappers which service has which port at present
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Asks the port mapper of the OpenMQ broker (IMQ) and rpcbind, from the host that it runs on. Changes nothing.
  - The broker chooses its ports anew at each start. What is returned holds until then; RV(imq.session) tells whether it
    still does.
  - A port mapper that is down, silent, too slow, or talks nonsense is a result (RV(imq.state)), no failure.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  kinds:
    description: Which port mappers to ask.
    type: list
    elements: str
    choices: [imq, rpcbind]
    default: [imq, rpcbind]
  address:
    description: Where they are, an IP address. Names are not looked up.
    type: str
    default: 127.0.0.1
  imq_port:
    description: Port of the broker's port mapper.
    type: int
    default: 7676
  rpcbind_port:
    description: Port of rpcbind, TCP, and where that does not answer UDP.
    type: int
    default: 111
  timeout:
    description: Seconds that each of them may take for the whole of its answer. They are asked at the same time.
    type: float
    default: 5
  previous_session:
    description:
      - RV(imq.session) of an earlier look. RV(imq.restarted) then says whether the broker was restarted since, so that
        the ports of that time are not its ports any more.
    type: str
seealso:
  - module: jsa.ports.listeners
"""

EXAMPLES = r"""
- name: Which ports have the broker's services at present
  jsa.ports.portmap:
    kinds: [imq]
  register: first

- name: Look again
  jsa.ports.portmap:
    kinds: [imq]
    previous_session: "{{ first.imq.session | default(omit, true) }}"
  register: second

- name: Say that the ports are others now
  ansible.builtin.debug:
    msg: The broker was restarted meanwhile
  when: second.imq.restarted | default(false, true)
"""

RETURN = r"""
services:
  description:
    - Every service that has a port, sorted by kind, service, protocol and port. One whose port is 0 has none, or hides
      it (RV(imq.without_port)).
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: The port mapper's name for it. For rpcbind the program's usual name, or C(program NUMBER).
      type: str
      sample: cluster
    kind:
      description: Who says so, V(imq) or V(rpcbind).
      type: str
      sample: imq
    protocol:
      description: V(tcp) or V(udp), as a firewall sees it.
      type: str
      sample: tcp
    port:
      description: The port.
      type: int
      sample: 36615
    details:
      description:
        - What the port mapper says besides. C(protocol) (such as V(tls)) and C(type) of a broker's service, C(program)
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
  description: What came of asking the broker. V(none) where it was not asked.
  returned: success
  type: dict
  contains:
    state:
      description:
        - V(ok).
        - V(down), nothing listens, so that the broker is down or being restarted.
        - V(silent), V(slow), no answer at all, or none that was complete in time.
        - V(endless), it said more than 64 KiB.
        - V(closed), it closed the connection without an answer.
        - V(garbage), it is no port mapper of version 101.
        - V(unreachable), V(prohibited), as in M(jsa.ports.reachability).
        - V(unavailable), this host could not ask.
      type: str
      sample: ok
    reason:
      description: The state in a sentence. Empty where there is nothing to say.
      type: str
      sample: ""
    broker:
      description: Name of the broker's instance. This key and those below are there where RV(imq.state) is V(ok).
      type: str
      sample: imqbroker
    version:
      description: Its version, as it says it.
      type: str
      sample: 4.4 Update 1
    complete:
      description: Whether the final dot was there.
      type: bool
      sample: true
    session:
      description: What differs from start to start of the broker. V(none) where it tells none.
      type: str
      sample: "1091423743631234048"
    restarted:
      description: Whether it was restarted since O(previous_session). V(none) where that cannot be said.
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
  description: What came of asking rpcbind. V(none) where it was not asked.
  returned: success
  type: dict
  contains:
    state:
      description: As RV(imq.state).
      type: str
      sample: ok
    reason:
      description: The state in a sentence. Empty where there is nothing to say.
      type: str
      sample: ""
    transport:
      description: V(tcp) or V(udp), what it answered over. Where RV(rpcbind.state) is V(ok).
      type: str
      sample: tcp
  sample:
    state: ok
    reason: ""
    transport: tcp
observed_at:
  description: When they were asked, by the host's clock, in UTC.
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


def check(params):
    """Raises OptionError with every problem of the options."""
    problems = []
    try:
        parse_peer(params["address"])
    except ValueError as error:
        problems.append("address: %s" % error)
    for name in ("imq_port", "rpcbind_port"):
        if not 1 <= params[name] <= 65535:
            problems.append("%s: %d is no port from 1 to 65535" % (name, params[name]))
    if not math.isfinite(params["timeout"]) or params["timeout"] <= 0:
        problems.append("timeout: %s is no number above 0" % params["timeout"])
    if not params["kinds"]:
        problems.append("kinds: is empty, so there is nobody to ask")
    if problems:
        raise OptionError("; ".join(problems))


def describe(answer):
    """A port mapper's answer as the module returns it, without the services."""
    return dict({"state": answer.state, "reason": answer.reason}, **(answer.details or {}))


def run(params):
    """The module's answer. Raises OptionError."""
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
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
