# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes that have to succeed before rules are confirmed: "the console still reaches 32006 on me"."""

from __future__ import annotations

import ipaddress
import os

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible import constants as C
from ansible.plugins.loader import connection_loader

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_port, split_protocol
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import addresses_toward

_ADDRESSES = ("jsa_address", "ansible_host", "inventory_hostname")
_PUBLIC, _NAT_GROUP = "jsa_public_address", "jsa_nat_group"
#: What decides on the address that a host is probed at.
CONTACT_VARIABLES = (*_ADDRESSES, _PUBLIC, _NAT_GROUP)

_KEYS = {"from", "port", "address"}
_EXAMPLE = "{from: con1, port: 32006/tcp}"


@dataclass(frozen=True)
class Probe:
    #: The host that it is sent from.
    source: str
    address: str
    port: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.address} {self.port}/{self.protocol} from {self.source}"

    def arguments(self) -> dict[str, Any]:
        """As jsa.ports.reachability takes a probe."""
        return {"address": self.address, "port": self.port, "protocol": self.protocol}

    def succeeded(self, result: str) -> bool:
        """A UDP service that has nothing to say is as silent as a firewall that drops."""
        return result == "open" or (self.protocol == "udp" and result == "open_or_filtered")


@dataclass(frozen=True)
class Contact:
    """How hosts contact one of them, as far as its variables say."""

    #: What may be an address, the best first.
    addresses: tuple[str, ...] = ()
    public_addresses: tuple[str, ...] = ()
    nat_group: str | None = None
    virtual_addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Contact:
        """Out of the values of CONTACT_VARIABLES; the others are not looked at."""
        own = [text for name in _ADDRESSES for text in _texts(variables.get(name))]
        group = _texts(variables.get(_NAT_GROUP))
        return cls(tuple(own), tuple(_texts(variables.get(_PUBLIC))), group[0] if group else None)


def _texts(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def read_probes(items: Any, hosts: Mapping[str, Any], own: Contact) -> list[Probe]:
    """*own*: the host that is probed; *hosts*: the variables of all. Raises InputError with all problems."""
    problems: list[str] = []
    probes = []
    if not isinstance(items, list):
        raise InputError("jsa_firewall_confirm_probes cannot be used", [f"expected a list of items such as {_EXAMPLE}"])
    for number, item in enumerate(items):
        where = f"jsa_firewall_confirm_probes[{number}]"
        if not isinstance(item, Mapping) or set(item) - _KEYS or not {"from", "port"} <= set(item):
            problems.append(f"{where}: {item!r} is not an item such as {_EXAMPLE}, optionally with address")
            continue
        source = str(item["from"])
        port = _read_port(item["port"])
        usual = addresses_toward(own, Contact.of(hosts[source])) if source in hosts else own.addresses
        address = next((text for text in [item.get("address"), *usual] if _is_address(text)), None)
        if source not in hosts:
            problems.append(f"{where}: there is no host {source} in the inventory")
        if port is None:
            problems.append(f"{where}: {item['port']!r} is not a port such as 32006/tcp or 514/udp")
        if address is None or ("address" in item and not _is_address(item["address"])):
            problems.append(f"{where}: no address to probe: set it here, or jsa_address on the host")
        elif port and source in hosts:
            probes.append(Probe(source, str(address), *port))
    if problems:
        raise InputError("jsa_firewall_confirm_probes cannot be used; nothing was changed", problems)
    return probes


def _read_port(text: Any) -> tuple[int, str] | None:
    """Port and protocol; None where *text* is not both."""
    try:
        number, protocol = split_protocol(text)
        return (parse_port(number), protocol) if protocol else None
    except ValueError:
        return None


def _is_address(text: Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


def connect_to(variables: Mapping[str, Any], play_context: Any, task: Any, templar: Any) -> Any:
    """A connection to the host that these are the variables of, as Ansible would make it for a task there.

    Without privilege: a TCP or UDP probe needs none.
    """
    name = str(variables.get("ansible_connection", "ssh"))
    context = play_context.copy()
    context.remote_addr = str(variables.get("ansible_host", variables["inventory_hostname"]))
    connection = connection_loader.get(
        "ssh" if name == "smart" else name, context, None, task_uuid=task._uuid, ansible_playbook_pid=str(os.getppid())
    )
    _set_options(connection, "connection", variables, templar, {"timeout": context.timeout})
    _set_options(connection._shell, "shell", variables, templar, {})
    return connection


def _set_options(plugin: Any, kind: str, variables: Mapping[str, Any], templar: Any, keys: dict[str, Any]) -> None:
    names = C.config.get_plugin_vars(kind, plugin._load_name)
    values = {name: templar.template(variables[name]) for name in names if name in variables}
    plugin.set_options(task_keys=keys, var_options=values)
