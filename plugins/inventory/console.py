# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: console
short_description: Read the hosts of a deployment from the console's REST API
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Reads the hosts of a Juniper Secure Analytics deployment from its console, with the groups and variables that
    M(jsa.ports.plan) needs. An HA pair becomes two hosts. Contacts only the console.
  - The name of the source file ends in C(jsa.yml) or C(jsa.yaml), such as C(console.jsa.yml).
  - Tested with a stand-in that was written from the API's documentation, not yet with a real console.
notes:
  - The API does not say which networks contact the deployment. Set C(jsa_networks) in C(group_vars).
  - Text from the console is never evaluated as a template.
extends_documentation_fragment:
  - jsa.ports.console
  - constructed
  - inventory_cache
options:
  plugin:
    description: Must be V(jsa.ports.console).
    type: str
    required: true
    choices: [jsa.ports.console]
  token:
    description:
      - Token of an authorized service of the console. It is not printed or stored. It can be a template.
    type: str
    env:
      - name: JSA_TOKEN
  statuses:
    description: Statuses of the hosts to include. Deleted hosts are never included.
    type: list
    elements: str
    default: [Active]
    choices:
      - Active
      - ADDING
      - New
      - ADD_FAILED
      - ADD_FAILED_CHECK_LOGS
      - ADD_FAILED_DEPLOY_IN_PROGRESS
      - ADD_FAILED_HA
      - ADD_FAILED_QVMPROCESSOR_ALREADY_EXISTS
      - ADD_FAILED_RETRY_CONNECTION
      - ADD_FAILED_VERSION_CHECK
  hostname:
    description: What the hosts are named by.
    type: str
    choices: [hostname, private_ip]
    default: hostname
  appliance_roles:
    description:
      - Kinds of appliances, and the lists of roles that their hosts have, for kinds that are not known or not right. A
        key is the beginning of the code or of the type that the console shows. The longest key that matches counts.
    type: dict
    default: {}
  host_roles:
    description:
      - Names of hosts, and the lists of their roles, instead of the roles of their appliance. An empty list excludes
        the host from the deployment.
    type: dict
    default: {}
  filters:
    description:
      - Expressions that include or exclude hosts. The first one that is true for a host decides. A host for which none
        is true is included.
      - Each item has one key, either C(include) or C(exclude), with a Jinja expression. It can use the variables of the
        host, C(inventory_hostname), and C(group_names).
    type: list
    elements: dict
    default: []
  learn_networks:
    description:
      - Whether to read the log sources, flow sources, and networks that the console knows, and to set
        C(jsa_proposed_networks) for all hosts. This is a proposal. It is not used until you copy it to C(jsa_networks).
    type: bool
    default: false
"""

EXAMPLES = r"""
# console.jsa.yml. The environment variable JSA_TOKEN contains the token.
plugin: jsa.ports.console
url: https://console.example.com
ca_path: /etc/pki/console-ca.pem

---
# Roles that the console does not tell, and a cache of one hour.
plugin: jsa.ports.console
url: https://console.example.com
appliance_roles:
  JSA7500: [event_processor]
host_roles:
  spare1: []
filters:
  - exclude: inventory_hostname.startswith('test')
keyed_groups:
  - key: jsa_console_facts.appliance_id
    prefix: appliance
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/jsa
cache_timeout: 3600
"""

from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_inventory import ConsoleSource
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads the console, or the cache, and fills the inventory."""

    NAME = "jsa.ports.console"

    def verify_file(self, path: str) -> bool:
        """Whether the name of the file is one of a source."""
        return bool(super().verify_file(path)) and path.endswith(("jsa.yml", "jsa.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """What Ansible calls. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            ConsoleSource(self, path).fill(cache)
        except ConsoleError as error:
            raise AnsibleParserError(f"{path}: {error}") from error
