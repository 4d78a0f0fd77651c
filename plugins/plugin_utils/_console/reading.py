# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the deployment from the console: one request per page and resource."""

from __future__ import annotations

import ipaddress

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import ForbiddenError, MissingError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import (
    About,
    HostRecord,
    Learned,
    Records,
    ServerRecord,
    TunnelRecord,
    field_names,
    read_record,
    read_records,
)

ABOUT = "/system/about"
HOSTS = "/config/deployment/hosts"
SERVERS = "/system/servers"
TUNNELS = "/config/deployment/hosts/{id}/tunnels"
LOG_SOURCES = "/config/event_sources/log_source_management/log_sources"
FLOW_SOURCES = "/config/flow_sources/flow_source_management/flowSources"
NETWORKS = "/config/network_hierarchy/networks"

_REQUIRED = (ABOUT, HOSTS, SERVERS)
_LEARNED = (LOG_SOURCES, FLOW_SOURCES, NETWORKS)


def read_console(client: Client, learn: bool, has_tunnels: Callable[[HostRecord], bool]) -> Records:
    """All that an inventory needs. *has_tunnels*: whether the tunnels of a host matter. Raises ConsoleError."""
    remarks: list[str] = []
    try:
        about = read_record(About, client.get(ABOUT, field_names(About)), ABOUT)
        hosts, servers = read_hosts(client, remarks)
    except ForbiddenError as error:
        wanted = [*_REQUIRED, *(_LEARNED if learn else ())]
        raise client.named_rights(error, [("GET", path) for path in wanted]) from error
    tunnels = _tunnels(client, [one for one in hosts if has_tunnels(one)], remarks)
    learned = _learned(client, remarks) if learn else None
    return Records(
        about=about,
        hosts=hosts,
        servers=servers,
        tunnels=tunnels,
        learned=learned,
        remarks=(*client.remarks, *remarks),
    )


def read_hosts(client: Client, remarks: list[str]) -> tuple[tuple[HostRecord, ...], tuple[ServerRecord, ...]]:
    """The hosts of the deployment and their servers. Adds to *remarks* what was left out. Raises ConsoleError."""
    fields = field_names(HostRecord).replace("appliance", "appliance(id,type)")
    required = ("id", "hostname", "private_ip", "status")
    hosts = read_records(HostRecord, client.items(HOSTS, fields), HOSTS, required, remarks)
    items = client.items(SERVERS, field_names(ServerRecord))
    return hosts, read_records(ServerRecord, items, SERVERS, ("server_id", "hostname", "private_ip"), remarks)


def _tunnels(client: Client, hosts: list[HostRecord], remarks: list[str]) -> dict[str, tuple[TunnelRecord, ...]]:
    """By the id of the host. Without the right or the resource, there are none, and a remark says so."""
    found = {}
    for host in hosts:
        path = TUNNELS.format(id=host.id)
        try:
            items = client.items(path, field_names(TunnelRecord))
        except MissingError:
            # The host left the deployment meanwhile, or the version of the API does not have the resource.
            continue
        except ForbiddenError as error:
            remarks.append(f"jsa_processor is not known: {client.named_rights(error, [('GET', TUNNELS)])}")
            break
        found[str(host.id)] = tuple(read_record(TunnelRecord, item, path) for item in items if item is not None)
    return found


def _learned(client: Client, remarks: list[str]) -> Learned:
    def items(path: str, fields: str, condition: str | None = None) -> list[Mapping[str, Any]]:
        try:
            return [item for item in client.items(path, fields, condition) if isinstance(item, Mapping)]
        except MissingError:
            remarks.append(
                f"learn_networks: the console does not have {path}, so nothing was learned from it: this release is "
                "older, and jsa_networks has to say it"
            )
        except ForbiddenError as error:
            remarks.append(f"learn_networks: {client.named_rights(error, [('GET', path) for path in _LEARNED])}")
        return []

    logs = items(LOG_SOURCES, "id,sending_ip,protocol_parameters(name,value)", "enabled = true and internal = false")
    flows = items(FLOW_SOURCES, "id,enabled,flow_source_config")
    networks = items(NETWORKS, "id,cidr")
    return Learned(
        log_sources=tuple(dict.fromkeys(text for item in logs for text in _sender(item))),
        flow_sources=tuple(dict.fromkeys(text for item in flows for text in _flow_sender(item))),
        networks=tuple(dict.fromkeys(item["cidr"] for item in networks if isinstance(item.get("cidr"), str))),
    )


def _sender(item: Mapping[str, Any]) -> Iterator[str]:
    """The address of a log source, or its name. Other protocol parameters, which hold credentials, are not kept."""
    if isinstance(item.get("sending_ip"), str) and item["sending_ip"]:
        yield item["sending_ip"]
        return
    for parameter in item.get("protocol_parameters") or ():
        if isinstance(parameter, Mapping) and parameter.get("name") == "identifier":
            value = parameter.get("value")
            if isinstance(value, str) and value:
                yield value


def _flow_sender(item: Mapping[str, Any]) -> Iterator[str]:
    """The addresses in the settings of a flow source: no documentation names the one that sends."""
    config = item.get("flow_source_config")
    if item.get("enabled") is False or not isinstance(config, Mapping):
        return
    for value in config.values():
        try:
            yield str(ipaddress.ip_address(value if isinstance(value, str) else ""))
        except ValueError:
            continue
