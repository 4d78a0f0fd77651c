#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.outward: the interface to module_utils/_observe/outward. Its action plugin computes the targets."""

DOCUMENTATION = r"""
module: outward
short_description: Test the connections of a JSA console to external servers, each in its own protocol
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Computes from the inventory which external servers each console contacts, contacts them from the console, prints a
    table with the failures first, and fails if a target fails. Skips hosts that are not consoles. Fails if no console
    is in the play.
  - If O(targets) is set, contacts these from each host that the task runs on. A target that fails is then a result, not
    a failure of the task, and no table is printed.
  - An open port does not prove that a service works, so the module uses the protocol that JSA uses. All targets are
    contacted in parallel.
  - V(smtp) waits for the greeting and closes the connection. V(ntp) requests the time. V(nfs) and V(mountd) call the
    RPC program without arguments; V(mountd) asks rpcbind for its port first. V(dns) queries the server for the address
    of C(name). V(tls) does a TLS handshake, through O(proxy) if that is set.
  - Nothing is downloaded, sent or mounted, and nothing on the host is changed.
  - The host looks up the names. With O(proxy), the proxy looks up those of V(tls).
  - Needs the Python library netaddr on the controller, unless O(targets) is set.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  targets:
    description:
      - The targets to contact instead of those from the inventory.
      - Each item has C(kind) (V(smtp), V(ntp), V(nfs), V(mountd), V(dns) or V(tls)), C(host) (a name or an address),
        and C(port), by default the usual one of its kind.
      - C(name) is the name to look up for V(dns), and the server name for V(tls) if it is not C(host).
      - Any other key, such as C(id), is returned with the result.
    type: list
    elements: dict
  public_servers:
    description:
      - V(none) leaves out the public servers of the catalog.
      - A mapping of their names to their replacements, each V(none) or a mapping with C(host), C(port) and C(name), the
        name that the certificate must contain.
      - Has no effect if O(targets) is set.
    type: raw
  dns_name:
    description:
      - The name to look up at the name servers. The default is the name of the first public server.
      - Has no effect if O(targets) is set.
    type: str
  proxy:
    description:
      - URL of the HTTP proxy for V(tls), as V(http://proxy.example.org:3128) or
        V(http://user:password@proxy.example.org:3128). Other kinds do not go through it.
      - Special characters in the password must be percent-encoded. The password is not in any result.
    type: str
  ca_file:
    description: File on the host with CA certificates (PEM) to trust in addition to those of the host.
    type: path
  timeout:
    description: Maximum seconds for each target.
    type: float
    default: 10
seealso:
  - module: jsa.ports.reachability
"""

EXAMPLES = r"""
- name: Test the external servers of the console, with a mirror for updates
  jsa.ports.outward:
    public_servers:
      download.juniper.net: {host: mirror.example.org, port: 8443}
      license.xforce-security.com: none
    proxy: "{{ jsa_proxy | default(omit) }}"
  register: outward
  ignore_errors: true

- name: Contact these servers from each host
  jsa.ports.outward:
    targets:
      - {kind: smtp, host: mail.example.org}
      - {kind: ntp, host: 192.0.2.123}
      - {kind: dns, host: 192.0.2.53, name: download.juniper.net}
      - {kind: tls, host: download.juniper.net}
    timeout: 2
  register: contacted

- name: Show the targets that failed
  ansible.builtin.debug:
    msg: "{{ contacted.results | rejectattr('result', 'eq', 'ok') }}"
"""

