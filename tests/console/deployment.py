# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in answers: documents of the API's resources, invented from the tables of its documentation."""

from __future__ import annotations

import copy

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass
class Deployment:
    """The documents by resource. Tests change them at will."""

    about: Document = field(
        default_factory=lambda: {
            "build_version": "2021.6.10.20241004000000",
            "external_version": "7.5.0",
            "release_name": "7.5.0 UpdatePackage 10",
            "fips_enabled": False,
        }
    )
    hosts: list[Document] = field(default_factory=list)
    servers: list[Document] = field(default_factory=list)
    #: By the host's id.
    tunnels: dict[int, list[Document]] = field(default_factory=dict)
    event_collectors: list[Document] = field(default_factory=list)
    log_sources: list[Document] = field(default_factory=list)
    flow_sources: list[Document] = field(default_factory=list)
    networks: list[Document] = field(default_factory=list)
    #: By the server's id.
    firewall_rules: dict[int, list[Document]] = field(default_factory=dict)

    def add_host(
        self, hostname: str, address: str, code: str | None, components: Iterable[str] = (), **more: Any
    ) -> int:
        """A host and its server. Returns the host's id."""
        number = 100 + len(self.hosts)
        host: Document = {
            "id": number,
            "hostname": hostname,
            "private_ip": address,
            "public_ip": None,
            "appliance": None if code is None else {"id": code, "type": f"{code} appliance"},
            "version": "2021.6.10.20241004000000",
            "status": "Active",
            "components": list(components),
            "primary_server_id": number,
            "secondary_server_id": None,
            "encryption_enabled": False,
            "compression_enabled": False,
            "remote_tunnel_initiation_enabled": False,
            "license_serial_number": None,
            "cpus": 8,
            "total_memory": 33554432,
        }
        self.hosts.append({**host, **more})
        self.add_server(number, number, hostname, address)
        return number

    def add_server(self, server: int, host: int, hostname: str, address: str) -> None:
        self.servers.append(
            {
                "server_id": server,
                "managed_host_id": host,
                "hostname": hostname,
                "private_ip": address,
                "status": "ACTIVE",
                "email_server_address": "localhost",
            }
        )
        self.firewall_rules[server] = []

    def make_pair(self, host: int, secondary: str, primary_address: str, secondary_address: str) -> None:
        """Makes an HA pair of a host, whose address becomes that of the cluster."""
        number = 1000 + host
        for document in self.hosts:
            if document["id"] == host:
                document["secondary_server_id"] = number
        for document in self.servers:
            if document["managed_host_id"] == host:
                document["private_ip"] = primary_address
        self.add_server(number, host, secondary, secondary_address)

    def copy(self) -> Deployment:
        return copy.deepcopy(self)


def example() -> Deployment:
    """Eight appliances: one is an HA pair, one is encrypted in a DMZ, one is deleted, and one is of an unknown kind."""
    made = Deployment()
    made.add_host("con1", "10.0.0.1", "3199", ["magistrate", "ariel_proxy_server"])
    processor = made.add_host("ep1", "10.0.0.20", "1699", ["eventprocessor", "ecs-ec", "ecs-ec-ingress"])
    made.make_pair(processor, "ep1b", "10.0.0.21", "10.0.0.22")
    collector = made.add_host(
        "ec1", "10.0.1.1", "1599", ["ecs-ec", "tunnel"], encryption_enabled=True, remote_tunnel_initiation_enabled=True
    )
    made.tunnels[collector] = [
        {
            "name": "toProcessor",
            "remote_host_id": processor,
            "remote_port": 32006,
            "local_port": 21000,
            "reverse_source": False,
        },
        {"name": "toConsole", "remote_host_id": 100, "remote_port": 443, "local_port": 21001, "reverse_source": True},
    ]
    made.add_host("dn1", "10.0.0.3", "1400", ["dataNode"])
    made.add_host("fp1", "10.0.0.4", "1705", ["eventprocessor", "qflow"])
    made.add_host("app1", "10.0.0.5", "4000", [])
    made.add_host("old1", "10.0.0.6", "1699", [], status="Deleted")
    made.add_host("strange1", "10.0.0.7", "JSA9000-X", ["hostcontext", "eventprocessor"])
    made.event_collectors = [
        {"id": 1, "name": "eventcollector0 :: ec1", "component_name": "eventcollector0", "host_id": collector}
    ]
    secret = {"id": 2, "name": "password", "value": "do not keep this"}
    made.log_sources = [
        _log_source(1, "192.0.2.10", [secret]),
        _log_source(2, None, [{"id": 1, "name": "identifier", "value": "192.0.2.11"}, secret]),
        _log_source(3, None, [{"id": 1, "name": "identifier", "value": "switch.example"}]),
        _log_source(4, "198.51.100.9", []),
        _log_source(5, "203.0.113.99", [], enabled=False),
        _log_source(6, "10.0.0.1", [], internal=True),
    ]
    made.flow_sources = [
        {
            "id": 1,
            "name": "NetFlow",
            "flow_source_type": "NETFLOW",
            "enabled": True,
            "flow_source_config": {"monitoring_interface": "10.0.0.4", "source_ip": "198.51.100.200", "port": 2055},
            "target_flow_collector": {"hostname": "fp1", "managed_host_id": 104},
        }
    ]
    made.networks = [
        {"id": 1, "name": "Servers", "cidr": "192.0.2.0/24", "description": "", "domain_id": 0},
        {"id": 2, "name": "Racks", "cidr": "192.0.2.8/29", "description": "", "domain_id": 0},
    ]
    return made


def _log_source(number: int, sending_ip: str | None, parameters: list[Document], **more: Any) -> Document:
    return {
        "id": number,
        "name": f"Log source {number}",
        "enabled": True,
        "internal": False,
        "sending_ip": sending_ip,
        "protocol_type_id": 0,
        "protocol_parameters": parameters,
        "target_event_collector_id": 1,
        **more,
    }


def large(hosts: int) -> Deployment:
    """A console and *hosts* - 1 event processors and collectors."""
    made = Deployment()
    made.add_host("con1", "10.0.0.1", "3199", ["magistrate"])
    for number in range(1, hosts):
        code = "1699" if number % 4 else "1599"
        made.add_host(f"host{number:04}", f"10.1.{number // 250}.{number % 250 + 1}", code, ["ecs-ec"])
    return made