RETURN = r"""
results:
  description:
    - One item per target, in the order of O(targets), with all keys of the target. Targets that were
      computed also have the C(id) of the catalog and a C(purpose).
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: As in the target.
      type: str
      sample: tls
    host:
      description: As in the target.
      type: str
      sample: download.juniper.net
    port:
      description: The port.
      type: int
      sample: 443
    target:
      description: Host and port together.
      type: str
      sample: download.juniper.net:443
    result:
      description:
        - V(ok), the target answered correctly.
        - V(refused), V(no_answer), V(unreachable), V(prohibited), V(unavailable), as in M(jsa.ports.reachability).
        - V(reset), the connection was established and then reset.
        - V(wrong_answer), another service answered, or the server rejected the request (RV(results[].reason)).
        - V(name_not_resolved), the name of the host, or the name to look up, has no address.
        - V(tls_failed), the handshake failed. V(certificate_invalid), it worked, and the certificate is not trusted.
        - V(proxy_unreachable), V(proxy_refused), the proxy could not be used.
      type: str
      sample: certificate_invalid
    reason:
      description: The cause of the result. Empty if it is V(ok).
      type: str
      sample: "its certificate is not trusted: self-signed certificate"
    details:
      description:
        - Values from the server. C(greeting) of V(smtp); C(stratum) and C(offset_ms) of V(ntp); C(version) of V(nfs)
          and V(mountd), and C(port) of the latter; C(transport) and C(answers) of V(dns).
        - For V(tls), C(tls), C(subject), C(issuer), C(expires), and C(verify_error) if it is not trusted.
      type: dict
      sample: {tls: TLSv1.3, subject: CN=proxy, issuer: CN=proxy, expires: "2027-01-01T00:00:00Z"}
    elapsed_ms:
      description: Duration in milliseconds.
      type: float
      sample: 12.1
  sample:
    - kind: tls
      host: download.juniper.net
      port: 443
      target: download.juniper.net:443
      result: certificate_invalid
      reason: "its certificate is not trusted: self-signed certificate"
      details: {tls: TLSv1.3, subject: CN=proxy, issuer: CN=proxy, expires: "2027-01-01T00:00:00Z",
                verify_error: self-signed certificate}
      elapsed_ms: 12.1
summary:
  description: Number of targets by result.
  returned: if the host contacted its targets
  type: dict
  sample: {ok: 3, certificate_invalid: 1}
failures:
  description: Number of targets that failed.
  returned: if the targets were computed, and the host contacted them
  type: int
  sample: 1
left_out:
  description: Targets that are not contacted, and the reasons.
  returned: if the targets were computed, and the host contacted them
  type: list
  elements: str
  sample: ["ntp_out: jsa_networks.ntp_servers is not set"]
"""

import math
import ssl

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.engine import run as contact
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    RESULTS,
    OutwardError,
    read_proxy,
    read_targets,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.tls import trusting
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def read(params):
    """Reads the options into targets, proxy and SSL context. Raises OutwardError with all problems."""
    problems = []
    if params["targets"] is None:
        problems.append("targets: is missing; only the action plugin can compute them")
    proxy = context = None
    if not math.isfinite(params["timeout"]) or params["timeout"] <= 0:
        problems.append("timeout: %s is not a number above 0" % params["timeout"])
    try:
        proxy = read_proxy(params["proxy"])
    except OutwardError as error:
        problems.append(str(error))
    try:
        context = trusting(params["ca_file"])
    except (OSError, ssl.SSLError) as error:
        problems.append("ca_file: %s cannot be used: %s" % (params["ca_file"], error.strerror or error))
    return read_targets(params["targets"] or (), problems), proxy, context


def run(params):
    """Contacts the targets and returns the result of the module. Raises OutwardError."""
    targets, proxy, context = read(params)
    results = contact(targets, proxy, context, params["timeout"])
    counted = [result["result"] for result in results]
    summary = {name: counted.count(name) for name in RESULTS if name in counted}
    return {"changed": False, "results": results, "summary": summary}


def main():
    module = AnsibleModule(
        argument_spec={
            "targets": {"type": "list", "elements": "dict"},
            # The action plugin computes targets from these. It does not pass them on.
            "public_servers": {"type": "raw"},
            "dns_name": {"type": "str"},
            "proxy": {"type": "str", "no_log": True},
            "ca_file": {"type": "path"},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params)
    except OutwardError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()
